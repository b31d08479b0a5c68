/** Moves trades along the one table of states: each move is written down, then made so, then told. */
import type { HotslotError } from '../errors/hotslot-error.js';
import type { Attempt, Evidence, StateChange, Trade } from '../model/trade.js';
import { canMove, type TradeState, UNLANDED_STATES } from '../model/trade-state.js';
import type { ScheduledTrade, Scheduler } from '../schedule/scheduler.js';
import { HeldEnds, type OwnEnd } from './held-ends.js';
import type { LockKeeper } from './lock-keeper.js';
import { denialOf, LOCAL, type MoveDetails, type Moves } from './moves.js';
import type { DeskFault, DeskPorts } from './ports.js';
import type { LiveTrade, TradeStore } from './trade-store.js';

/** A state change as subscribers hear it. */
export interface TradeEvent {
  /** As it is now: it may have gone further than the change by the time that this is told. */
  readonly trade: Trade;
  readonly change: StateChange;
  /** Attempts that were signed when it changed. */
  readonly attempts: number;
}

export class TradeMoves implements Moves {
  readonly #ports: DeskPorts;
  readonly #store: TradeStore;
  readonly #locks: LockKeeper;
  readonly #scheduler: Scheduler;
  readonly #heldEnds: HeldEnds;
  readonly #listeners: ((event: TradeEvent) => void)[] = [];
  readonly #outcomeListeners: ((trade: Trade) => void)[] = [];
  /** Events that are told once the work at hand is over. */
  #untold: TradeEvent[] | undefined;

