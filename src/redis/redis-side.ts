/** Everything of an executor that has to do with Redis. Trading needs none of it, and waits for none of it. */
import type { Config } from '../config/config.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import { asAddress } from '../model/brands.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { REDIS_BREAKER, RedisConnection } from './connection.js';
import { EventStream } from './event-stream.js';
import { type RedisKeys, redisKeys } from './keys.js';
import { MarketCache, type MarketCacheOptions } from './market-cache.js';
import { SwitchShare } from './switch-share.js';

export interface RedisSideOptions {
  readonly url: string;
  readonly config: Pick<Config, 'REDIS_PREFIX' | 'ON_REDIS_LOSS' | 'QUOTE_MINT' | 'MAX_POOL_AGE_SLOTS'>;
  /** This executor's name. */
  readonly executor: string;
  readonly killSwitch: KillSwitch;
  readonly breakers: BreakerRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What the health check and the status show. */
export interface RedisStatus {
  readonly executor: string;
  readonly connected: boolean;
  /** Milliseconds since the shared switch was last seen; null before the first time. */
  readonly sightAgeMs: number | null;
  readonly sightLost: boolean;
  readonly eventsBuffered: number;
  readonly eventsDropped: number;
}

export class RedisSide {
  readonly #options: RedisSideOptions;
  readonly #keys: RedisKeys;
  readonly #connection: RedisConnection;
  readonly #share: SwitchShare;
  readonly #events: EventStream;
  #cache: MarketCache | undefined;

  constructor(options: RedisSideOptions) {
    this.#options = options;
    const { url, config, executor, breakers, killSwitch, clock, random, log } = options;
    this.#keys = redisKeys(config.REDIS_PREFIX);
    const breaker = breakers.for('redis', REDIS_BREAKER);
    this.#connection = new RedisConnection({ url, breaker, random, log });
    const connection = this.#connection;
    this.#events = new EventStream({ connection, key: this.#keys.events, executor, clock });
    killSwitch.onChange((status) => this.#events.onKillSwitch(status));
    const onLoss = config.ON_REDIS_LOSS;
    this.#share = new SwitchShare({ connection, keys: this.#keys, killSwitch, clock, log, onLoss });
  }

  /** From now on trades are told and prices written. */
  follow({ desk, pools, status }: Pick<MarketCacheOptions, 'pools' | 'status'> & { desk: TradeDesk }): void {
    const { config, executor, clock } = this.#options;
    desk.onTrade((event) => this.#events.onTrade(event));
    this.#cache = new MarketCache({
      connection: this.#connection,
      keys: this.#keys,
      executor,
      clock,
      pools,
      status,
      quoteMint: asAddress(config.QUOTE_MINT),
      maxPoolAgeSlots: config.MAX_POOL_AGE_SLOTS,
    });
  }

  /** Resolves when the shared switch was seen, or counts as lost. */
  whenSwitchSeen(): Promise<void> {
    return this.#share.whenFirstSeen();
  }

  /** Resolves within a bound. @returns whether Redis has what this executor knows of the kill switch */
  shareKillSwitch(): Promise<boolean> {
    return this.#share.share();
  }

  status(): RedisStatus {
    const { buffered, dropped } = this.#events.counts;
    const ageMs = this.#share.sightAgeMs;
    return {
      executor: this.#options.executor,
      connected: this.#connection.isConnected,
      sightAgeMs: Number.isFinite(ageMs) ? Math.round(ageMs) : null,
      sightLost: this.#share.isLost,
      eventsBuffered: buffered,
      eventsDropped: dropped,
    };
  }

  /** Writes the events that wait, where Redis takes them, and ends the connections. */
  async close(): Promise<void> {
    this.#cache?.close();
    this.#share.close();
    await this.#events.close();
    this.#connection.close();
  }
}
