/** What the chain says of an attempt, turned into the trade's states, its outcome and its next step. */
import type { AttemptEvent } from '../confirm/types.js';
import { type Commitment, isAtLeast, type Signature, type Slot } from '../model/brands.js';
import type { Attempt, Evidence, Trade, TradeOutcome } from '../model/trade.js';
import { TERMINAL_STATES, type TradeState } from '../model/trade-state.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { TransactionUpdate } from '../stream/types.js';
import type { LockKeeper } from './lock-keeper.js';
import type { Moves } from './moves.js';
import type { DeskPorts } from './ports.js';
import type { LiveTrade, TradeStore } from './trade-store.js';

type Landed = Extract<AttemptEvent, { kind: 'landed' }>;
type Expired = Extract<AttemptEvent, { kind: 'expired' }>;

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

  constructor(ports: DeskPorts, store: TradeStore, locks: LockKeeper, scheduler: Scheduler, moves: Moves) {
    this.#ports = ports;
    this.#store = store;
    this.#locks = locks;
    this.#scheduler = scheduler;
    this.#moves = moves;
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
    if (live.landedSlot === undefined) this.#firstSeen(live, event, failed);
    live.landedSlot = event.slot;
    live.landedError = event.error;
    const reached = REACHED[trade.state];
    if (reached !== undefined && isAtLeast(reached, event.commitment)) return;
    if (failed && event.commitment !== 'processed') {
      this.#settle(live, event, 'failed');
      return;
    }
    if (event.commitment === 'processed') this.#moves.move(live, 'processed', event.evidence);
    else if (!live.settled) this.#settle(live, event, event.commitment);
    else {
      this.#moves.move(live, event.commitment, event.evidence);
      if (event.commitment === 'finalized') this.#moves.end(live);
    }
  }

  #firstSeen(live: LiveTrade, event: Landed, failed: boolean): void {
    this.#ports.sender.markSeen(event.signature, true);
    this.#scheduler.freeSlot(live.trade.id);
    this.#locks.processed(live, event.slot, failed);
  }

  /** Confirmed: bytes stop, locks and reservation end, the outcome is read from the transaction. */
  #settle(live: LiveTrade, event: Landed, state: 'confirmed' | 'finalized' | 'failed'): void {
    const { trade } = live;
    live.settled = true;
    this.#ports.sender.stop(event.signature);
    const outcome = this.#outcome(live, event);
    const details =
      state === 'failed'
        ? { outcome: { ...outcome, error: this.#ports.errorName(event.error, event.transaction) } }
        : { outcome };
    const evidence =
      state === 'failed' ? { ...event.evidence, detail: details.outcome.error ?? 'failed' } : event.evidence;
    this.#moves.move(live, state, evidence, details);
    if (event.transaction !== undefined) this.#ports.admission.settle(trade, event.transaction);
    else void this.#fetchOutcome(live, event.signature, event.slot);
    this.#locks.confirmed(live);
    this.#ports.admission.release(trade.id);
    if (TERMINAL_STATES.has(state)) this.#moves.end(live);
  }

  #outcome(live: LiveTrade, event: Landed): TradeOutcome {
    const { trade } = live;
    const base = { slot: event.slot, slotDelta: event.slot - trade.intentSlot };
    if (event.transaction === undefined) return { ...base, feeLamports: 0n };
    return { ...base, ...balancesOf(trade, event.transaction) };
  }

  /** The stream did not bring the transaction (a gap): a node is asked for its balances. */
  async #fetchOutcome(live: LiveTrade, signature: Signature, slot: Slot): Promise<void> {
    const { trade } = live;
    try {
      const transaction = await this.#ports.fetchTransaction(signature);
      if (transaction === undefined) throw new Error('no node has the transaction');
      const error = trade.outcome?.error;
      trade.outcome = {
        slot,
        slotDelta: slot - trade.intentSlot,
        ...balancesOf(trade, transaction),
        ...(error === undefined ? {} : { error }),
      };
      this.#ports.admission.settle(trade, transaction);
    } catch (error) {
      this.#moves.fault({
        kind: 'rpc',
        message: 'a landed transaction could not be read',
        tradeId: trade.id,
        error,
      });
    }
  }

  #forkLost(live: LiveTrade, signature: Signature, evidence: Evidence): void {
    const { trade } = live;
    live.landedSlot = undefined;
    live.landedError = undefined;
    if (trade.state !== 'processed' && trade.state !== 'confirmed') return;
    this.#moves.move(live, 'sent', evidence);
    this.#locks.lost(live);
    const attempt = trade.attempts.at(-1);
    if (live.settled && attempt !== undefined) {
      live.settled = false;
      this.#ports.admission.readmit(trade);
      this.#ports.sender.resume(signature, attempt.wire);
    } else if (!live.cancelRequested) this.#ports.sender.markSeen(signature, false);
  }

  #expired(live: LiveTrade, event: Expired): void {
    const { trade } = live;
    if (this.#mayTryAgain(live)) {
      const needed = this.#ports.settings.expiryCommitment;
      // Until the block that proves it is rooted, the first attempt could still land beside the second.
      if (!isAtLeast(event.commitment, needed)) return;
      live.dead.add(event.signature);
      this.#giveUpAttempt(live, trade.attempts.at(-1));
      this.#moves.move(live, 'queued', event.evidence);
      this.#moves.requeue(live);
      return;
    }
    this.#moves.move(live, 'expired', event.evidence);
    this.#moves.end(live);
  }

  #mayTryAgain(live: LiveTrade): boolean {
    const { trade } = live;
    const grade = this.#ports.killGrade();
    return (
      !live.cancelRequested &&
      grade !== 'stop' &&
      trade.attempts.length < this.#ports.settings.maxAttempts &&
      this.#ports.clock.nowMs() < trade.deadlineAtMs
    );
  }

  #giveUpAttempt(live: LiveTrade, attempt: Attempt | undefined): void {
    this.#locks.release(live);
    live.ticket = undefined;
    this.#scheduler.freeSlot(live.trade.id);
    if (attempt === undefined) return;
    this.#ports.sender.stop(attempt.signature);
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

/** What the wallet spent and received, from the transaction's own balances; fees apart. */
function balancesOf(
  trade: Trade,
  transaction: TransactionUpdate,
): Pick<TradeOutcome, 'feeLamports' | 'spent' | 'received'> {
  const change = (mint: string): bigint => {
    const sum = (balances: TransactionUpdate['preTokenBalances']) =>
      balances.reduce(
        (total, one) => (one.mint === mint && one.owner === trade.wallet ? total + one.amount : total),
        0n,
      );
    return sum(transaction.postTokenBalances) - sum(transaction.preTokenBalances);
  };
  return {
    feeLamports: transaction.feeLamports,
    spent: -change(trade.intent.inputMint),
    received: change(trade.intent.outputMint),
  };
}
