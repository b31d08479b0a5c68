/**
 * What waits for a place in a block: the best paid is next. What was found to have no room in the current block is
 * set aside until the next one. Bounded: when it is full, the worst paid makes room.
 */
import { Heap } from './heap.js';
import type { PendingTransaction } from './open-block.js';

/** Entries that left and still stand in the list of the worst paid, before it is put in order. */
const MAX_STALE_ENTRIES = 1_000;

interface Entry {
  readonly transaction: PendingTransaction;
  /** Among equals the earlier one is first. */
  readonly order: number;
  gone: boolean;
}

/** What came in, or was there before, and found no place. */
export interface Displaced {
  readonly transaction: PendingTransaction;
  readonly reason: 'duplicate' | 'overload';
}

export class LeaderBuffer {
  private readonly best = new Heap<Entry>(isBetter);
  /** Everything in here, and some that left: those are skipped. */
  private readonly worst = new Heap<Entry>((a, b) => isBetter(b, a));
  private readonly bySignature = new Map<string, Entry>();
  private deferred: Entry[] = [];
  private live = 0;
  private newest = 0;
  private oldest = 0;

  /** @param capacity most transactions in here, those set aside included */
  constructor(private readonly capacity: () => number) {}

  /** Whether `take` has something. */
  hasNext(): boolean {
    this.skipGone();
    return this.best.size > 0;
  }

  add(transaction: PendingTransaction): Displaced | undefined {
    const twin = this.bySignature.get(transaction.parsed.signature);
    // Other bytes under the same signature are a forgery of one of the two; which, its execution tells.
    if (twin !== undefined && sameBytes(twin.transaction, transaction)) {
      return { transaction, reason: 'duplicate' };
    }
    this.insert(transaction, this.newest);
    this.newest += 1;
    if (this.live <= this.capacity()) return undefined;
    return { transaction: this.dropWorst(), reason: 'overload' };
  }

  /** Takes transactions of an undone block back, in their old order before others that pay the same. */
  putBack(transactions: readonly PendingTransaction[]): PendingTransaction[] {
    this.oldest -= transactions.length;
    for (const [index, transaction] of transactions.entries()) {
      this.insert(transaction, this.oldest + index);
    }
    const displaced: PendingTransaction[] = [];
    while (this.live > this.capacity()) displaced.push(this.dropWorst());
    return displaced;
  }

  /** The best paid of those that are not set aside. */
  take(): PendingTransaction | undefined {
    this.skipGone();
    const entry = this.best.take();
    if (entry === undefined) return undefined;
    this.remove(entry);
    return entry.transaction;
  }

  /** The best paid finds no room in this block: it waits for another, and keeps its place among equals. */
  deferNext(): void {
    this.skipGone();
    const entry = this.best.take();
    if (entry !== undefined) this.deferred.push(entry);
  }

  next(): PendingTransaction | undefined {
    this.skipGone();
    return this.best.first()?.transaction;
  }

  /** A new block: what was set aside may try again; what `keeps` is false for is forgotten. */
  retryDeferred(keeps: (transaction: PendingTransaction) => boolean): void {
    const { deferred } = this;
    this.deferred = [];
    for (const entry of deferred) {
      if (entry.gone) continue;
      if (keeps(entry.transaction)) this.best.add(entry);
      else this.remove(entry);
    }
  }

  private insert(transaction: PendingTransaction, order: number): void {
    const entry: Entry = { transaction, order, gone: false };
    const { signature } = transaction.parsed;
    if (!this.bySignature.has(signature)) this.bySignature.set(signature, entry);
    this.best.add(entry);
    this.worst.add(entry);
    this.live += 1;
  }

  private remove(entry: Entry): void {
    const { signature } = entry.transaction.parsed;
    entry.gone = true;
    this.live -= 1;
    if (this.bySignature.get(signature) === entry) this.bySignature.delete(signature);
    for (const heap of [this.best, this.worst])
      if (heap.size > this.live + MAX_STALE_ENTRIES) heap.retain((one) => !one.gone);
  }

  private dropWorst(): PendingTransaction {
    for (;;) {
      const entry = this.worst.take();
      if (entry === undefined) throw new Error('An empty buffer was asked for its worst');
      if (entry.gone) continue;
      this.remove(entry);
      return entry.transaction;
    }
  }

  private skipGone(): void {
    while (this.best.first()?.gone === true) this.best.take();
  }
}

function isBetter(a: Entry, b: Entry): boolean {
  const [first, second] = [a.transaction.priority, b.transaction.priority];
  return first > second || (first === second && a.order < b.order);
}

function sameBytes(a: PendingTransaction, b: PendingTransaction): boolean {
  return Buffer.compare(a.parsed.wire, b.parsed.wire) === 0;
}
