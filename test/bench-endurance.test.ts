/** The long runs account for what they offer and judge memory by its low points: their short forms, and the slope. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rateWhileOffered } from '../bench/endurance/census.js';
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
  const offered = [{ sentMs: 0 }, { sentMs: 5_000 }, { sentMs: 10_000 }];
  const every = (periodMs: number, fromMs: number, toMs: number) =>
    Array.from(
      { length: (toMs - fromMs) / periodMs },
      (_, index) => performance.timeOrigin + fromMs + index * periodMs,
    );

  it('is that under the load: neither its first fifth nor the rest of the queue counts', () => {
    const landed = [...every(10, 0, 2_000), ...every(2, 2_000, 10_000), ...every(1, 10_000, 20_000)];
    expect(rateWhileOffered(landed, offered)).toBeCloseTo(500, 0);
  });

  it('is none where none landed meanwhile', () => {
    expect(rateWhileOffered(every(1, 10_000, 11_000), offered)).toBe(0);
    expect(rateWhileOffered([], [])).toBe(0);
  });
});

describe('the overload run', () => {
  it(
    'accounts for every intent',
    () => {
      const entry = join(DIST, 'bench', 'endurance', 'overload.js');
      const args = ['--seconds', '1', '--rate', '60', '--step-seconds', '3', '--steps', '20', '--json'];
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
