/**
 * The life of every trade: acceptance, queue, attempt, landing, end. The stages do the work; TradeMoves moves trades
 * through the one table of states, writes each move down, and tells subscribers.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import { fingerprintOf } from '../journal/fingerprint.js';
import { bindingLimit, type Route } from '../market/router.js';
import { type Address, asSlot, type Signature, type TradeId } from '../model/brands.js';
import type { StateChange, Trade } from '../model/trade.js';
import { newTradeId } from '../model/trade-id.js';
import type { TradeIntent } from '../model/trade-intent.js';
import { LIVE_STATES, TERMINAL_STATES, type TradeState } from '../model/trade-state.js';
import { Scheduler } from '../schedule/scheduler.js';
import { AttemptRunner } from './attempt-runner.js';
import { Landing } from './landing.js';
import { LockKeeper } from './lock-keeper.js';
import { LOCAL } from './moves.js';
import type { DeskPorts } from './ports.js';
import { Resumption } from './resumption.js';
import { type TradeEvent, TradeMoves } from './trade-moves.js';
import { type LiveTrade, MAX_LIVE_TRADES, TradeStore } from './trade-store.js';

export type { TradeEvent } from './trade-moves.js';

/** What a cancellation did. */
export interface CancelResult {
  readonly trade: Trade;
  /** `cancelled`: it was unsigned and is over. `noResends`: it is out and may still land. `over`: it had ended. */
  readonly outcome: 'cancelled' | 'noResends' | 'over';
}

/** An attempt that is out and may still land. */
export interface LiveAttempt {
  readonly tradeId: TradeId;
  readonly state: TradeState;
  readonly signature: Signature;
  readonly lastValidBlockHeight: number;
}

