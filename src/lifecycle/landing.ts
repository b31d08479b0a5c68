/** What the chain says of an attempt, turned into the trade's states, its outcome and its next step. */
import type { AttemptEvent, ExpiredEvent } from '../confirm/types.js';
import { type Commitment, isAtLeast, type Signature } from '../model/brands.js';
import {
  type Attempt,
  awaitsOutcome,
  type Evidence,
  isRead,
  type Trade,
  type TradeOutcome,
} from '../model/trade.js';
import { TERMINAL_STATES, type TradeState } from '../model/trade-state.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { LockKeeper } from './lock-keeper.js';
import type { Moves } from './moves.js';
import { balancesOf, OutcomeReads } from './outcome-reads.js';
import type { DeskPorts } from './ports.js';
import type { LiveTrade, TradeStore } from './trade-store.js';

type Landed = Extract<AttemptEvent, { kind: 'landed' }>;

const REACHED: { readonly [State in TradeState]?: Commitment } = {
  processed: 'processed',
  confirmed: 'confirmed',
  finalized: 'finalized',
};

export class Landing {
  readonly #ports: DeskPorts;
  readonly #store: TradeStore;
  readonly #locks: LockKeeper;
  readonly #scheduler: Scheduler;
  readonly #moves: Moves;
  readonly #outcomes: OutcomeReads;

  constructor(ports: DeskPorts, store: TradeStore, locks: LockKeeper, scheduler: Scheduler, moves: Moves) {
    this.#ports = ports;
    this.#store = store;
    this.#locks = locks;
    this.#scheduler = scheduler;
    this.#moves = moves;
    this.#outcomes = new OutcomeReads(ports, moves);
  }

  onEvent(event: AttemptEvent): void {
    const live = this.#store.bySignature(event.signature);
    if (live === undefined || TERMINAL_STATES.has(live.trade.state)) return;
    if (live.dead.has(event.signature)) {
      if (event.kind === 'landed') this.#resurrected(live, event);
      return;
    }
    if (event.kind === 'landed') this.#landed(live, event);
    else if (event.kind === 'forkLost') this.#forkLost(live, event.signature, event.evidence);
    else if (event.kind === 'expired') this.#expired(live, event);
    else if (live.trade.state !== 'unknown') this.#moves.move(live, 'unknown', event.evidence);
  }

