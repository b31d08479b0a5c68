/** The checks behind /health, /readyz and `.health.checks`, each with its level and since when it has it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { CheckLevel, HealthCheck, Readiness } from '../control/operations.js';
import type { Clock } from '../time/clock.js';

/** The runbook's thresholds. */
const LOOP_WARN_MS = 50;
const LOOP_CRITICAL_MS = 100;
const MEMORY_WARN_SHARE = 0.8;
const MEMORY_CRITICAL_SHARE = 0.9;
const RPC_WARN_MS = 1_000;
const LOOP_RESOLUTION_MS = 10;
const NANOSECONDS_A_MS = 1e6;

/** What the checks look at; read anew at each look. */
export interface HealthFacts {
  readonly streams: readonly { readonly name: string; readonly live: boolean; readonly ageMs: number }[];
  readonly maxStreamAgeMs: number;
  readonly blockhashAgeSlots: number | undefined;
  readonly maxBlockhashAgeSlots: number;
  readonly stalePools: number;
  readonly pools: number;
  readonly rpcs: readonly { readonly host: string; readonly meanMs: number; readonly failureShare: number }[];
  readonly journalWritable: boolean;
  readonly killSwitchActive: boolean;
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
    if (!facts.streams.some((stream) => stream.live && stream.ageMs <= facts.maxStreamAgeMs))
      waitingFor.push('stream');
    const age = facts.blockhashAgeSlots;
    if (age === undefined || age > facts.maxBlockhashAgeSlots) waitingFor.push('blockhash');
    if (facts.pools === 0 || facts.stalePools > 0) waitingFor.push('pools');
    if (!facts.journalWritable) waitingFor.push('journal');
    return { ready: waitingFor.length === 0, waitingFor };
  }

  close(): void {
    this.#loop.disable();
  }

  #findings(): Finding[] {
    const facts = this.#facts();
    return [
      ...facts.streams.map((stream) => streamFinding(stream, facts.maxStreamAgeMs)),
      blockhashFinding(facts),
      {
        name: 'pools',
        level: facts.stalePools > 0 ? 'critical' : 'ok',
        value: facts.stalePools,
        unit: 'stale',
      },
      ...facts.rpcs.map(rpcFinding),
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

function streamFinding(stream: HealthFacts['streams'][number], maxAgeMs: number): Finding {
  const level = !stream.live ? 'critical' : stream.ageMs > maxAgeMs ? 'warn' : 'ok';
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

function rpcFinding(rpc: HealthFacts['rpcs'][number]): Finding {
  const level =
    rpc.failureShare > 0.5 ? 'critical' : rpc.meanMs > RPC_WARN_MS || rpc.failureShare > 0.1 ? 'warn' : 'ok';
  return { name: `rpc:${rpc.host}`, level, value: Math.round(rpc.meanMs * 10) / 10, unit: 'ms' };
}

function memoryFinding(): Finding {
  const share = process.memoryUsage().heapUsed / getHeapStatistics().heap_size_limit;
  const level = share > MEMORY_CRITICAL_SHARE ? 'critical' : share > MEMORY_WARN_SHARE ? 'warn' : 'ok';
  return { name: 'memory', level, value: Math.round(share * 1000) / 10, unit: 'percent' };
}
