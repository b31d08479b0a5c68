/** The single checks of an executor's health: what each looks at, and from where on it is a warning or critical. */
import type { CheckLevel } from '../control/operations.js';
import type { LogState } from '../logging/log.js';
import type { RedisStatus } from '../redis/redis-side.js';
import type { RpcHealth } from '../send/rpc-pool.js';
import type { EndpointStatus } from '../stream/stream-set.js';
import type { RingPoolStats } from '../threads/ring-pool.js';
import type { DiskSpace } from './disk-watch.js';
import type { MemoryUse } from './memory-use.js';

/** The runbook's thresholds. */
const LOOP_WARN_MS = 50;
const LOOP_CRITICAL_MS = 100;
const MEMORY_WARN_PERCENT = 80;
const MEMORY_CRITICAL_PERCENT = 90;
const RPC_WARN_MS = 1_000;
/** Ten seconds of mainnet's slots: answers from such a node are old news. */
const RPC_WARN_LAG_SLOTS = 25;
const STREAM_WARN_LAG_SLOTS = 4;
/** A disk is short where little is free of it and little is free at all. */
const DISK_WARN = { percent: 10, bytes: 10 * 2 ** 30 };
const DISK_CRITICAL = { percent: 5, bytes: 2 ** 30 };

/** What the checks look at; read anew at each look. */
export interface HealthFacts {
  readonly streams: readonly EndpointStatus[];
  readonly maxStreamAgeMs: number;
  /** Slots that the accounts' stream is behind the newest of all streams and RPC nodes. */
  readonly slotLag: number;
  readonly blockhashAgeSlots: number | undefined;
  readonly maxBlockhashAgeSlots: number;
  /** Whether it is known what every wallet holds. */
  readonly walletsRead: boolean;
  readonly stalePools: number;
  readonly pools: number;
  /** Infinity where one was not loaded whole. */
  readonly oldestPoolAgeSlots: number;
  readonly rpcs: readonly RpcHealth[];
  /** Names of the circuit breakers that are not closed. */
  readonly openBreakers: readonly string[];
  readonly journalWritable: boolean;
  readonly journalReadable: boolean;
  /** Wallets held until the chain shows what a damaged journal lost. */
  readonly walletsInDoubt: number;
  readonly killSwitchActive: boolean;
  /** Why the queue takes nothing: it warms up, or the executor ends. */
  readonly paused?: string | undefined;
  /** Absent where all is signed in place. */
  readonly workers: RingPoolStats | undefined;
  readonly loopLagMs: number;
  readonly memory: MemoryUse;
  readonly disks: readonly DiskSpace[];
  readonly log: LogState | undefined;
  /** Absent where none is configured. */
  readonly redis: RedisStatus | undefined;
}

export interface Finding {
  readonly name: string;
  readonly level: CheckLevel;
  readonly value: number | string;
  readonly unit?: string;
  /** More in words, free of secrets. */
  readonly detail?: string;
}

export function findingsOf(facts: HealthFacts): Finding[] {
  return [
    ...facts.streams.map((stream) => streamFinding(stream, facts)),
    slotLagFinding(facts),
    blockhashFinding(facts),
    poolsFinding(facts),
    ...facts.rpcs.map((rpc) => rpcFinding(rpc, facts.rpcs)),
    {
      name: 'circuitBreakers',
      level: facts.openBreakers.length > 0 ? 'warn' : 'ok',
      value: facts.openBreakers.length === 0 ? 'closed' : facts.openBreakers.join(' '),
    },
    ...workersFindings(facts),
    {
      name: 'eventLoopLag',
      level: above(facts.loopLagMs, LOOP_WARN_MS, LOOP_CRITICAL_MS),
      value: facts.loopLagMs,
      unit: 'ms',
    },
    memoryFinding('memory', facts.memory.heapPercent),
    memoryFinding('memoryRss', facts.memory.rssPercent),
    ...facts.disks.map(diskFinding),
    journalFinding(facts),
    ...logFindings(facts.log),
    {
      name: 'killSwitch',
      level: facts.killSwitchActive ? 'warn' : 'ok',
      value: facts.killSwitchActive ? 'active' : 'off',
    },
    ...(facts.redis === undefined ? [] : [redisFinding(facts.redis)]),
  ];
}

export function isFresh(stream: EndpointStatus, maxAgeMs: number): boolean {
  return stream.status === 'live' && stream.ageMs <= maxAgeMs;
}

function above(value: number, warn: number, critical: number): CheckLevel {
  return value > critical ? 'critical' : value > warn ? 'warn' : 'ok';
}

/** One that is down is a warning while another carries the trading. */
function streamFinding(stream: EndpointStatus, { streams, maxStreamAgeMs }: HealthFacts): Finding {
  const isCarried = streams.some((other) => other.isAccountSource && isFresh(other, maxStreamAgeMs));
  const isWell = isFresh(stream, maxStreamAgeMs) && stream.lagSlots <= STREAM_WARN_LAG_SLOTS;
  const level = isWell ? 'ok' : isCarried || stream.status === 'live' ? 'warn' : 'critical';
  return {
    name: `yellowstone:${stream.name}`,
    level,
    value: Math.round(Math.min(stream.ageMs, 1e9)),
    unit: 'ms',
    detail: `${stream.status}, ${stream.lagSlots} slots behind, ${stream.reconnects} reconnects`,
  };
}

