/** A ledger's feed without a ledger: account writes of swaps in pools, as fast as they are asked for. */
import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import type { AccountWrite, EngineEvent } from '../../localnet/engine/messages.js';
import type { Ledger, LedgerFeed } from '../../localnet/ledger/types.js';

/** Bytes of a Raydium CPMM pool's account, and of a token account. */
const POOL_BYTES = 637;
const VAULT_BYTES = 165;
const RENT_EXEMPT = 2n ** 64n - 1n;
const FIRST_SLOT = 1_000;
const TIME_MS = 1_700_000_000_000;
const CPMM_PROGRAM = 'CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C';
const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

export const addressOf = (name: string): string => base58.encode(createHash('sha256').update(name).digest());

/** The accounts of pool `index`: its state and both vaults. */
export const poolAccounts = (index: number): readonly string[] =>
  ['pool', 'vault0', 'vault1'].map((kind) => addressOf(`${kind} ${index}`));

/** Updates that each swap makes: pool, vault, vault. */
const UPDATES_A_SWAP = 3;
/** Where in the data the number stands that proves it was read; in a token account it is the amount. */
export const PROOF_AT = 64;

/** What was fed: how many account updates, and the sum of the byte at `PROOF_AT` of each. */
export interface FedUpdates {
  readonly updates: number;
  readonly proof: number;
}

export class SyntheticFeed implements LedgerFeed {
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #accounts: readonly (readonly string[])[];
  #writeVersion = 0n;
  #slot = FIRST_SLOT;
  #swaps = 0;
  #proof = 0;

  constructor(pools: number) {
    this.#accounts = Array.from({ length: pools }, (_, index) => poolAccounts(index));
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Account updates fed so far. */
  get fed(): FedUpdates {
    return { updates: this.#swaps * UPDATES_A_SWAP, proof: this.#proof };
  }

  /** One swap in the next pool. */
  swap(): void {
    const [pool, vault0, vault1] = this.#accounts[this.#swaps++ % this.#accounts.length]!;
    const writes = [
      this.#write(pool!, CPMM_PROGRAM, POOL_BYTES),
      this.#write(vault0!, TOKEN_PROGRAM, VAULT_BYTES),
      this.#write(vault1!, TOKEN_PROGRAM, VAULT_BYTES),
    ];
    this.#emit({ type: 'accounts', slot: this.#slot, writes });
  }

  /** Ends the slot: its meta, PROCESSED, and the start of the next. */
  nextSlot(): void {
    const slot = this.#slot;
    this.#emit({
      type: 'block',
      slot,
      parentSlot: slot - 1,
      blockhash: addressOf(`block ${slot}`),
      parentBlockhash: addressOf(`block ${slot - 1}`),
      blockHeight: slot,
      blockTime: TIME_MS / 1000,
      leader: addressOf('leader'),
      transactionCount: 0,
      entryCount: 1,
    });
    this.#status(slot, 'processed');
    // Rooted early, so that the server keeps little for replay.
    this.#status(slot, 'confirmed');
    this.#status(slot, 'finalized');
    this.#slot += 1;
    this.#status(this.#slot, 'firstShred');
    this.#status(this.#slot, 'createdBank');
  }

  #status(
    slot: number,
    status: 'processed' | 'confirmed' | 'finalized' | 'firstShred' | 'createdBank',
  ): void {
    this.#emit({ type: 'slot', slot, parent: slot - 1, status, atMs: TIME_MS });
  }

  #write(address: string, owner: string, bytes: number): AccountWrite {
    this.#writeVersion += 1n;
    const data = Buffer.alloc(bytes, 7);
    data.writeBigUInt64LE(this.#writeVersion, PROOF_AT);
    this.#proof += data[PROOF_AT]!;
    const account = { lamports: 2_039_280n, owner, executable: false, rentEpoch: RENT_EXEMPT, data };
    return { address, account, writeVersion: this.#writeVersion };
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** As much of a ledger as a stream's clients ask for. */
export const NO_LEDGER = { slot: () => FIRST_SLOT } as unknown as Ledger;
