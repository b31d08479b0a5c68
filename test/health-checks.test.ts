/** Each check at the last figure that is well and the first that is not; and since when, whoever asks or does not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DISK_ANSWER_MS, DISK_LOOK_MS, DiskWatch } from '../src/executor/disk-watch.js';
import { HEALTH_LOOK_MS, Health } from '../src/executor/health.js';
import { findingsOf, type HealthFacts } from '../src/executor/health-findings.js';
import { memoryUse } from '../src/executor/memory-use.js';
import { type DelaySource, LOOP_WINDOW_MS, LoopLag } from '../src/metrics/loop-lag.js';
import { wellFacts } from './support/health-facts.js';
import { ManualClock } from './support/manual-clock.js';

const GIB = 2 ** 30;

function levelOf(name: string, facts: Partial<HealthFacts>): string | undefined {
  return findingsOf(wellFacts(facts)).find((finding) => finding.name === name)?.level;
}

const memory = (heapPercent: number, rssPercent: number) => ({
  memory: { ...wellFacts().memory, heapPercent, rssPercent },
});
const workers = (alive: number) => ({
  workers: { workers: 2, alive, inFlight: 0, busy: 0, restarts: 3, failedTasks: 0 },
});
const disk = (freeBytes: number, totalBytes: number, fault?: string) => ({
  disks: [{ name: 'DATA_DIR', freeBytes, totalBytes, ...(fault === undefined ? {} : { fault }) }],
});

const REDIS = {
  executor: 'one',
  connected: false,
  sightAgeMs: null,
  sightLost: false,
  eventsBuffered: 0,
  eventsDropped: 0,
};

describe('a check', () => {
  it.each<[string, Partial<HealthFacts>, string]>([
    ['eventLoopLag', { loopLagMs: 50 }, 'ok'],
    ['eventLoopLag', { loopLagMs: 50.1 }, 'warn'],
    ['eventLoopLag', { loopLagMs: 100 }, 'warn'],
    ['eventLoopLag', { loopLagMs: 100.1 }, 'critical'],
    ['memory', memory(80, 0), 'ok'],
    ['memory', memory(80.1, 0), 'warn'],
    ['memory', memory(90, 0), 'warn'],
    ['memory', memory(90.1, 0), 'critical'],
    ['memoryRss', memory(99, 90), 'warn'],
    ['memoryRss', memory(0, 90.1), 'critical'],
    ['slotLag', { slotLag: 4 }, 'ok'],
    ['slotLag', { slotLag: 5 }, 'warn'],
    ['slotLag', { slotLag: 26 }, 'critical'],
    ['blockhash', { blockhashAgeSlots: 60 }, 'ok'],
    ['blockhash', { blockhashAgeSlots: 61 }, 'critical'],
    ['blockhash', { blockhashAgeSlots: undefined }, 'critical'],
    ['pools', { stalePools: 1, oldestPoolAgeSlots: Number.POSITIVE_INFINITY }, 'critical'],
    ['workers', workers(2), 'ok'],
    ['workers', workers(1), 'warn'],
    ['workers', workers(0), 'critical'],
    // Little of it and little at all: both.
    ['disk:DATA_DIR', disk(20 * GIB, 1_000 * GIB), 'ok'],
    ['disk:DATA_DIR', disk(9 * GIB, 20 * GIB), 'ok'],
    ['disk:DATA_DIR', disk(9.9 * GIB, 100 * GIB), 'warn'],
    ['disk:DATA_DIR', disk(0.9 * GIB, 100 * GIB), 'critical'],
    ['disk:DATA_DIR', disk(0, 0, 'ENOENT'), 'warn'],
    ['redis', { redis: { ...REDIS, connected: true } }, 'ok'],
    ['redis', { redis: REDIS }, 'warn'],
    ['redis', { redis: { ...REDIS, connected: true, sightLost: true } }, 'warn'],
    ['journal', { journalWritable: false }, 'critical'],
    ['journal', { journalReadable: false }, 'critical'],
    ['journal', { walletsInDoubt: 2 }, 'warn'],
    ['log', { log: { fault: undefined, droppedLines: 4 } }, 'ok'],
    ['log', { log: { fault: 'ENOSPC', droppedLines: 4 } }, 'warn'],
  ])('%s with %o is %s', (name, facts, level) => {
    expect(levelOf(name, facts)).toBe(level);
  });

  it('of workers says how many were replaced', () => {
    const finding = findingsOf(wellFacts(workers(1))).find(({ name }) => name === 'workers');
    expect(finding).toMatchObject({ value: 1, unit: 'of 2', detail: '3 replaced' });
  });

  it('that not every executor has stands beside the others, with a since of its own', () => {
    const clock = new ManualClock();
    const health = new Health(() => wellFacts(), clock);
    onTestFinished(() => health.close());
    health.addChecks(() => [{ name: 'other', level: 'warn', value: 'down' }]);
    clock.advance(HEALTH_LOOK_MS);
    expect(health.checks().at(-1)).toEqual({
      name: 'other',
      level: 'warn',
      value: 'down',
      sinceMs: clock.nowMs(),
    });
  });
});

describe('since when', () => {
  it('is when the level changed, though nobody asked then', () => {
    const clock = new ManualClock();
    let facts = wellFacts();
    const health = new Health(() => facts, clock);
    onTestFinished(() => health.close());
    const startMs = clock.nowMs();
    const journal = () => health.checks().find(({ name }) => name === 'journal');
    clock.advance(HEALTH_LOOK_MS);
    facts = wellFacts({ journalWritable: false });
    clock.advance(HEALTH_LOOK_MS);
    clock.advance(60 * HEALTH_LOOK_MS);
    expect(journal()).toMatchObject({ level: 'critical', sinceMs: startMs + 2 * HEALTH_LOOK_MS });
  });
});

describe('the lag of the event loop', () => {
  function source(): DelaySource & { nowMs: number; resets: number } {
    return {
      nowMs: 10,
      resets: 0,
      count: 1,
      get max() {
        return this.nowMs * 1e6;
      },
      percentile(): number {
        return this.nowMs * 1e6;
      },
      reset(): void {
        this.resets += 1;
      },
      enable: () => true,
      disable: () => true,
    };
  }

  it('is of the last whole window, and reading it takes nothing from another reader', () => {
    const clock = new ManualClock();
    const delays = source();
    const lag = new LoopLag(clock, delays);
    onTestFinished(() => lag.close());
    delays.nowMs = 70;
    expect([lag.read().p99, lag.read().p99]).toEqual([60, 60]);
    expect(delays.resets).toBe(0);
    // An alert does not judge what is not a whole window.
    expect(lag.lastWindow()).toBeUndefined();
    clock.advance(LOOP_WINDOW_MS);
    delays.nowMs = 20;
    expect([lag.read().p99, lag.read().p99]).toEqual([60, 60]);
    clock.advance(LOOP_WINDOW_MS);
    expect(lag.read()).toEqual({ p50: 10, p99: 10, max: 10 });
    expect(delays.resets).toBe(2);
  });
});

describe('what the machine says', () => {
  it('of disks is free space, or the code of why not', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hotslot-disk-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const disks = new DiskWatch({ DATA_DIR: directory, LOG_DIR: join(directory, 'none') }, new ManualClock());
    onTestFinished(() => disks.close());
    await disks.look();
    const [data, log] = disks.spaces();
    expect(data).toMatchObject({ name: 'DATA_DIR', freeBytes: expect.any(Number) });
    expect(data!.totalBytes).toBeGreaterThan(data!.freeBytes);
    expect(log).toMatchObject({ name: 'LOG_DIR', fault: 'ENOENT' });
  });

  it('of a disk that does not answer is how long it has not, of the others what it is', async () => {
    const clock = new ManualClock();
    let asked = 0;
    let answer = (_space: { bavail: number; blocks: number; bsize: number }): void => undefined;
    const ask = (path: string) => {
      if (path === 'well') return Promise.resolve({ bavail: 1, blocks: 2, bsize: GIB });
      asked += 1;
      return new Promise<{ bavail: number; blocks: number; bsize: number }>((resolve) => {
        answer = resolve;
      });
    };
    const disks = new DiskWatch({ DATA_DIR: 'hangs', LOG_DIR: 'well' }, clock, ask);
    const log = { name: 'LOG_DIR', freeBytes: GIB, totalBytes: 2 * GIB };
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    let look = disks.look();
    await turn();
    clock.advance(DISK_ANSWER_MS);
    await look;
    expect(disks.spaces()).toEqual([
      { name: 'DATA_DIR', freeBytes: 0, totalBytes: 0, fault: 'no answer for 5 s' },
      log,
    ]);
    clock.advance(DISK_LOOK_MS - DISK_ANSWER_MS);
    look = disks.look();
    await turn();
    clock.advance(DISK_ANSWER_MS);
    await look;
    expect([disks.spaces()[0]?.fault, asked]).toEqual(['no answer for 15 s', 1]);
    answer({ bavail: 3, blocks: 4, bsize: 1 });
    await turn();
    look = disks.look();
    answer({ bavail: 3, blocks: 4, bsize: 1 });
    await look;
    expect(disks.spaces()).toEqual([{ name: 'DATA_DIR', freeBytes: 3, totalBytes: 4 }, log]);
    disks.close();
    expect(clock.timerCount).toBe(0);
  });

  it('of memory is shares of limits that are there', () => {
    const use = memoryUse();
    expect(use.heapPercent).toBeGreaterThan(0);
    expect(use.rssPercent).toBeGreaterThan(0);
    expect(use.rssBytes).toBeLessThan(use.rssLimitBytes);
  });
});
