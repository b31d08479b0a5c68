/** Trades in memory: every one that has not ended, and the most recent of those that have. */
import type { ExpiredEvent } from '../confirm/types.js';
import type { Address, Signature, Slot, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import type { LockTicket } from '../schedule/lock-table.js';

/** Trades that have not ended, all wallets together (L6); more are denied with QUEUE_FULL. */
export const MAX_LIVE_TRADES = 65_536;

/** Newest trades that a listing finds without going through all of them; no more than ended ones are kept. */
const NEWEST_KEPT = 1_000;
/** Of an attempt that is never sent again: the signed one would hold the whole piece of Node's pool it was cut from. */
const NO_BYTES = new Uint8Array(0);

/** A trade with what its life needs and nobody else sees. */
export interface LiveTrade {
  readonly trade: Trade;
  /** Monotonic microseconds of receipt: the origin of its stage times. */
  readonly receivedUs: number;
  /** The count of stops when it was accepted: after another stop nothing of it is signed (L3). */
  stopCount: number;
  ticket: LockTicket | undefined;
  /** The signed attempts' signatures that are proven dead. */
  readonly dead: Set<Signature>;
  cancelRequested: boolean;
  /** From a damaged journal, which may have lost an attempt of it: it has no end and no next attempt meanwhile. */
  isDoubtful: boolean;
  /** The proof that its last known attempt is dead, which came while it was in doubt. */
  deferredExpiry: ExpiredEvent | undefined;
  /** Its landing at processed, until confirmed or lost. */
  landedSlot: Slot | undefined;
  /** Slot in which the pool was published as this trade left it; on another fork it says nothing. */
  poolSeenSlot: number | undefined;
  settled: boolean;
}

export class TradeStore {
  readonly #byId = new Map<TradeId, LiveTrade>();
  readonly #byClientOrderId = new Map<string, LiveTrade>();
  readonly #bySignature = new Map<Signature, LiveTrade>();
  /** The newest at the end; cut back when twice as long as wanted. */
  #newest: LiveTrade[] = [];
  readonly #live = new Set<LiveTrade>();
  readonly #liveOf = new Map<Address, number>();
  /** Ended trades, oldest first. */
  readonly #ended = new Set<LiveTrade>();
  readonly #maxEnded: number;
  readonly #newestKept: number;

  /** @param maxEnded ended trades kept in memory; older ones are read from the index */
  constructor(maxEnded: number) {
    this.#maxEnded = maxEnded;
    this.#newestKept = Math.min(NEWEST_KEPT, Math.max(1, maxEnded));
  }

  add(trade: Trade, receivedUs: number, stopCount: number): LiveTrade {
    const live: LiveTrade = {
      trade,
      receivedUs,
      stopCount,
      ticket: undefined,
      dead: new Set(),
      cancelRequested: false,
      isDoubtful: false,
      deferredExpiry: undefined,
      landedSlot: undefined,
      poolSeenSlot: undefined,
      settled: false,
    };
    this.#byId.set(trade.id, live);
    this.#newest.push(live);
    if (this.#newest.length >= 2 * this.#newestKept) this.#newest = this.#newest.slice(-this.#newestKept);
    this.#byClientOrderId.set(trade.intent.clientOrderId, live);
    for (const attempt of trade.attempts) this.#bySignature.set(attempt.signature, live);
    this.#live.add(live);
    this.#liveOf.set(trade.wallet, this.liveOf(trade.wallet) + 1);
    if (TERMINAL_STATES.has(trade.state)) this.end(live);
    return live;
  }

  /** A trade that never came to be: the journal refused it. */
  remove(live: LiveTrade): void {
    this.#byId.delete(live.trade.id);
    if (this.#newest.at(-1) === live) this.#newest.pop();
    this.#byClientOrderId.delete(live.trade.intent.clientOrderId);
    for (const attempt of live.trade.attempts) this.#bySignature.delete(attempt.signature);
    this.#noLongerLive(live);
    this.#ended.delete(live);
  }

  addSignature(signature: Signature, live: LiveTrade): void {
    this.#bySignature.set(signature, live);
  }

  end(live: LiveTrade): void {
    if (!this.#noLongerLive(live)) return;
    for (const attempt of live.trade.attempts) attempt.wire = NO_BYTES;
    this.#ended.add(live);
    if (this.#ended.size <= this.#maxEnded) return;
    const oldest = this.#ended.values().next();
    if (!oldest.done) this.remove(oldest.value);
  }

  byId(id: TradeId): LiveTrade | undefined {
    return this.#byId.get(id);
  }

  byClientOrderId(clientOrderId: string): LiveTrade | undefined {
    return this.#byClientOrderId.get(clientOrderId);
  }

  bySignature(signature: Signature): LiveTrade | undefined {
    return this.#bySignature.get(signature);
  }

  /** Trades that have not ended. */
  live(): IterableIterator<LiveTrade> {
    return this.#live.values();
  }

  get liveCount(): number {
    return this.#live.size;
  }

  liveOf(wallet: Address): number {
    return this.#liveOf.get(wallet) ?? 0;
  }

  /** Whether a damaged journal may have lost an attempt of some live trade of the wallet. */
  isInDoubt(wallet: Address): boolean {
    for (const live of this.#live) if (live.isDoubtful && live.trade.wallet === wallet) return true;
    return false;
  }

  /** Newest first, at most `limit`. */
  recent(limit: number): Trade[] {
    if (limit <= 0) return [];
    const newest = this.#newest.filter((live) => this.#byId.get(live.trade.id) === live);
    const isEnough = newest.length >= limit || newest.length === this.#byId.size;
    return (isEnough ? newest : [...this.#byId.values()])
      .slice(-limit)
      .map((live) => live.trade)
      .reverse();
  }

  /** Newest first, as long as nobody stops asking; what comes meanwhile is left out. */
  *newestFirst(): Generator<Trade> {
    const newest = this.#newest.filter((live) => this.#byId.get(live.trade.id) === live);
    for (const live of newest.toReversed()) yield live.trade;
    if (newest.length === this.#byId.size) return;
    // Whoever gets here reads far back: only then all of them are gone through.
    const known = new Set(newest);
    const fromMs = newest[0]?.trade.acceptedAtMs ?? Number.POSITIVE_INFINITY;
    const isOlder = (live: LiveTrade) => !known.has(live) && live.trade.acceptedAtMs <= fromMs;
    for (const live of [...this.#byId.values()].filter(isOlder).reverse()) yield live.trade;
  }

  #noLongerLive(live: LiveTrade): boolean {
    if (!this.#live.delete(live)) return false;
    const { wallet } = live.trade;
    const left = this.liveOf(wallet) - 1;
    if (left > 0) this.#liveOf.set(wallet, left);
    else this.#liveOf.delete(wallet);
    return true;
  }
}
