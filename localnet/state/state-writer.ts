/** Keeps a running ledger on disk: appends blocks and roll-backs, starts new segments, drops old ones. */
import { closeSync, openSync } from 'node:fs';
import type { EngineEvent } from '../engine/messages.js';
import type { FrozenSlot } from '../ledger/slot-chain.js';
import type { LedgerStore } from '../ledger/store.js';
import type { AccountAtSlot } from '../ledger/types.js';
import { encodeFrame } from './frames.js';
import { type LogRecord, removeSegment, segmentFile, writeFully, writeSnapshot } from './state-dir.js';

/** A segment's size when the next one begins and the accounts are written anew. */
export const SEGMENT_BYTES = 32 * 1024 * 1024;
/** Old segments go when those after them hold this many transactions: loading more would delay the start. */
export const STATE_TRANSACTIONS_KEPT = 20_000;

export interface SegmentSummary {
  readonly number: number;
  readonly bytes: number;
  readonly transactions: number;
  readonly lastSlot: number;
}

export interface StateWriterBounds {
  readonly segmentBytes: number;
  readonly transactionsKept: number;
}

export class StateWriter {
  readonly #dir: string;
  readonly #store: LedgerStore;
  readonly #bounds: StateWriterBounds;
  /** Oldest first; the last one is being written. */
  readonly #segments: { number: number; bytes: number; transactions: number; lastSlot: number }[];
  #descriptor: number;
  #closed = false;

  /** Writes a snapshot at the root at once, so that the directory can be loaded from now on. */
  constructor(
    dir: string,
    store: LedgerStore,
    segments: readonly SegmentSummary[],
    bounds: StateWriterBounds = { segmentBytes: SEGMENT_BYTES, transactionsKept: STATE_TRANSACTIONS_KEPT },
  ) {
    this.#dir = dir;
    this.#store = store;
    this.#bounds = bounds;
    this.#segments = segments.map((segment) => ({ ...segment }));
    if (this.#segments.length === 0)
      this.#segments.push({ number: 1, bytes: 0, transactions: 0, lastSlot: 0 });
    this.#descriptor = this.#open();
    if (segments.length === 0) this.#appendBlock(store.chain.head);
    this.#snapshot();
  }

  /** Call after the store took the event and before anyone else hears of it. Throws the file system's error. */
  onEvent(event: EngineEvent): void {
    if (this.#closed) return;
    if (event.type === 'rollback') {
      this.#append({ type: 'rollback', slots: event.slots });
    } else if (event.type === 'slot' && event.status === 'firstShred') {
      // Any other start takes the slot after the head for begun.
      if (event.slot > this.#store.chain.head.slot + 1) this.#append({ type: 'begun', slot: event.slot });
    } else if (event.type === 'slot' && event.status === 'processed') {
      const { head } = this.#store.chain;
      if (head.slot !== event.slot) return;
      this.#appendBlock(head);
      if (this.#current.bytes >= this.#bounds.segmentBytes) this.#rotate();
    }
  }

  /** Blocks are on file already; what is left is the snapshot, for a faster next start. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
    this.#snapshot();
  }

  get #current() {
    return this.#segments.at(-1)!;
  }

  #open(): number {
    return openSync(segmentFile(this.#dir, this.#current.number), 'a', 0o600);
  }

  #appendBlock(record: FrozenSlot): void {
    const transactions = record.transactions.map((stored) => ({ ...stored.read(), writes: [] }));
    const writes: AccountAtSlot[] = [];
    for (const address of record.touched ?? []) {
      const written = this.#store.accounts.written(address, record.slot);
      if (written !== undefined) writes.push(written);
    }
    const { block, transactionsTotal } = record;
    this.#append({ type: 'block', block, transactionsTotal, transactions, writes });
    this.#current.transactions += transactions.length;
    this.#current.lastSlot = record.slot;
  }

  #append(record: LogRecord): void {
    const frame = encodeFrame(record);
    writeFully(this.#descriptor, frame);
    this.#current.bytes += frame.length;
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    this.#segments.push({ ...this.#current, number: this.#current.number + 1, bytes: 0, transactions: 0 });
    this.#descriptor = this.#open();
    this.#snapshot();
    let kept = 0;
    for (let index = this.#segments.length - 1; index >= 0; index -= 1) {
      const segment = this.#segments[index]!;
      // What the snapshot does not hold yet must stay.
      const old = segment.lastSlot < this.#store.rootSlot && kept >= this.#bounds.transactionsKept;
      kept += segment.transactions;
      if (!old) continue;
      for (const dropped of this.#segments.splice(0, index + 1)) removeSegment(this.#dir, dropped.number);
      break;
    }
  }

  #snapshot(): void {
    const { rootSlot, writeVersion, accounts } = this.#store;
    writeSnapshot(this.#dir, rootSlot, writeVersion, [...accounts.all(rootSlot)]);
  }
}
