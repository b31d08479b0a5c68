/**
 * Ends that are a decision of ours (denied, cancelled, simulated, expired without another attempt) are told only once the
 * journal has them: a restart that finds no record would take the trade up again, and what a client was told
 * would not be true. What the chain ended needs no such care, since it is learned again from the chain.
 */
import type { Journal } from '../journal/types.js';
import type { Evidence } from '../model/trade.js';
import { canMove, type TradeState } from '../model/trade-state.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { MoveDetails } from './moves.js';
import type { LiveTrade } from './trade-store.js';

/** How often an unwritable journal is looked at again. */
const RETRY_MS = 100;

export type OwnEnd = Extract<TradeState, 'denied' | 'cancelled' | 'simulated' | 'expired'>;

interface HeldEnd {
  readonly state: OwnEnd;
  readonly evidence: Evidence;
  readonly details: MoveDetails;
}

export interface HeldEndsOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  /** Writes the end down. The journal may turn unwritable meanwhile. */
  readonly record: (live: LiveTrade, end: HeldEnd) => void;
  /** Makes the end so, and gives back what the trade held. */
  readonly apply: (live: LiveTrade, end: HeldEnd) => void;
  /** It waits for the journal: nothing of it is out, others need not wait for it. */
  readonly onHeld: (live: LiveTrade, end: HeldEnd) => void;
}

export class HeldEnds {
  readonly #options: HeldEndsOptions;
  /** As many as there are live trades at most. */
  readonly #held = new Map<LiveTrade, HeldEnd>();
  #retry: TimerHandle | undefined;

  constructor(options: HeldEndsOptions) {
    this.#options = options;
  }

  has(live: LiveTrade): boolean {
    return this.#held.has(live);
  }

  /** Ends a trade as soon as the journal has it; at once, as a rule. */
  finish(live: LiveTrade, end: HeldEnd): void {
    if (this.#held.has(live)) return;
    if (this.#isWritten(live, end)) {
      this.#options.apply(live, end);
      return;
    }
    this.#held.set(live, end);
    this.#options.onHeld(live, end);
    this.#retry ??= this.#options.clock.every(RETRY_MS, () => this.#tryAgain());
  }

  #isWritten(live: LiveTrade, end: HeldEnd): boolean {
    const { journal, record } = this.#options;
    if (!journal.writable) return false;
    record(live, end);
    return journal.writable;
  }

  #tryAgain(): void {
    for (const [live, end] of [...this.#held]) {
      // The chain may have had the last word meanwhile, or have shown a landing where a proof had denied it.
      const isVoid = !canMove(live.trade.state, end.state);
      if (!isVoid && !this.#isWritten(live, end)) return;
      this.#held.delete(live);
      if (!isVoid) this.#options.apply(live, end);
    }
    this.#retry?.cancel();
    this.#retry = undefined;
  }
}
