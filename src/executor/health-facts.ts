import type { Config } from '../config/config.js';
import type { FileJournal } from '../journal/file-journal.js';
import type { Resumption } from '../lifecycle/resumption.js';
import type { LogState } from '../logging/log.js';
import type { LoopLag } from '../metrics/loop-lag.js';
import type { RedisSide } from '../redis/redis-side.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { RpcPool } from '../send/rpc-pool.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import type { DiskWatch } from './disk-watch.js';
import type { HealthFacts } from './health-findings.js';
import type { MarketData } from './market-data.js';
import { memoryUse } from './memory-use.js';

export interface HealthParts {
  readonly config: Config;
  readonly market: MarketData;
  readonly journal: FileJournal;
  readonly killSwitch: KillSwitch;
  readonly rpc: RpcPool;
  readonly breakers: BreakerRegistry;
  readonly scheduler: Scheduler;
  readonly inDoubt: Resumption;
  readonly builder: AdaptiveBuilder;
  readonly loopLag: LoopLag;
  readonly disks: DiskWatch;
  readonly logState: (() => LogState) | undefined;
  readonly redis: RedisSide | undefined;
}

/** What the health checks look at, gathered from the stages. */
export function healthFacts(parts: HealthParts): HealthFacts {
  const { config, market, journal, killSwitch, rpc, breakers, scheduler } = parts;
  const { cache } = market;
  const newest = cache.blockhashes.newest();
  const streams = market.streamEndpoints();
  const source = streams.find((stream) => stream.isAccountSource);
  return {
    streams,
    maxStreamAgeMs: config.MAX_STREAM_AGE_MS,
    slotLag: Math.max(source?.lagSlots ?? 0, rpc.streamLagSlots ?? 0),
    blockhashAgeSlots: newest === undefined ? undefined : cache.slots.head() - newest.slot,
    maxBlockhashAgeSlots: config.MAX_BLOCKHASH_AGE_SLOTS,
    walletsRead: market.areWalletsRead(),
    ...poolAges(market, config.MAX_POOL_AGE_SLOTS),
    rpcs: rpc.health(),
    openBreakers: breakers.list().flatMap(({ name, state }) => (state === 'closed' ? [] : [name])),
    journalWritable: journal.writable,
    journalReadable: !journal.isUnreadable,
    walletsInDoubt: parts.inDoubt.doubtful().size,
    killSwitchActive: killSwitch.grade !== undefined,
    paused: scheduler.status().paused,
    workers: parts.builder.stats().pool,
    loopLagMs: parts.loopLag.read().p99,
    memory: memoryUse(),
    disks: parts.disks.spaces(),
    log: parts.logState?.(),
    redis: parts.redis?.status(),
  };
}

function poolAges({ book }: MarketData, maxAgeSlots: number) {
  const pools = book.pools();
  let stalePools = 0;
  let oldestPoolAgeSlots = 0;
  for (const { pool } of pools) {
    const age = book.snapshotOf(pool) === undefined ? Number.POSITIVE_INFINITY : book.ageSlots(pool);
    // An age that is not a number counts as stale.
    if (!(age <= maxAgeSlots)) stalePools += 1;
    oldestPoolAgeSlots = Math.max(oldestPoolAgeSlots, age);
  }
  return { pools: pools.length, stalePools, oldestPoolAgeSlots };
}
