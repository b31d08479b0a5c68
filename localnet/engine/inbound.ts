/** Transactions on the way to a leader: in the network until their time has come, then waiting for a block. */
import type { PendingTransaction } from './open-block.js';

/** Most transactions under way and waiting together; a node drops what comes on top. */
export const MAX_INBOUND_TRANSACTIONS = 20_000;

interface InFlight {
  readonly arrivesAtMs: number;
  readonly order: number;
  readonly transaction: PendingTransaction;
}

export class Inbound {
  /** Binary heap by arrival, then by order of submission. */
  private readonly inFlight: InFlight[] = [];
  private waiting: PendingTransaction[] = [];
  private waitingFrom = 0;
  private submitted = 0;

  /** False: over the bound, and nothing was queued. */
  submit(transaction: PendingTransaction, arrivesAtMs: number): boolean {
    if (this.size() >= MAX_INBOUND_TRANSACTIONS) return false;
    this.push({ arrivesAtMs, order: this.submitted, transaction });
    this.submitted += 1;
    return true;
  }

  /** Puts transactions of an undone block in front of the next one. Bounded by what that block held. */
  requeue(transactions: readonly PendingTransaction[]): void {
    this.waiting = [...transactions, ...this.waiting.slice(this.waitingFrom)];
    this.waitingFrom = 0;
  }

  size(): number {
    return this.inFlight.length + this.waiting.length - this.waitingFrom;
  }

  /** When the next one arrives; undefined when none is in the network. */
  nextArrivalMs(): number | undefined {
    return this.inFlight[0]?.arrivesAtMs;
  }

  /** Moves what has arrived by then into the queue of those that wait for a block. */
  receive(nowMs: number): void {
    while (this.inFlight.length > 0 && this.inFlight[0]!.arrivesAtMs <= nowMs) {
      this.waiting.push(this.popEarliest().transaction);
    }
  }

  hasWaiting(): boolean {
    return this.waitingFrom < this.waiting.length;
  }

  /** The next one for the block; undefined when none waits. */
  take(): PendingTransaction | undefined {
    const next = this.waiting[this.waitingFrom];
    if (next === undefined) return undefined;
    this.waitingFrom += 1;
    if (this.waitingFrom === this.waiting.length) {
      this.waiting = [];
      this.waitingFrom = 0;
    }
    return next;
  }

  private push(item: InFlight): void {
    const heap = this.inFlight;
    heap.push(item);
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index]!, heap[parent]!)) break;
      swap(heap, index, parent);
      index = parent;
    }
  }

  private popEarliest(): InFlight {
    const heap = this.inFlight;
    const earliest = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return earliest;
    heap[0] = last;
    let index = 0;
    for (;;) {
      let smallest = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[smallest]!)) smallest = child;
      }
      if (smallest === index) return earliest;
      swap(heap, index, smallest);
      index = smallest;
    }
  }
}

function isBefore(a: InFlight, b: InFlight): boolean {
  return a.arrivesAtMs < b.arrivesAtMs || (a.arrivesAtMs === b.arrivesAtMs && a.order < b.order);
}

function swap(heap: InFlight[], a: number, b: number): void {
  const held = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = held;
}
