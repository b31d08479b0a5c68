/** Makes engine events by hand, so that ledger tests need no engine. */
import { base58 } from '@scure/base';
import type {
  AccountState,
  BlockEvent,
  EngineEvent,
  ExecutedTransaction,
} from '../../localnet/engine/messages.js';
import { SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../../localnet/engine/well-known.js';
import { createLedger, type RunningLedger } from '../../localnet/ledger/ledger.js';

/** A valid address that is different for every number. */
export function addressOf(number: number): string {
  const bytes = new Uint8Array(32).fill(7);
  new DataView(bytes.buffer).setUint32(0, number);
  return base58.encode(bytes);
}

export function account(lamports: bigint, owner = SYSTEM_PROGRAM, data = new Uint8Array()): AccountState {
  return { lamports, owner, executable: false, rentEpoch: 2n ** 64n - 1n, data };
}

export function tokenAccount(mint: string, wallet: string): AccountState {
  const data = new Uint8Array(165);
  data.set(base58.decode(mint), 0);
  data.set(base58.decode(wallet), 32);
  data[108] = 1;
  return account(2_039_280n, TOKEN_PROGRAM, data);
}

export function block(
  slot: number,
  parentSlot: number,
  blockHeight: number,
  transactionCount = 0,
): BlockEvent {
  return {
    type: 'block',
    slot,
    parentSlot,
    blockhash: `hash-${slot}`,
    parentBlockhash: `hash-${parentSlot}`,
    blockHeight,
    blockTime: 1_700_000_000 + slot,
    leader: 'leader',
    transactionCount,
    entryCount: 1,
  };
}

export function newLedger(
  accounts: readonly { address: string; account: AccountState }[] = [],
  bounds: { readonly slotsMax?: number; readonly transactionsMax?: number } = {},
): RunningLedger {
  return createLedger({
    base: block(0, 0, 0),
    accounts,
    genesisHash: 'genesis',
    leaderOf: () => 'leader',
    validators: [],
    slotsPerEpoch: 432_000,
    ...bounds,
  });
}

export interface WriteOf {
  readonly address: string;
  readonly account: AccountState;
}

/** Feeds a ledger whole slots and remembers heights and write versions. */
export class Driver {
  readonly #heights = new Map<number, number>([[0, 0]]);
  #writeVersion = 0n;
  readonly running: RunningLedger;

  constructor(running: RunningLedger) {
    this.running = running;
  }

  transaction(
    slot: number,
    index: number,
    signature: string,
    keys: readonly string[],
    writes: readonly WriteOf[],
  ) {
    const transaction: ExecutedTransaction = {
      signature,
      slot,
      index,
      wire: new Uint8Array([1]),
      isVote: false,
      err: null,
      fee: 5_000n,
      computeUnitsConsumed: 150n,
      logMessages: ['Program log: hello'],
      innerInstructions: [],
      accountKeys: keys,
      loadedWritable: [],
      loadedReadonly: [],
      preBalances: [2n ** 60n],
      postBalances: [1n],
      preTokenBalances: [],
      postTokenBalances: [],
      writes: writes.map((write) => ({ ...write, writeVersion: this.#nextWriteVersion() })),
      executedAtMs: slot * 400 + 0.5,
      external: true,
    };
    this.apply({ type: 'transaction', transaction });
    return transaction;
  }

  writes(slot: number, writes: readonly WriteOf[]): void {
    this.apply({
      type: 'accounts',
      slot,
      writes: writes.map((write) => ({ ...write, writeVersion: this.#nextWriteVersion() })),
    });
  }

  open(slot: number, parent: number): void {
    this.status(slot, 'firstShred', parent);
    this.status(slot, 'createdBank', parent);
  }

  freeze(slot: number, parent: number, transactionCount = 0): void {
    const height = this.#heights.get(parent)! + 1;
    this.#heights.set(slot, height);
    this.apply(block(slot, parent, height, transactionCount));
    this.status(slot, 'processed', parent);
  }

  status(
    slot: number,
    status: Extract<EngineEvent, { type: 'slot' }>['status'],
    parent: number | null = null,
  ): void {
    this.apply({ type: 'slot', slot, parent, status, atMs: slot * 400 });
  }

  /** Slots from the first to the last, each on the one before, settled at the usual distances. */
  empty(first: number, last: number): void {
    for (let slot = first; slot <= last; slot += 1) {
      this.open(slot, slot - 1);
      this.freeze(slot, slot - 1);
      if (slot > 2) this.status(slot - 2, 'confirmed');
      if (slot > 32) this.status(slot - 32, 'finalized');
    }
  }

  #nextWriteVersion(): bigint {
    this.#writeVersion += 1n;
    return this.#writeVersion;
  }

  apply(event: EngineEvent): void {
    this.running.apply(event);
  }
}