  #landed(live: LiveTrade, event: Landed): void {
    const { trade } = live;
    const failed = event.error !== undefined;
    trade.times.firstSeenUs ??= this.#ports.clock.monotonicUs() - live.receivedUs;
    const isFirst = live.landedSlot === undefined;
    live.landedSlot = event.slot;
    if (event.commitment === 'processed') {
      if (REACHED[trade.state] === undefined) this.#moves.move(live, 'processed', event.evidence);
    } else if (!live.settled) this.#settle(live, event, failed ? 'failed' : event.commitment);
    else if (!hasReached(trade, event.commitment)) this.#moves.move(live, event.commitment, event.evidence);
    // Whoever waits for what it held starts only after its own news.
    if (isFirst) this.#firstSeen(live, event, failed);
    if (!TERMINAL_STATES.has(trade.state)) return;
    this.#ports.admission.keep(event.signature);
    this.#moves.end(live);
  }

  #firstSeen(live: LiveTrade, event: Landed, failed: boolean): void {
    this.#ports.sender.markSeen(event.signature, true);
    this.#scheduler.freeSlot(live.trade.id);
    if (!live.settled) this.#locks.processed(live, event.slot, failed);
  }

  /** Confirmed: bytes stop, locks and reservation end, the outcome is read from the transaction. */
  #settle(live: LiveTrade, event: Landed, state: 'confirmed' | 'finalized' | 'failed'): void {
    const { trade } = live;
    live.settled = true;
    this.#stopLast(trade);
    // What was settled before a restart, on a fork that was lost meanwhile, was another landing.
    const isKnown = trade.outcome?.slot === event.slot;
    if (!isKnown) this.#ports.admission.unsettle(event.signature);
    const outcome = this.#outcome(live, event);
    const details =
      state === 'failed'
        ? { outcome: { ...outcome, error: this.#ports.errorName(event.error, event.transaction) } }
        : { outcome };
    const evidence =
      state === 'failed' ? { ...event.evidence, detail: details.outcome.error ?? 'failed' } : event.evidence;
    // One that was confirmed before a restart stays what it is, and its outcome, if known, too.
    if (state === 'failed' || !hasReached(trade, state)) this.#moves.move(live, state, evidence, details);
    else if (!isKnown) {
      trade.outcome = outcome;
      this.#moves.amend(live);
    }
    if (event.transaction !== undefined) this.#ports.admission.settle(trade, event.transaction);
    else if (!this.#isSettled(event.signature) || !isRead(outcome))
      void this.#outcomes.read(live, event.signature, event.slot);
    this.#locks.confirmed(live);
    this.#ports.admission.release(trade.id, event.slot);
  }

  #stopLast(trade: Trade): void {
    const attempt = trade.attempts.at(-1);
    if (attempt !== undefined) this.#moves.stopSending(attempt);
  }

  /** Without the transaction only its slot is told: what it cost is not guessed. */
  #outcome(live: LiveTrade, event: Landed): TradeOutcome {
    const { trade } = live;
    const base = { slot: event.slot, slotDelta: event.slot - trade.intentSlot };
    if (event.transaction !== undefined) return { ...base, ...balancesOf(trade, event.transaction) };
    // Read before a restart, and the landing is the same.
    if (trade.outcome?.slot === event.slot && isRead(trade.outcome)) return trade.outcome;
    return base;
  }

  /** Takes up an ended trade after a restart: one that `awaitsOutcome`, or whose balances were not settled. */
  resumeEnded(live: LiveTrade): void {
    const { outcome, attempts } = live.trade;
    const last = attempts.at(-1);
    if (outcome === undefined || last === undefined) return;
    if (this.#isSettled(last.signature) && !awaitsOutcome(live.trade)) return;
    live.landedSlot = outcome.slot;
    void this.#outcomes.read(live, last.signature, outcome.slot);
  }

  #isSettled(signature: Signature): boolean {
    return this.#ports.admission.hasSettled?.(signature) ?? true;
  }

  #forkLost(live: LiveTrade, signature: Signature, evidence: Evidence): void {
    const { trade } = live;
    live.landedSlot = undefined;
    this.#backToSent(live, signature, evidence);
    this.#locks.lost(live);
    if (live.settled) {
      live.settled = false;
      this.#ports.admission.readmit(trade);
      const attempt = trade.attempts.at(-1);
      // Of an attempt that was found on the chain there are no bytes.
      if (attempt !== undefined && attempt.wire.length > 0 && !live.cancelRequested)
        this.#ports.sender.resume(signature, attempt.wire, attempt.sends);
    } else if (!live.cancelRequested) this.#ports.sender.markSeen(signature, false);
  }

  /** Nothing of it has landed after all: what a landing brought is taken back, before anybody hears of it. */
  #backToSent(live: LiveTrade, signature: Signature, evidence: Evidence): void {
    this.#ports.admission.unsettle(signature);
    if (REACHED[live.trade.state] !== undefined) this.#moves.move(live, 'sent', evidence);
  }

  #expired(live: LiveTrade, event: ExpiredEvent): void {
    if (this.#moves.isEnding(live)) return;
    if (live.isDoubtful) {
      live.deferredExpiry = event;
      return;
    }
    if (this.#mayTryAgain(live)) {
      const needed = this.#ports.settings.expiryCommitment;
      // Until the block that proves it is rooted, the first attempt could still land beside the second.
      if (!isAtLeast(event.commitment, needed)) return;
      this.takeBack(live, event);
      this.#moves.requeue(live);
      return;
    }
    this.#backToSent(live, event.signature, event.evidence);
    this.#moves.finish(live, 'expired', event.evidence);
  }

  /** Its last attempt is proven dead, and it is no trade that is out any more. */
  takeBack(live: LiveTrade, { signature, evidence }: ExpiredEvent): void {
    // What the journal knew as processed before a restart was on a fork that is gone.
    this.#backToSent(live, signature, evidence);
    live.dead.add(signature);
    this.#giveUpAttempt(live, live.trade.attempts.at(-1));
    this.#moves.move(live, 'queued', evidence);
  }

  #mayTryAgain(live: LiveTrade): boolean {
    const { trade } = live;
    return (
      !live.cancelRequested &&
      this.#ports.killGrade() !== 'stop' &&
      // What was signed before a stop stays stopped, released or not (L3).
      this.#ports.gate.stopCount() === live.stopCount &&
      trade.attempts.length < this.#ports.settings.maxAttempts &&
      this.#ports.clock.nowMs() < trade.deadlineAtMs
    );
  }

  #giveUpAttempt(live: LiveTrade, attempt: Attempt | undefined): void {
    this.#locks.release(live);
    live.ticket = undefined;
    this.#scheduler.freeSlot(live.trade.id);
    if (attempt === undefined) return;
    this.#moves.stopSending(attempt);
    this.#ports.confirmer.untrack(attempt.signature);
    this.#ports.gate.forget(attempt.signature);
  }

  /** What law L2 exists to prevent; it is shouted, and the trade's record shows both. */
  #resurrected(live: LiveTrade, event: Landed): void {
    this.#moves.fault({
      kind: 'invariant',
      message: `L2: attempt ${event.signature} landed in slot ${event.slot} after it was proven dead`,
      tradeId: live.trade.id,
    });
  }
}

function hasReached(trade: Trade, commitment: Commitment): boolean {
  const reached = REACHED[trade.state];
  return reached !== undefined && isAtLeast(reached, commitment);
}
