/** The long runs account for what they offer and judge memory by its low points: their short forms, and the slope. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { steadyRate } from '../bench/endurance/census.js';
import { lowPoints, slopeOf } from '../bench/endurance/slope.js';

const DIST = fileURLToPath(new URL('../', import.meta.url));
const TIMEOUT_MS = 120_000;
const MB = 2 ** 20;

describe('the slope of memory', () => {
  const sample = (second: number, heapMb: number) => ({
    atMs: second * 1_000,
    rss: 0,
    heapUsed: heapMb * MB,
    external: 0,
    history: 0,
    resident: 0,
  });

  it('is that of the low points: a heap that only fills between collections does not grow', () => {
    for (const periodS of [10, 32]) {
      const sawtooth = Array.from({ length: 375 }, (_, second) => sample(second, 100 + (second % periodS)));
      expect(slopeOf(lowPoints(sawtooth, 'heapUsed'))).toBeCloseTo(0, 6);
    }
  });

  it('is megabytes a minute', () => {
    const leak = Array.from({ length: 240 }, (_, second) =>
      sample(second, 100 + second / 60 + (second % 10)),
    );
    expect(slopeOf(lowPoints(leak, 'heapUsed'))).toBeCloseTo(1, 1);
  });

  it('is none of a single point', () => {
    expect(slopeOf([{ atMs: 1, mb: 5 }])).toBe(0);
  });
});

describe('the rate of landings', () => {
  it('is that of the steady middle, not of what was offered while a queue filled', () => {
    const queued = Array.from({ length: 10_000 }, (_, number) => number * 1.25);
    expect(steadyRate(queued)).toBeCloseTo(800, 6);
    const withStart = [...queued.slice(0, 100).map((atMs) => atMs - 30_000), ...queued];
    expect(steadyRate(withStart)).toBeCloseTo(800, 6);
  });

  it('is none of a few', () => {
    expect(steadyRate([1, 2, 3])).toBe(0);
  });
});

describe('the overload run', () => {
  it(
    'accounts for every intent',
    () => {
      const entry = join(DIST, 'bench', 'endurance', 'overload.js');
      const args = ['--seconds', '1', '--rate', '60', '--step-seconds', '1', '--steps', '20', '--json'];
      const done = spawnSync(process.execPath, [entry, ...args], { encoding: 'utf8', timeout: TIMEOUT_MS });
      expect(done.status, done.stderr).toBe(0);
      const { census, capacity } = JSON.parse(done.stdout.trimEnd().split('\n').at(-1) ?? '');
      expect(census.offered).toBe(60);
      expect(census.unaccounted).toBe(0);
      expect(capacity).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
