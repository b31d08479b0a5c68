/** The checks behind /health, /readyz and `.health.checks`, each with its level and since when it has it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { CheckLevel, HealthCheck, Readiness } from '../control/operations.js';
import type { RedisStatus } from '../redis/redis-side.js';
import type { RpcHealth } from '../send/rpc-pool.js';
import type { EndpointStatus } from '../stream/stream-set.js';
import type { Clock } from '../time/clock.js';

/** The runbook's thresholds. */
const LOOP_WARN_MS = 50;
const LOOP_CRITICAL_MS = 100;
const MEMORY_WARN_SHARE = 0.8;
const MEMORY_CRITICAL_SHARE = 0.9;
const RPC_WARN_MS = 1_000;
/** Ten seconds of mainnet's slots: answers from such a node are old news. */
const RPC_WARN_LAG_SLOTS = 25;
const STREAM_WARN_LAG_SLOTS = 4;
const LOOP_RESOLUTION_MS = 10;
const NANOSECONDS_A_MS = 1e6;

/** What the checks look at; read anew at each look. */
export interface HealthFacts {
  readonly streams: readonly EndpointStatus[];
  readonly maxStreamAgeMs: number;
  readonly blockhashAgeSlots: number | undefined;
  readonly maxBlockhashAgeSlots: number;
  readonly stalePools: number;
  readonly pools: number;
  readonly rpcs: readonly RpcHealth[];
  /** Names of the circuit breakers that are not closed. */
  readonly openBreakers: readonly string[];
  readonly journalWritable: boolean;
  readonly killSwitchActive: boolean;
  /** Why the queue takes nothing: it warms up, or the executor ends. */
  readonly paused?: string | undefined;
  /** Absent where none is configured. */
  readonly redis?: RedisStatus | undefined;
}

interface Finding {
  readonly name: string;
  readonly level: CheckLevel;
  readonly value: number | string;
  readonly unit?: string;
}

export class Health {
  readonly #facts: () => HealthFacts;
  readonly #clock: Clock;
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #since = new Map<string, { level: CheckLevel; sinceMs: number }>();

  constructor(facts: () => HealthFacts, clock: Clock) {
    this.#facts = facts;
    this.#clock = clock;
    this.#loop.enable();
  }

  checks(): HealthCheck[] {
    return this.#findings().map((finding) => ({ ...finding, sinceMs: this.#sinceOf(finding) }));
  }

  /** Ready when nothing that a trade needs is missing or old. */
  readiness(): Readiness {
    const facts = this.#facts();
    const waitingFor: string[] = [];
    if (!facts.streams.some((stream) => stream.isAccountSource && isFresh(stream, facts.maxStreamAgeMs)))
      waitingFor.push('stream');
    const age = facts.blockhashAgeSlots;
    if (age === undefined || age > facts.maxBlockhashAgeSlots) waitingFor.push('blockhash');
    if (facts.pools === 0 || facts.stalePools > 0) waitingFor.push('pools');
    if (!facts.journalWritable) waitingFor.push('journal');
    if (facts.paused !== undefined) waitingFor.push('queue');
    return { ready: waitingFor.length === 0, waitingFor };
  }

  close(): void {
    this.#loop.disable();
  }

  #findings(): Finding[] {
    const facts = this.#facts();
    return [
      ...facts.streams.map((stream) => streamFinding(stream, facts)),
      blockhashFinding(facts),
      {
        name: 'pools',
        level: facts.stalePools > 0 ? 'critical' : 'ok',
        value: facts.stalePools,
        unit: 'stale',
      },
      ...facts.rpcs.map((rpc) => rpcFinding(rpc, facts.rpcs)),
      {
        name: 'circuitBreakers',
        level: facts.openBreakers.length > 0 ? 'warn' : 'ok',
        value: facts.openBreakers.length === 0 ? 'closed' : facts.openBreakers.join(' '),
      },
      this.#loopFinding(),
      memoryFinding(),
      {
        name: 'journal',
        level: facts.journalWritable ? 'ok' : 'critical',
        value: facts.journalWritable ? 'writable' : 'unwritable',
      },
      {
        name: 'killSwitch',
        level: facts.killSwitchActive ? 'warn' : 'ok',
        value: facts.killSwitchActive ? 'active' : 'off',
      },
      ...(facts.redis === undefined ? [] : [redisFinding(facts.redis)]),
    ];
  }

  #loopFinding(): Finding {
    const p99Ms = this.#loop.percentile(99) / NANOSECONDS_A_MS - LOOP_RESOLUTION_MS;
    const value = Math.max(0, Math.round(p99Ms * 10) / 10);
    const level = value > LOOP_CRITICAL_MS ? 'critical' : value > LOOP_WARN_MS ? 'warn' : 'ok';
    this.#loop.reset();
    return { name: 'eventLoopLag', level, value: Number.isFinite(value) ? value : 0, unit: 'ms' };
  }

  #sinceOf(finding: Finding): number {
    const known = this.#since.get(finding.name);
    if (known?.level === finding.level) return known.sinceMs;
    const sinceMs = this.#clock.nowMs();
    this.#since.set(finding.name, { level: finding.level, sinceMs });
    return sinceMs;
  }
}

function isFresh(stream: EndpointStatus, maxAgeMs: number): boolean {
  return stream.status === 'live' && stream.ageMs <= maxAgeMs;
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
  };
}

function blockhashFinding(facts: HealthFacts): Finding {
  const age = facts.blockhashAgeSlots;
  const level = age === undefined || age > facts.maxBlockhashAgeSlots ? 'critical' : 'ok';
  return { name: 'blockhash', level, value: age ?? 'none', unit: 'slots' };
}

/** As with streams: one that fails is a warning while another one answers. */
function rpcFinding(rpc: RpcHealth, all: readonly RpcHealth[]): Finding {
  const isFailing = rpc.failureShare > 0.5;
  const isSlow =
    rpc.meanMs > RPC_WARN_MS || rpc.failureShare > 0.1 || (rpc.lagSlots ?? 0) > RPC_WARN_LAG_SLOTS;
  const isCarried = all.some((other) => other.calls > 0 && other.failureShare <= 0.5);
  const level = isFailing && !isCarried ? 'critical' : isFailing || isSlow ? 'warn' : 'ok';
  return { name: `rpc:${rpc.host}`, level, value: Math.round(rpc.meanMs * 10) / 10, unit: 'ms' };
}

/** Trading goes on without it; what the loss of the shared switch does is the kill switch's to tell. */
function redisFinding({ connected, sightLost }: RedisStatus): Finding {
  const value = sightLost ? 'kill switch out of sight' : connected ? 'connected' : 'not connected';
  return { name: 'redis', level: connected && !sightLost ? 'ok' : 'warn', value };
}

function memoryFinding(): Finding {
  const share = process.memoryUsage().heapUsed / getHeapStatistics().heap_size_limit;
  const level = share > MEMORY_CRITICAL_SHARE ? 'critical' : share > MEMORY_WARN_SHARE ? 'warn' : 'ok';
  return { name: 'memory', level, value: Math.round(share * 1000) / 10, unit: 'percent' };
}
