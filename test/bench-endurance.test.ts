/** The long runs account for what they offer and judge memory by its low points: their short forms, and the slope. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
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
      expect(slopeOf(lowPoints(sawtooth, 'heapUsed')).mbPerMinute).toBeCloseTo(0, 6);
    }
  });

  it('is megabytes a minute', () => {
    const leak = Array.from({ length: 240 }, (_, second) =>
      sample(second, 100 + second / 60 + (second % 10)),
    );
    expect(slopeOf(lowPoints(leak, 'heapUsed')).mbPerMinute).toBeCloseTo(1, 1);
  });

  it('has a standard error, which says whether it is more than noise', () => {
    const pointsOf = (...mbs: readonly number[]) => mbs.map((mb, minute) => ({ atMs: minute * 60_000, mb }));
    // By hand: of 0, 2, 1 the slope is 1/2, the residues are -1/2, 1, -1/2, and their squares' sum 3/2, over 1 · 2.
    const noisy = slopeOf(pointsOf(0, 2, 1));
    expect(noisy.mbPerMinute).toBeCloseTo(0.5, 9);
    expect(noisy.errorMbPerMinute).toBeCloseTo(Math.sqrt(0.75), 9);
    expect(slopeOf(pointsOf(0, 1, 2, 3)).errorMbPerMinute).toBeCloseTo(0, 9);
    expect(slopeOf(pointsOf(4, 5)).errorMbPerMinute).toBeUndefined();
  });

  it('is none of a single point', () => {
    expect(slopeOf([{ atMs: 1, mb: 5 }])).toEqual({ mbPerMinute: 0, errorMbPerMinute: undefined });
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

/** Runs a command of `bench/endurance` to its end and gives back the result on its last line. */
function resultOf(command: string, args: readonly string[]) {
  const entry = join(DIST, 'bench', 'endurance', `${command}.js`);
  const options = { encoding: 'utf8', timeout: TIMEOUT_MS } as const;
  const done = spawnSync(process.execPath, [entry, ...args, '--json'], options);
  expect(done.status, done.stderr).toBe(0);
  return JSON.parse(done.stdout.trimEnd().split('\n').at(-1) ?? '');
}

describe('the overload run', () => {
  it(
    'accounts for every intent',
    () => {
      const args = ['--seconds', '1', '--rate', '60', '--step-seconds', '3', '--steps', '20'];
      const { census, capacity, loop } = resultOf('overload', args);
      expect(census.offered).toBe(60);
      expect(census.unaccounted).toBe(0);
      expect(capacity).toBeGreaterThan(0);
      expect(loop.p99Us).toBeGreaterThanOrEqual(loop.p50Us);
    },
    TIMEOUT_MS,
  );
});

describe('the soak', () => {
  it(
    'accounts for every intent, watches the memory of the executor meanwhile, and leaves no picture of a smoke run',
    () => {
      const picture = join(DIST, '..', 'bench', 'results', 'soak.svg');
      const drawnMs = () => statSync(picture, { throwIfNoEntry: false })?.mtimeMs;
      const before = drawnMs();
      const result = resultOf('soak', ['--smoke']);
      expect(result.census).toMatchObject({ offered: 60, unaccounted: 0 });
      expect(result.updatesPerSecond).toBeGreaterThan(0);
      expect(result.heapMb.first).toBeGreaterThan(10);
      expect(result.residentMb.last).toBeGreaterThan(result.heapMb.last);
      expect(result.loop.maxUs).toBeGreaterThanOrEqual(result.loop.p99Us);
      expect(drawnMs()).toBe(before);
    },
    TIMEOUT_MS,
  );
});
