/** Transactions on the way to a leader: in the network until their time has come. */
import { Heap } from './heap.js';
import type { PendingTransaction } from './open-block.js';

/** Most transactions under way at once; a node drops what comes on top. */
export const MAX_INBOUND_TRANSACTIONS = 20_000;

interface InFlight {
  readonly arrivesAtMs: number;
  readonly order: number;
  readonly transaction: PendingTransaction;
}

export class Inbound {
  /** By arrival, then by order of submission. */
  private readonly inFlight = new Heap<InFlight>(
    (a, b) => a.arrivesAtMs < b.arrivesAtMs || (a.arrivesAtMs === b.arrivesAtMs && a.order < b.order),
  );
  private submitted = 0;

  /** False: over the bound, and nothing was queued. */
  submit(transaction: PendingTransaction, arrivesAtMs: number): boolean {
    if (this.inFlight.size >= MAX_INBOUND_TRANSACTIONS) return false;
    this.inFlight.add({ arrivesAtMs, order: this.submitted, transaction });
    this.submitted += 1;
    return true;
  }

  /** When the next one arrives; undefined when none is in the network. */
  nextArrivalMs(): number | undefined {
    return this.inFlight.first()?.arrivesAtMs;
  }

  /** The next of those that have arrived by then. */
  takeArrived(nowMs: number): PendingTransaction | undefined {
    const first = this.inFlight.first();
    return first !== undefined && first.arrivesAtMs <= nowMs ? this.inFlight.take()?.transaction : undefined;
  }
}