  constructor(ports: DeskPorts, store: TradeStore, locks: LockKeeper, scheduler: Scheduler) {
    this.#ports = ports;
    this.#store = store;
    this.#locks = locks;
    this.#scheduler = scheduler;
    this.#heldEnds = new HeldEnds({
      clock: ports.clock,
      journal: ports.journal,
      record: (live, { state, evidence, details }) =>
        this.#record(live.trade, this.#changeTo(state, evidence, details), details),
      apply: (live, { state, evidence, details }) => {
        this.#change(live, this.#changeTo(state, evidence, details), details);
        this.end(live);
      },
      onHeld: (live, { state }) => this.#letGo(live, state),
    });
  }

  /** Every state change, after it was journalled. */
  onTrade(listener: (event: TradeEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Every outcome that was read after its trade's end. */
  onLateOutcome(listener: (trade: Trade) => void): void {
    this.#outcomeListeners.push(listener);
  }

  tellLateOutcome({ trade }: LiveTrade): void {
    for (const listener of this.#outcomeListeners) listener(trade);
  }

  /** Does the work first and tells of it then, in order: subscribers come behind a trade's bytes, not before them. */
  tellingAfter<T>(work: () => T): T {
    if (this.#untold !== undefined) return work();
    const untold: TradeEvent[] = [];
    this.#untold = untold;
    try {
      return work();
    } finally {
      this.#untold = undefined;
      for (const event of untold) this.#tell(event);
    }
  }

  /** As the scheduler sees it. */
  scheduled(live: LiveTrade): ScheduledTrade {
    const { trade } = live;
    return {
      id: trade.id,
      wallet: trade.wallet,
      priority: trade.intent.priority,
      deadlineAtMs: trade.deadlineAtMs,
      locks: this.#locks.lockSetOf(trade),
    };
  }

  requeue(live: LiveTrade): void {
    this.#scheduler.requeue(this.scheduled(live));
  }

  fault(fault: DeskFault): void {
    this.#ports.onFault(fault);
  }

  isEnding(live: LiveTrade): boolean {
    return this.#heldEnds.has(live);
  }

  endUnsigned(live: LiveTrade, state: 'cancelled' | 'denied', error: HotslotError): void {
    const proof = live.trade.attempts.length > 0 ? lastProof(live.trade) : undefined;
    // Something was signed once and is proven dead: that proof is the end's evidence, not our refusal to go on.
    const denial = denialOf(error);
    if (proof !== undefined) this.finish(live, 'expired', proof, { denial });
    else this.finish(live, state, { ...LOCAL, detail: error.code }, { denial });
  }

  move(live: LiveTrade, state: TradeState, evidence: Evidence, details: MoveDetails = {}): void {
    const change = this.#changeTo(state, evidence, details);
    // What other records imply is not written, and nothing is written that the table does not allow.
    if (canMove(live.trade.state, state) && !isImplied(change)) this.#record(live.trade, change, details);
    this.#change(live, change, details);
  }

  #changeTo(state: TradeState, evidence: Evidence, details: MoveDetails): StateChange {
    const knownAtMs = this.#ports.clock.nowMs();
    return { state, atMs: details.atMs ?? knownAtMs, knownAtMs, evidence };
  }

  finish(live: LiveTrade, state: OwnEnd, evidence: Evidence, details: MoveDetails = {}): void {
    const { trade } = live;
    if (!canMove(trade.state, state))
      throw new Error(`${trade.id} cannot go from ${trade.state} to ${state}`);
    this.#heldEnds.finish(live, { state, evidence, details });
  }

  /** Makes a change so, and tells of it. */
  #change(live: LiveTrade, change: StateChange, details: MoveDetails): void {
    const { trade } = live;
    const { state } = change;
    if (!canMove(trade.state, state))
      throw new Error(`${trade.id} cannot go from ${trade.state} to ${state}`);
    trade.state = state;
    trade.history.push(change);
    if (details.denial) trade.denial = details.denial;
    if (details.outcome) trade.outcome = details.outcome;
    else if (trade.outcome !== undefined && UNLANDED_STATES.has(state)) delete trade.outcome;
    this.#stampState(live, state);
    const event = { trade, change, attempts: trade.attempts.length };
    if (this.#untold === undefined) this.#tell(event);
    else this.#untold.push(event);
  }

  #tell(event: TradeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #record(trade: Trade, change: StateChange, details: MoveDetails): void {
    try {
      this.#ports.journal.append({
        kind: 'state',
        tradeId: trade.id,
        change,
        ...(details.denial ? { denial: details.denial } : {}),
        ...(details.outcome ? { outcome: details.outcome } : {}),
      });
    } catch (error) {
      // The chain holds the truth of live trades; a restart learns it again. New trades are denied meanwhile.
      this.#ports.onFault({
        kind: 'journal',
        message: 'a state could not be written down',
        tradeId: trade.id,
        error,
      });
    }
  }

  /** Stage times that are no state's. */
  stamp(live: LiveTrade, stage: 'validatedUs' | 'lockedUs'): void {
    live.trade.times[stage] = this.#ports.clock.monotonicUs() - live.receivedUs;
  }

  #stampState(live: LiveTrade, state: TradeState): void {
    const nowUs = this.#ports.clock.monotonicUs() - live.receivedUs;
    const { times } = live.trade;
    if (state === 'queued') times.queuedUs ??= nowUs;
    if (state === 'processed') times.processedUs = nowUs;
    if (state === 'confirmed') times.confirmedUs = nowUs;
    if (state === 'finalized') times.finalizedUs = nowUs;
  }

  amend(live: LiveTrade): void {
    const { trade } = live;
    const change = trade.history.at(-1);
    if (change !== undefined && trade.outcome !== undefined) {
      this.#record(trade, change, { outcome: trade.outcome });
    }
  }

  stopSending(attempt: Attempt): void {
    attempt.sends = Math.max(attempt.sends, this.#ports.sender.sendsOf(attempt.signature));
    this.#ports.sender.stop(attempt.signature);
  }

  /** Its end waits to be written down; nothing of it is out, so nobody need wait for it. */
  #letGo(live: LiveTrade, state: OwnEnd): void {
    this.#locks.release(live);
    this.#scheduler.freeSlot(live.trade.id);
    const last = live.trade.attempts.at(-1);
    if (state === 'expired' && last !== undefined) this.stopSending(last);
  }

  /** Gives back everything that a trade held. */
  end(live: LiveTrade): void {
    const { trade } = live;
    this.#locks.release(live);
    this.#scheduler.freeSlot(trade.id);
    this.#ports.admission.release(trade.id, live.landedSlot);
    for (const attempt of trade.attempts) {
      const { signature } = attempt;
      this.stopSending(attempt);
      this.#ports.confirmer.untrack(signature);
      this.#ports.gate.forget(signature);
    }
    this.#store.end(live);
    if (!live.isDoubtful) return;
    live.isDoubtful = false;
    // With its last trade in doubt ends what the wallet waits for.
    if (!this.#store.isInDoubt(trade.wallet)) this.#ports.admission.free(trade.wallet);
  }
}

/** Other records imply it: an intent is accepted and queued, an attempt is signed. */
function isImplied({ state, evidence }: StateChange): boolean {
  return state === 'signed' || (state === 'queued' && evidence.source === 'local');
}

/** The proof by which the trade's last attempt was taken back to the queue. */
function lastProof(trade: Trade): Evidence | undefined {
  return trade.history.findLast((change) => change.state === 'queued' && change.evidence.source !== 'local')
    ?.evidence;
}
