/** Redis, where one is configured, and what the executor tells it. */
import type { Config } from '../config/config.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import { executorIdOf } from '../redis/executor-id.js';
import type { RedisSide } from '../redis/redis-side.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { VERSION } from '../version.js';
import type { Health } from './health.js';
import type { MarketData } from './market-data.js';
import type { TradeCounts } from './trade-counts.js';

export interface RedisParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly breakers: BreakerRegistry;
  readonly killSwitch: KillSwitch;
}

/** Without REDIS_URL there is none, and its client is not loaded. */
export async function openRedis(parts: RedisParts): Promise<RedisSide | undefined> {
  const { config, clock, random, log, breakers, killSwitch } = parts;
  const { REDIS_URL: url } = config;
  if (url === undefined) return undefined;
  const { RedisSide } = await import('../redis/redis-side.js');
  const executor = executorIdOf(config.DATA_DIR);
  return new RedisSide({ url, config, executor, killSwitch, breakers, clock, random, log });
}

export interface ToldParts {
  readonly desk: TradeDesk;
  readonly market: MarketData;
  readonly killSwitch: KillSwitch;
  readonly health: Health;
  readonly counts: TradeCounts;
}

/** From now on Redis is told of trades, prices and this executor; and a stop that comes by it ends what is queued. */
export function tellRedis(redis: RedisSide, { desk, market, killSwitch, health, counts }: ToldParts): void {
  const { slots } = market.cache;
  killSwitch.onChange(({ grade, history }) => {
    if (grade === 'stop' && history.at(-1)?.source === 'redis') desk.clearQueue();
  });
  redis.follow({
    desk,
    pools: market.book,
    status: () => ({
      executor: redis.status().executor,
      version: VERSION,
      pid: process.pid,
      ready: health.readiness().ready,
      killSwitch: killSwitch.grade ?? 'off',
      slot: slots.head(),
      confirmedSlot: slots.slot('confirmed'),
      finalizedSlot: slots.slot('finalized'),
      blockHeight: slots.blockHeight('confirmed'),
      liveTrades: desk.liveCount,
      queuedTrades: desk.scheduler.status().queued,
      landed: counts.landed,
    }),
  });
}
