/** Trades in memory: every one that has not ended, and the most recent of those that have. */
import type { Address, Signature, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import type { LockTicket } from '../schedule/lock-table.js';

/** Ended trades kept in memory; older ones are read from the index. */
export const MAX_RECENT_TRADES = 20_000;

/** A trade with what its life needs and nobody else sees. */
export interface LiveTrade {
  readonly trade: Trade;
  /** Monotonic microseconds of receipt: the origin of its stage times. */
  readonly receivedUs: number;
  ticket: LockTicket | undefined;
  /** The signed attempts' signatures that are proven dead. */
  readonly dead: Set<Signature>;
  cancelRequested: boolean;
  /** Its landing at processed, until confirmed or lost. */
  landedSlot: number | undefined;
  landedError: unknown;
  venueReleased: boolean;
  /** The pool was published as this trade left it. */
  poolSeen: boolean;
  settled: boolean;
}

export class TradeStore {
  readonly #byId = new Map<TradeId, LiveTrade>();
  readonly #byClientOrderId = new Map<string, LiveTrade>();
  readonly #bySignature = new Map<Signature, LiveTrade>();
  readonly #live = new Set<LiveTrade>();
  /** Ended trades, oldest first. */
  readonly #ended = new Set<LiveTrade>();

  add(trade: Trade, receivedUs: number): LiveTrade {
    const live: LiveTrade = {
      trade,
      receivedUs,
      ticket: undefined,
      dead: new Set(),
      cancelRequested: false,
      landedSlot: undefined,
      landedError: undefined,
      venueReleased: false,
      poolSeen: false,
      settled: false,
    };
    this.#byId.set(trade.id, live);
    this.#byClientOrderId.set(trade.intent.clientOrderId, live);
    for (const attempt of trade.attempts) this.#bySignature.set(attempt.signature, live);
    this.#live.add(live);
    if (TERMINAL_STATES.has(trade.state)) this.end(live);
    return live;
  }

  /** A trade that never came to be: the journal refused it. */
  remove(live: LiveTrade): void {
    this.#byId.delete(live.trade.id);
    this.#byClientOrderId.delete(live.trade.intent.clientOrderId);
    for (const attempt of live.trade.attempts) this.#bySignature.delete(attempt.signature);
    this.#live.delete(live);
    this.#ended.delete(live);
  }

  addSignature(signature: Signature, live: LiveTrade): void {
    this.#bySignature.set(signature, live);
  }

  end(live: LiveTrade): void {
    if (!this.#live.delete(live)) return;
    this.#ended.add(live);
    if (this.#ended.size <= MAX_RECENT_TRADES) return;
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
    let count = 0;
    for (const live of this.#live) if (live.trade.wallet === wallet) count += 1;
    return count;
  }

  /** Newest first, at most `limit`. */
  recent(limit: number): Trade[] {
    const all = [...this.#ended, ...this.#live].map((live) => live.trade);
    return all.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
  }
}
