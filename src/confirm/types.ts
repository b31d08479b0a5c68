/** Learning what became of an attempt: by the stream first, by polled statuses second, expiry only by proof. */
import type { BlockHeight, Commitment, Signature, Slot } from '../model/brands.js';
import type { Evidence } from '../model/trade.js';
import type { TransactionUpdate } from '../stream/types.js';

export interface TrackedAttempt {
  readonly signature: Signature;
  readonly lastValidBlockHeight: BlockHeight;
  readonly signedSlot: Slot;
}

export type AttemptEvent =
  | {
      readonly kind: 'landed';
      readonly signature: Signature;
      readonly slot: Slot;
      readonly commitment: Commitment;
      readonly error: unknown;
      readonly evidence: Evidence;
      readonly transaction?: TransactionUpdate;
    }
  /** Its fork was lost: back to sent, with its reservations. */
  | {
      readonly kind: 'forkLost';
      readonly signature: Signature;
      readonly slot: Slot;
      readonly evidence: Evidence;
    }
  /** Proven dead at the commitment. */
  | {
      readonly kind: 'expired';
      readonly signature: Signature;
      readonly commitment: 'confirmed' | 'finalized';
      readonly evidence: Evidence;
    }
  /** Evidence is not to be had (pruned history, nodes that contradict each other); not an end. */
  | { readonly kind: 'unknown'; readonly signature: Signature; readonly evidence: Evidence };

export type ExpiredEvent = Extract<AttemptEvent, { kind: 'expired' }>;

export interface Confirmer {
  /** Call before the bytes leave: subscribe, then check, then poll. */
  track(attempt: TrackedAttempt): void;
  untrack(signature: Signature): void;
  onEvent(listener: (event: AttemptEvent) => void): void;
}
