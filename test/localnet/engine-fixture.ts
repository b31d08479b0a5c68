/** A small genesis and signed transactions for the engine's tests, and the engine itself without its thread. */
import { createHash } from 'node:crypto';
import {
  type AddressLookupTableAccount,
  Keypair,
  PublicKey,
  SystemProgram,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { Engine, type EngineOptions } from '../../localnet/engine/engine.js';
import type {
  AccountState,
  BlockEvent,
  DroppedEvent,
  EngineEvent,
  ExecutedTransaction,
} from '../../localnet/engine/messages.js';
import type { Genesis } from '../../localnet/genesis/types.js';

export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const SYSTEM_PROGRAM = SystemProgram.programId.toBase58();
export const SOL = 1_000_000_000n;
const RENT_EXEMPT_EPOCH = 2n ** 64n - 1n;

/** The same name gives the same key in every run. */
export function keypair(name: string): Keypair {
  return Keypair.fromSeed(createHash('sha256').update(name).digest());
}

export function address(name: string): string {
  return keypair(name).publicKey.toBase58();
}

export function systemAccount(lamports: bigint): AccountState {
  return {
    lamports,
    owner: SYSTEM_PROGRAM,
    executable: false,
    rentEpoch: RENT_EXEMPT_EPOCH,
    data: new Uint8Array(0),
  };
}

export function mintAccount(decimals: number): AccountState {
  const data = new Uint8Array(82);
  const view = new DataView(data.buffer);
  view.setBigUint64(36, 10n ** 18n, true);
  data[44] = decimals;
  data[45] = 1;
  return { lamports: SOL, owner: TOKEN_PROGRAM, executable: false, rentEpoch: RENT_EXEMPT_EPOCH, data };
}

export function tokenAccount(mint: string, wallet: string, amount: bigint): AccountState {
  const data = new Uint8Array(165);
  data.set(new PublicKey(mint).toBytes(), 0);
  data.set(new PublicKey(wallet).toBytes(), 32);
  new DataView(data.buffer).setBigUint64(64, amount, true);
  data[108] = 1;
  return { lamports: SOL, owner: TOKEN_PROGRAM, executable: false, rentEpoch: RENT_EXEMPT_EPOCH, data };
}

/** Wallets alice and bob with 1,000 SOL, mint `mint`, token accounts alice-token and bob-token. */
export function smallGenesis(): Genesis {
  const faucet = keypair('faucet');
  const wallet = (name: string) => ({ address: address(name), account: systemAccount(1_000n * SOL) });
  return {
    accounts: [
      { address: faucet.publicKey.toBase58(), account: systemAccount(1_000_000n * SOL) },
      wallet('alice'),
      wallet('bob'),
      { address: address('mint'), account: mintAccount(6) },
      {
        address: address('alice-token'),
        account: tokenAccount(address('mint'), address('alice'), 10n ** 15n),
      },
      { address: address('bob-token'), account: tokenAccount(address('mint'), address('bob'), 10n ** 15n) },
    ],
    programs: [],
    mints: [],
    pools: [],
    wallets: [],
    funded: [],
    lookupTables: [],
    faucet: { address: faucet.publicKey.toBase58(), secretKey: faucet.secretKey },
    traders: [],
    validators: ['validator-1', 'validator-2', 'validator-3'].map((name, index) => ({
      identity: address(name),
      vote: address(`${name}-vote`),
      stakeLamports: BigInt(index + 1) * SOL,
    })),
  };
}

/** Steps by hand in virtual time, without its thread. */
export class TestCluster {
  readonly events: EngineEvent[] = [];
  readonly engine: Engine;
  private nowMs = 1_767_225_600_000;

  constructor(options: Partial<EngineOptions> = {}) {
    this.engine = new Engine(
      {
        genesis: smallGenesis(),
        genesisHash: address('genesis'),
        seed: 'test',
        ...options,
        conditions: { leaderDelayMs: 0, leaderDelayJitterMs: 0, ...options.conditions },
      },
      { nowMs: () => this.nowMs, emit: (event) => this.events.push(event) },
    );
    this.engine.start();
  }

  step(slots = 1): void {
    for (let count = 0; count < slots; count += 1) {
      this.engine.run();
      this.nowMs += this.engine.conditions().slotMs;
      this.engine.nextSlot();
      this.engine.run();
    }
  }

  /** Gives the bytes to the leader and answers what became of them at once. */
  send(wire: Uint8Array): ExecutedTransaction | DroppedEvent | undefined {
    const from = this.events.length;
    this.engine.submit({ wire, external: true });
    this.engine.run();
    return this.outcomes(from).at(-1);
  }

  /** As `send`, where landing is expected. */
  land(wire: Uint8Array): ExecutedTransaction {
    const outcome = this.send(wire);
    if (outcome === undefined || 'type' in outcome)
      throw new Error(`Did not land: ${outcome?.reason ?? 'waits'}`);
    return outcome;
  }

  outcomes(from = 0): (ExecutedTransaction | DroppedEvent)[] {
    const outcomes: (ExecutedTransaction | DroppedEvent)[] = [];
    for (const event of this.events.slice(from)) {
      if (event.type === 'transaction') outcomes.push(event.transaction);
      else if (event.type === 'dropped') outcomes.push(event);
    }
    return outcomes;
  }

  blocks(): BlockEvent[] {
    return this.events.filter((event) => event.type === 'block');
  }

  headBlock(): BlockEvent {
    return this.blocks().at(-1)!;
  }

  /** The newest state that the stream told of. */
  account(at: string): AccountState | undefined {
    return this.writes().findLast((write) => write.address === at)?.account;
  }

  writes() {
    return this.events.flatMap((event) =>
      event.type === 'transaction' ? event.transaction.writes : event.type === 'accounts' ? event.writes : [],
    );
  }

  statuses(slot: number): string[] {
    return this.events.flatMap((event) =>
      event.type === 'slot' && event.slot === slot ? [event.status] : [],
    );
  }
}

export function signedTransaction(
  instructions: TransactionInstruction[],
  recentBlockhash: string,
  options: { signers?: Keypair[]; tables?: AddressLookupTableAccount[]; legacy?: boolean } = {},
): Uint8Array {
  const signers = options.signers ?? [keypair('alice')];
  const message = new TransactionMessage({ payerKey: signers[0]!.publicKey, recentBlockhash, instructions });
  const transaction = new VersionedTransaction(
    options.legacy === true ? message.compileToLegacyMessage() : message.compileToV0Message(options.tables),
  );
  transaction.sign(signers);
  return transaction.serialize();
}

export function solTransfer(to: string, lamports: bigint, from = keypair('alice')): TransactionInstruction {
  return SystemProgram.transfer({ fromPubkey: from.publicKey, toPubkey: new PublicKey(to), lamports });
}