export class TradeDesk {
  readonly #ports: DeskPorts;
  readonly #store: TradeStore;
  readonly #refusalListeners: ((error: HotslotError) => void)[] = [];
  readonly scheduler: Scheduler;
  readonly #moves: TradeMoves;
  readonly #locks: LockKeeper;
  readonly #attempts: AttemptRunner;
  readonly #landing: Landing;
  /** Trades of a damaged journal, to be settled by what the chain shows. */
  readonly inDoubt: Resumption;
  #closing = false;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#store = new TradeStore(ports.settings.maxRecentTrades);
    this.scheduler = new Scheduler({
      clock: ports.clock,
      locks: ports.locks,
      maxQueued: ports.settings.maxQueued,
      maxConcurrent: ports.settings.maxConcurrent,
      handlers: {
        start: (id, ticket) => this.#start(id, ticket),
        giveBack: (id, error) => this.#giveBack(id, error),
      },
    });
    this.#locks = new LockKeeper(ports, this.scheduler, this.#store);
    const moves = new TradeMoves(ports, this.#store, this.#locks, this.scheduler);
    this.#moves = moves;
    this.#attempts = new AttemptRunner(ports, this.#store, this.#locks, moves);
    this.#landing = new Landing(ports, this.#store, this.#locks, this.scheduler, moves);
    this.inDoubt = new Resumption(ports, this.#store, this.#locks, this.#landing, moves);
    ports.confirmer.onEvent((event) => this.#landing.onEvent(event));
  }

  /** Every state change, after it was journalled. */
  onTrade(listener: (event: TradeEvent) => void): void {
    this.#moves.onTrade(listener);
  }

  /** Every ended trade whose transaction was read only after its end, with the outcome in full. */
  onLateOutcome(listener: (trade: Trade) => void): void {
    this.#moves.onLateOutcome(listener);
  }

  /** Every intent that was refused before it became a trade. */
  onRefused(listener: (error: HotslotError) => void): void {
    this.#refusalListeners.push(listener);
  }

  /** The pool stage's news, by which locks end (see LockKeeper). */
  get poolNews(): LockKeeper {
    return this.#locks;
  }

  /**
   * Accepts an intent or refuses it. The same `clientOrderId` with the same intent gives the same trade back.
   * @param receivedUs monotonic microseconds at which the request's first byte was read
   * @param fingerprint of the request as the client sent it, defaults not filled in
   * @throws HotslotError with the denial's code; nothing is queued then
   */
  submit(intent: TradeIntent, receivedUs: number, fingerprint: string = fingerprintOf(intent)): Trade {
    try {
      return this.#moves.tellingAfter(() => this.#accept(intent, receivedUs, fingerprint));
    } catch (error) {
      if (error instanceof HotslotError) for (const listener of this.#refusalListeners) listener(error);
      throw error;
    }
  }

  #accept(intent: TradeIntent, receivedUs: number, fingerprint: string): Trade {
    const known = this.#known(intent.clientOrderId, fingerprint);
    if (known !== undefined) return known;
    this.#assertOpen(intent);
    const route = this.#ports.route(intent);
    const limit = bindingLimit(intent, route.quote);
    const acceptedAtMs = this.#ports.clock.nowMs();
    const id = newTradeId(acceptedAtMs, this.#ports.random);
    const { wallet } = this.#ports.admission.admit({ tradeId: id, intent, route, limit });
    const trade = this.#newTrade({ id, acceptedAtMs, intent, fingerprint, route, limit, wallet });
    const live = this.#store.add(trade, receivedUs, this.#ports.gate.stopCount());
    this.#moves.stamp(live, 'validatedUs');
    try {
      this.#ports.journal.append(intentRecord(trade));
    } catch (error) {
      this.#ports.admission.release(id);
      this.#store.remove(live);
      throw error;
    }
    this.#moves.move(live, 'queued', LOCAL);
    try {
      this.scheduler.enqueue(this.#moves.scheduled(live));
    } catch (error) {
      // It is written down and so must have an end: its deadline was gone by now, or a bound was met.
      if (!(error instanceof HotslotError)) throw error;
      this.#moves.endUnsigned(live, 'denied', error);
    }
    return trade;
  }

  get(id: TradeId): Trade | undefined {
    return this.#store.byId(id)?.trade ?? this.#ports.history.byId(id);
  }

  byClientOrderId(clientOrderId: string): Trade | undefined {
    return (
      this.#store.byClientOrderId(clientOrderId)?.trade ?? this.#ports.history.byClientOrderId(clientOrderId)
    );
  }

  /** Whether an attempt of a trade in memory has the signature. */
  knowsSignature(signature: Signature): boolean {
    return this.#store.bySignature(signature) !== undefined;
  }

  recent(limit: number): Trade[] {
    return this.#store.recent(limit);
  }

  /** Those in memory, newest first. */
  newestFirst(): Iterator<Trade> {
    return this.#store.newestFirst();
  }

  get liveCount(): number {
    return this.#store.liveCount;
  }

  liveTradesOf(wallet: Address): number {
    return this.#store.liveOf(wallet);
  }

  /** Attempts that are out, or signed, and not proven dead. */
  liveAttempts(): LiveAttempt[] {
    const attempts: LiveAttempt[] = [];
    for (const { trade, dead } of this.#store.live()) {
      const last = trade.attempts.at(-1);
      if (last === undefined || !LIVE_STATES.has(trade.state) || dead.has(last.signature)) continue;
      attempts.push({
        tradeId: trade.id,
        state: trade.state,
        signature: last.signature,
        lastValidBlockHeight: last.lastValidBlockHeight,
      });
    }
    return attempts;
  }

  /**
   * Cancels an unsigned trade; a signed one gets no more resends and may still land.
   * @throws HotslotError TRADE_UNKNOWN; JOURNAL_UNWRITABLE when a restart would not know of it: nothing of the
   *   trade leaves this process any more all the same
   */
  cancel(id: TradeId): CancelResult {
    const live = this.#store.byId(id);
    if (live === undefined) {
      const past = this.#ports.history.byId(id);
      if (past === undefined) throw new HotslotError('TRADE_UNKNOWN', { context: { id } });
      return { trade: past, outcome: 'over' };
    }
    const { trade } = live;
    if (TERMINAL_STATES.has(trade.state)) return { trade, outcome: 'over' };
    const isUnqueued = this.scheduler.cancel(id);
    // It is over here, but a restart would not know: it is called so once that is written down.
    if (this.#moves.isEnding(live)) throw new HotslotError('JOURNAL_UNWRITABLE');
    if (isUnqueued) return { trade, outcome: 'cancelled' };
    this.#noMoreSends(live);
    return { trade, outcome: 'noResends' };
  }

  #noMoreSends(live: LiveTrade): void {
    const { trade } = live;
    live.cancelRequested = true;
    const last = trade.attempts.at(-1);
    if (last !== undefined) this.#moves.stopSending(last);
    if (trade.cancelRequestedAtMs !== undefined) return;
    const atMs = this.#ports.clock.nowMs();
    this.#ports.journal.append({ kind: 'cancel', tradeId: trade.id, atMs });
    trade.cancelRequestedAtMs = atMs;
  }

  /** Cancels every queued trade; signed ones are left alone. Those whose end waits for the journal are left out. */
  clearQueue(): TradeId[] {
    const isOver = (id: TradeId) => TERMINAL_STATES.has(this.#store.byId(id)?.trade.state ?? 'cancelled');
    return this.scheduler.clear().filter(isOver);
  }

  /**
   * Takes up the trades of an earlier life of the process; settled ones go to memory as they are.
   * @param isSuspect the journal is damaged and may have lost some of what there was
   */
  resume(trades: readonly Trade[], isSuspect = false): void {
    this.inDoubt.resume(trades, isSuspect);
  }

  /** Builds the locks anew from the trades that are out. */
  rebuildLocks(): { rebuilt: number; strays: number; held: number } {
    return this.#locks.rebuild();
  }

  /** Takes trades and starts those that wait, unless it is shutting down by now. */
  begin(): void {
    if (!this.#closing) this.scheduler.resume();
  }

  /** Stops taking and starting trades; what is out goes on being confirmed. */
  beginShutdown(): void {
    this.#closing = true;
    this.scheduler.pause('The executor is shutting down.');
  }

  #known(clientOrderId: string, fingerprint: string): Trade | undefined {
    const known = this.byClientOrderId(clientOrderId);
    if (known === undefined) return undefined;
    if (known.fingerprint === fingerprint) return known;
    throw new HotslotError('CLIENT_ORDER_ID_REUSED', {
      field: 'clientOrderId',
      context: { tradeId: known.id },
    });
  }

  #assertOpen(intent: TradeIntent): void {
    if (this.#closing) throw new HotslotError('SHUTTING_DOWN');
    const grade = this.#ports.killGrade();
    if (!intent.dryRun && (grade === 'stop' || grade === 'drain')) {
      throw new HotslotError('KILL_SWITCH_ACTIVE', { context: { grade } });
    }
    if (this.#ports.journal.isUnreadable) throw new HotslotError('JOURNAL_CORRUPT');
    if (!this.#ports.journal.writable) throw new HotslotError('JOURNAL_UNWRITABLE');
    if (this.#store.liveCount >= MAX_LIVE_TRADES) {
      throw new HotslotError('QUEUE_FULL', {
        context: { live: this.#store.liveCount, limit: MAX_LIVE_TRADES },
      });
    }
    this.scheduler.assertRoom();
  }

  #newTrade(facts: {
    readonly id: TradeId;
    readonly acceptedAtMs: number;
    readonly intent: TradeIntent;
    readonly fingerprint: string;
    readonly route: Route;
    readonly limit: bigint;
    readonly wallet: Address;
  }): Trade {
    const { id, acceptedAtMs: atMs, intent, fingerprint, route, limit, wallet } = facts;
    const accepted: StateChange = { state: 'accepted', atMs, knownAtMs: atMs, evidence: LOCAL };
    return {
      id,
      intent,
      fingerprint,
      state: 'accepted',
      wallet,
      pool: route.keys.pool,
      limit,
      acceptedQuote: { amountIn: route.quote.amountIn, amountOut: route.quote.amountOut, slot: route.slot },
      intentSlot: this.#ports.slots.head(),
      acceptedAtMs: atMs,
      stopCount: this.#ports.gate.stopCount(),
      deadlineAtMs: atMs + intent.deadlineMs,
      attempts: [],
      history: [accepted],
      times: { receivedAtMs: atMs },
    };
  }

  #start(id: TradeId, ticket: LiveTrade['ticket']): void {
    const live = this.#store.byId(id);
    if (live === undefined) throw new Error(`the scheduler started ${id}, which the desk does not know`);
    live.ticket = ticket;
    this.#moves.stamp(live, 'lockedUs');
    void this.#attempts.run(live);
  }

  /** A queued trade left the queue unsigned: cancelled, or too late. */
  #giveBack(id: TradeId, error: HotslotError): void {
    const live = this.#store.byId(id);
    if (live === undefined) return;
    live.ticket = undefined;
    if (error.code === 'CANCELLED') this.#moves.endUnsigned(live, 'cancelled', error);
    else this.#moves.endUnsigned(live, 'denied', error);
  }
}

function intentRecord(trade: Trade) {
  return {
    kind: 'intent',
    tradeId: trade.id,
    intent: trade.intent,
    fingerprint: trade.fingerprint,
    wallet: trade.wallet,
    pool: trade.pool,
    limit: trade.limit,
    quotedIn: trade.acceptedQuote.amountIn,
    quotedOut: trade.acceptedQuote.amountOut,
    quoteSlot: asSlot(trade.acceptedQuote.slot),
    intentSlot: trade.intentSlot,
    acceptedAtMs: trade.acceptedAtMs,
    ...(trade.stopCount === undefined ? {} : { stopCount: trade.stopCount }),
    deadlineAtMs: trade.deadlineAtMs,
  } as const;
}
