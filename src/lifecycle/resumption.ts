/**
 * Takes up the trades of an earlier life of the process. What the journal says is taken for true; where it is
 * damaged, it may have lost an attempt that is out, a cancellation, an end. Then every wallet with an unended trade is
 * in doubt: nothing more of these trades leaves, none of them ends and none is signed, until the chain has shown what
 * landed (see `confirm/lost-attempts.ts`).
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address, TradeId } from '../model/brands.js';
import type { Attempt, Evidence, Trade } from '../model/trade.js';
import { LIVE_STATES, TERMINAL_STATES } from '../model/trade-state.js';
import type { Landing } from './landing.js';
import type { LockKeeper } from './lock-keeper.js';
import { denialOf, LOCAL, type Moves } from './moves.js';
import type { DeskPorts } from './ports.js';
import type { LiveTrade, TradeStore } from './trade-store.js';

/** A stop count that no gate has: nothing of the trade is signed any more. */
const STOPPED = -1;

export class Resumption {
  readonly #ports: DeskPorts;
  readonly #store: TradeStore;
  readonly #locks: LockKeeper;
  readonly #landing: Landing;
  readonly #moves: Moves;

  constructor(ports: DeskPorts, store: TradeStore, locks: LockKeeper, landing: Landing, moves: Moves) {
    this.#ports = ports;
    this.#store = store;
    this.#locks = locks;
    this.#landing = landing;
    this.#moves = moves;
  }

  /** @param isSuspect whether records of the journal may be missing */
  resume(trades: readonly Trade[], isSuspect: boolean): void {
    const { gate, admission, clock } = this.#ports;
    // Of the time between the processes the wall clock alone knows; without it a trade would seem to have come now.
    const originUs = clock.monotonicUs() - clock.nowMs() * 1_000;
    const all = trades.map((trade) => {
      const receivedUs = originUs + trade.times.receivedAtMs * 1_000;
      const live = this.#store.add(trade, receivedUs, gate.stopCount());
      live.cancelRequested = trade.cancelRequestedAtMs !== undefined;
      return live;
    });
    const unended = all.filter(({ trade }) => !TERMINAL_STATES.has(trade.state));
    if (isSuspect) for (const live of unended) this.#doubt(live);
    for (const { trade } of unended) admission.readmit(trade);
    // Those that are out first: a queued one may start at once, and must find their locks taken.
    for (const live of unended) if (LIVE_STATES.has(live.trade.state)) this.#resumeAttempt(live);
    for (const live of unended) if (!LIVE_STATES.has(live.trade.state)) this.#resumeQueued(live);
    for (const live of all) if (TERMINAL_STATES.has(live.trade.state)) this.#landing.resumeEnded(live);
  }

  has(id: TradeId): boolean {
    return this.#store.byId(id)?.isDoubtful === true;
  }

  /** Trades of wallets in doubt. */
  doubtful(): Map<Address, Trade[]> {
    const wallets = new Map<Address, Trade[]>();
    for (const { trade, isDoubtful } of this.#store.live()) {
      if (!isDoubtful) continue;
      const trades = wallets.get(trade.wallet);
      if (trades) trades.push(trade);
      else wallets.set(trade.wallet, [trade]);
    }
    return wallets;
  }

