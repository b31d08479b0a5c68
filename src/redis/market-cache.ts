/**
 * Prices, pools and this executor's status in Redis, for whoever else wants to know. Hot pools only mark what has
 * changed; a turn of its own writes it, at most once in PRICE_TURN_MS a mint, and everything that still holds once in
 * REFRESH_MS. What is not fresh is not written, and expires.
 */
import type { PoolListener } from '../market/pool-book.js';
import type { PoolSource } from '../market/router.js';
import { type SpotPrice, spotPrice } from '../market/spot-price.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { RedisConnection } from './connection.js';
import type { RedisKeys } from './keys.js';

/** A mint's price is written at most once in this time. */
export const PRICE_TURN_MS = 250;
/** What has not changed is written again after this time. */
export const REFRESH_MS = 5_000;
export const STATUS_MS = 1_000;
/** Most prices a turn: with it a turn takes well under a millisecond. The others follow in the next turns. */
export const MAX_PRICES_A_TURN = 32;
/** Most pools that `pools` lists; the first ones that are configured. */
export const MAX_POOLS_LISTED = 200;
/** Keys outlive three refreshes that did not come. */
export const EXPIRY_S = 15;

export interface MarketCacheOptions {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly executor: string;
  readonly clock: Clock;
  readonly pools: PoolSource & { ageSlots(pool: Address): number; listen(listener: PoolListener): void };
  readonly quoteMint: Address;
  /** A pool that is older is not fresh. */
  readonly maxPoolAgeSlots: number;
  /** What is written as the executor's status. */
  readonly status: () => object;
}

/** A price as it stands under `price:<mint>`. */
export interface CachedPrice {
  readonly mint: Address;
  /** Whole units of the quote mint for one whole token, decimal. */
  readonly price: string;
  readonly quoteMint: Address;
  /** `<venue>:<pool>`. */
  readonly source: string;
  /** Of the pool state behind it. */
  readonly slot: number;
  /** Slots since the stream was last complete for the pool. */
  readonly ageSlots: number;
  /** Epoch ms at which this executor last learned of another state of the pool. */
  readonly changedAtMs: number;
  /** Epoch ms at which it was known to hold: its age in ms is now less this. */
  readonly atMs: number;
  /** The executor that wrote it. */
  readonly by: string;
}

export class MarketCache {
  readonly #options: MarketCacheOptions;
  /** Mints whose price is to be written; as many as there are mints at most. */
  readonly #dirty = new Set<Address>();
  readonly #byMint = new Map<Address, PoolKeys[]>();
  readonly #changedAtMs = new Map<Address, number>();
  readonly #timers: readonly TimerHandle[];
  #isWriting = false;
  #refreshDue = false;
  #statusDue = true;

  constructor(options: MarketCacheOptions) {
    this.#options = options;
    const { pools, clock } = options;
    for (const keys of pools.pools()) {
      for (const mint of [keys.mint0, keys.mint1])
        this.#byMint.set(mint, [...(this.#byMint.get(mint) ?? []), keys]);
    }
    pools.listen({ onPool: ({ keys }) => this.#changed(keys) });
    this.#timers = [
      clock.every(PRICE_TURN_MS, () => void this.#turn()),
      clock.every(REFRESH_MS, () => this.#refresh()),
      clock.every(STATUS_MS, () => {
        this.#statusDue = true;
      }),
    ];
    this.#refresh();
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** On the path of pool updates: it marks, and no more. */
  #changed({ pool, mint0, mint1 }: PoolKeys): void {
    this.#dirty.add(mint0).add(mint1);
    this.#changedAtMs.set(pool, this.#options.clock.nowMs());
  }

  #refresh(): void {
    this.#refreshDue = true;
    for (const mint of this.#byMint.keys()) this.#dirty.add(mint);
  }

  /** One turn at a time. What could not be written is tried again with the next change or refresh. */
  async #turn(): Promise<void> {
    if (this.#isWriting) return;
    const writes = this.#gather();
    if (writes.length === 0) return;
    this.#isWriting = true;
    try {
      await this.#options.connection.pipeline((pipeline) => {
        for (const [key, value] of writes) pipeline.set(key, JSON.stringify(value), 'EX', EXPIRY_S);
      });
    } catch {
      // The breaker counts it and the connection logs it; the cache is old news by the next turn anyway.
    } finally {
      this.#isWriting = false;
    }
  }

  #gather(): [key: string, value: object][] {
    const { keys, executor, status } = this.#options;
    const writes: [string, object][] = [];
    for (const mint of this.#dirty) {
      if (writes.length >= MAX_PRICES_A_TURN) break;
      this.#dirty.delete(mint);
      const price = this.#priceOf(mint);
      if (price !== undefined) writes.push([keys.price(mint), price]);
    }
    if (this.#statusDue) {
      this.#statusDue = false;
      writes.push([keys.status(executor), status()]);
    }
    if (this.#refreshDue) {
      this.#refreshDue = false;
      writes.push([keys.pools, this.#pools()]);
    }
    return writes;
  }

  #priceOf(mint: Address): CachedPrice | undefined {
    const { pools, quoteMint, clock, executor } = this.#options;
    const fresh = (this.#byMint.get(mint) ?? []).filter(({ pool }) => this.#isFresh(pool));
    const spot: SpotPrice | undefined = spotPrice(pools, fresh, mint, quoteMint);
    if (spot === undefined) return undefined;
    const atMs = clock.nowMs();
    return {
      mint,
      price: spot.price,
      quoteMint: spot.quoteMint,
      source: `${spot.venue}:${spot.pool}`,
      slot: spot.slot,
      ageSlots: pools.ageSlots(spot.pool),
      changedAtMs: this.#changedAtMs.get(spot.pool) ?? atMs,
      atMs,
      by: executor,
    };
  }

  #isFresh(pool: Address): boolean {
    return this.#options.pools.ageSlots(pool) <= this.#options.maxPoolAgeSlots;
  }

  #pools(): object {
    const { pools, clock, executor } = this.#options;
    const all = pools.pools();
    const listed = all.slice(0, MAX_POOLS_LISTED).map(({ pool, venue, mint0, mint1 }) => ({
      pool,
      venue,
      mint0,
      mint1,
      slot: pools.snapshotOf(pool)?.slot ?? null,
      isFresh: this.#isFresh(pool),
    }));
    return { count: all.length, pools: listed, atMs: clock.nowMs(), by: executor };
  }
}