function slotLagFinding({ slotLag }: HealthFacts): Finding {
  const level = above(slotLag, STREAM_WARN_LAG_SLOTS, RPC_WARN_LAG_SLOTS);
  return { name: 'slotLag', level, value: slotLag, unit: 'slots' };
}

function blockhashFinding(facts: HealthFacts): Finding {
  const age = facts.blockhashAgeSlots;
  const level = age === undefined || age > facts.maxBlockhashAgeSlots ? 'critical' : 'ok';
  return { name: 'blockhash', level, value: age ?? 'none', unit: 'slots' };
}

function poolsFinding({ stalePools, pools, oldestPoolAgeSlots }: HealthFacts): Finding {
  return {
    name: 'pools',
    level: stalePools > 0 ? 'critical' : 'ok',
    value: Number.isFinite(oldestPoolAgeSlots) ? oldestPoolAgeSlots : 'not loaded',
    unit: 'slots',
    detail: `${stalePools} of ${pools} stale`,
  };
}

/** As with streams: one that fails is a warning while another one answers. */
function rpcFinding(rpc: RpcHealth, all: readonly RpcHealth[]): Finding {
  const isFailing = rpc.failureShare > 0.5;
  const isSlow =
    rpc.meanMs > RPC_WARN_MS || rpc.failureShare > 0.1 || (rpc.lagSlots ?? 0) > RPC_WARN_LAG_SLOTS;
  const isCarried = all.some((other) => other.calls > 0 && other.failureShare <= 0.5 && !other.isForcedOpen);
  const level =
    (isFailing || rpc.isForcedOpen) && !isCarried ? 'critical' : isFailing || isSlow ? 'warn' : 'ok';
  const failed = rpc.isForcedOpen
    ? 'opened by hand, not asked'
    : `${Math.round(rpc.failureShare * 100)}% fail`;
  return {
    name: `rpc:${rpc.host}`,
    level,
    value: Math.round(rpc.meanMs * 10) / 10,
    unit: 'ms',
    detail: rpc.lagSlots === undefined ? failed : `${failed}, ${rpc.lagSlots} slots behind`,
  };
}

function workersFindings({ workers }: HealthFacts): Finding[] {
  if (workers === undefined) return [];
  const { alive, workers: wanted, restarts } = workers;
  const level = alive === wanted ? 'ok' : alive > 0 ? 'warn' : 'critical';
  return [{ name: 'workers', level, value: alive, unit: `of ${wanted}`, detail: `${restarts} replaced` }];
}

function journalFinding({ journalWritable, journalReadable, walletsInDoubt }: HealthFacts): Finding {
  if (!journalReadable) return { name: 'journal', level: 'critical', value: 'unreadable' };
  if (!journalWritable) return { name: 'journal', level: 'critical', value: 'unwritable' };
  if (walletsInDoubt === 0) return { name: 'journal', level: 'ok', value: 'writable' };
  const detail = `${walletsInDoubt} wallets are held until the chain shows what it lost`;
  return { name: 'journal', level: 'warn', value: 'damaged', detail };
}

/** Trading goes on without it; what the loss of the shared switch does is the kill switch's to tell. */
function redisFinding({ connected, sightLost, eventsDropped }: RedisStatus): Finding {
  const value = sightLost ? 'kill switch out of sight' : connected ? 'connected' : 'not connected';
  const level = connected && !sightLost ? 'ok' : 'warn';
  return { name: 'redis', level, value, detail: `${eventsDropped} events lost` };
}

function memoryFinding(name: string, percent: number): Finding {
  const level = above(percent, MEMORY_WARN_PERCENT, MEMORY_CRITICAL_PERCENT);
  return { name, level, value: percent, unit: 'percent' };
}

function diskFinding({ name, freeBytes, totalBytes, fault }: DiskSpace): Finding {
  if (fault !== undefined)
    return { name: `disk:${name}`, level: 'warn', value: 'unknown', detail: `it cannot be asked: ${fault}` };
  const percent = totalBytes === 0 ? 100 : (100 * freeBytes) / totalBytes;
  const isShort = (limit: typeof DISK_WARN) => percent < limit.percent && freeBytes < limit.bytes;
  const level = isShort(DISK_CRITICAL) ? 'critical' : isShort(DISK_WARN) ? 'warn' : 'ok';
  return { name: `disk:${name}`, level, value: Math.floor(freeBytes / 2 ** 20), unit: 'MiB free' };
}

function logFindings(log: LogState | undefined): Finding[] {
  if (log === undefined) return [];
  const level = log.fault === undefined ? 'ok' : 'warn';
  const value = log.fault ?? 'written';
  return [{ name: 'log', level, value, detail: `${log.droppedLines} lines lost` }];
}