  /**
   * An attempt of a trade in doubt that the journal had lost was found on the chain.
   * @returns false while the attempt that the journal does know is not proven dead
   * @throws HotslotError JOURNAL_UNWRITABLE
   */
  adopt(id: TradeId, found: Omit<Attempt, 'number' | 'sends'>): boolean {
    const live = this.#store.byId(id);
    if (live === undefined || !live.isDoubtful || TERMINAL_STATES.has(live.trade.state)) return true;
    const { trade } = live;
    if (LIVE_STATES.has(trade.state)) {
      if (live.deferredExpiry === undefined) return false;
      this.#landing.takeBack(live, live.deferredExpiry);
    }
    const facts = { number: trade.attempts.length + 1, ...found };
    this.#ports.journal.append({ kind: 'attempt', tradeId: id, ...facts });
    trade.attempts.push({ ...facts, sends: 0 });
    this.#store.addSignature(found.signature, live);
    live.isDoubtful = false;
    live.deferredExpiry = undefined;
    this.#moves.move(live, 'signed', LOCAL);
    this.#follow(live.trade.attempts.at(-1)!);
    // The search may yet fail at a later transaction, and is not begun again where nothing is in doubt any more.
    if (!this.#store.isInDoubt(trade.wallet)) this.#ports.admission.free(trade.wallet);
    return true;
  }

  /**
   * Everything of the wallet that landed is known, and nothing else can land: its trades may end.
   * @param evidence what shows that
   */
  clearDoubt(wallet: Address, evidence: Evidence): void {
    const held = [...this.#store.live()].filter((live) => live.isDoubtful && live.trade.wallet === wallet);
    for (const live of held) live.isDoubtful = false;
    this.#ports.admission.free(wallet);
    for (const live of held) {
      const expiry = live.deferredExpiry;
      live.deferredExpiry = undefined;
      if (expiry !== undefined) this.#landing.onEvent(expiry);
      else if (!LIVE_STATES.has(live.trade.state)) this.#endLost(live, evidence);
    }
  }

  /** Not signed anew, though nothing of it landed: the journal may have lost that it was cancelled or denied. */
  #endLost(live: LiveTrade, evidence: Evidence): void {
    const detail = 'The journal may have lost what became of the trade; nothing of it landed or can land.';
    const denial = denialOf(new HotslotError('JOURNAL_CORRUPT', { detail }));
    this.#moves.finish(live, 'expired', evidence, { denial });
  }

  #doubt(live: LiveTrade): void {
    const { trade } = live;
    if (trade.intent.dryRun || !this.#ports.settings.mayTradeLive) return;
    live.isDoubtful = true;
    live.cancelRequested = true;
    this.#ports.admission.hold(trade.wallet);
  }

  #resumeAttempt(live: LiveTrade): void {
    const { trade } = live;
    const last = trade.attempts.at(-1);
    if (last === undefined) throw new Error(`${trade.id} is ${trade.state} without an attempt`);
    for (const attempt of trade.attempts.slice(0, -1)) live.dead.add(attempt.signature);
    this.#locks.resume(live);
    this.#follow(last);
    const { gate, settings } = this.#ports;
    // Nothing is signed of a trade that was taken before a stop: its attempts are older than that stop too. With live
    // trading off nothing leaves at all, and what was signed while it was on is no exception.
    if (!settings.mayTradeLive || gate.stoppedSince(trade.acceptedAtMs, trade.stopCount)) {
      live.stopCount = STOPPED;
      return;
    }
    gate.admit(last.signature);
    const mayResend = !live.cancelRequested && trade.state !== 'confirmed' && last.wire.length > 0;
    if (mayResend) this.#ports.sender.resume(last.signature, last.wire, last.sends);
  }

  #follow(attempt: Attempt): void {
    this.#ports.confirmer.track(attempt);
    this.#ports.confirmer.hurry(attempt.signature);
  }

  #resumeQueued(live: LiveTrade): void {
    const { trade } = live;
    for (const attempt of trade.attempts) live.dead.add(attempt.signature);
    if (trade.state === 'accepted') this.#moves.move(live, 'queued', LOCAL);
    if (live.isDoubtful) return;
    const refusal = this.#refusal(live);
    if (refusal === undefined) this.#moves.requeue(live);
    else this.#moves.endUnsigned(live, refusal.state, refusal.error);
  }

  /** Why it is not signed any more, and what it becomes. */
  #refusal(live: LiveTrade): { state: 'cancelled' | 'denied'; error: HotslotError } | undefined {
    const { trade } = live;
    const { gate, clock } = this.#ports;
    const grade = this.#ports.killGrade();
    const wasStopped = grade === 'stop' || gate.stoppedSince(trade.acceptedAtMs, trade.stopCount);
    if (wasStopped && !trade.intent.dryRun) {
      return { state: 'cancelled', error: new HotslotError('KILL_SWITCH_ACTIVE', { context: { grade } }) };
    }
    if (live.cancelRequested) return { state: 'cancelled', error: new HotslotError('CANCELLED') };
    if (trade.deadlineAtMs <= clock.nowMs()) {
      return { state: 'denied', error: new HotslotError('DEADLINE_PASSED') };
    }
    return undefined;
  }
}
