import type { Config } from '../config/config.js';
import type { FileJournal } from '../journal/file-journal.js';
import type { RedisSide } from '../redis/redis-side.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { RpcPool } from '../send/rpc-pool.js';
import type { HealthFacts } from './health.js';
import type { MarketData } from './market-data.js';

/** What the health checks look at, gathered from the stages. */
export function healthFacts(parts: {
  readonly config: Config;
  readonly market: MarketData;
  readonly journal: FileJournal;
  readonly killSwitch: KillSwitch;
  readonly rpc: RpcPool;
  readonly breakers: BreakerRegistry;
  readonly scheduler: Scheduler;
  readonly redis: RedisSide | undefined;
}): HealthFacts {
  const { config, market, journal, killSwitch, rpc, breakers, scheduler, redis } = parts;
  const { cache, book } = market;
  const newest = cache.blockhashes.newest();
  const pools = book.pools();
  const isStale = (age: number) => !(age <= config.MAX_POOL_AGE_SLOTS);
  return {
    streams: market.streamEndpoints(),
    maxStreamAgeMs: config.MAX_STREAM_AGE_MS,
    blockhashAgeSlots: newest === undefined ? undefined : cache.slots.head() - newest.slot,
    maxBlockhashAgeSlots: config.MAX_BLOCKHASH_AGE_SLOTS,
    stalePools: pools.filter(
      (keys) => book.snapshotOf(keys.pool) === undefined || isStale(book.ageSlots(keys.pool)),
    ).length,
    pools: pools.length,
    rpcs: rpc.health(),
    openBreakers: breakers.list().flatMap(({ name, state }) => (state === 'closed' ? [] : [name])),
    journalWritable: journal.writable,
    killSwitchActive: killSwitch.grade !== undefined,
    paused: scheduler.status().paused,
    redis: redis?.status(),
  };
}
