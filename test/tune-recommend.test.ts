/**
 * The knee was once the limit with the best throughput: with noise of a percent that was always the largest one. It
 * is the least limit that is as good.
 */
import { describe, expect, it } from 'vitest';
import { nanosecondHistogram, recordUs } from '../src/metrics/histograms.js';
import { csvOf } from '../src/tune/csv.js';
import { sampleOf } from '../src/tune/measure.js';
import { kneeOf, recommend, rowsOf } from '../src/tune/recommend.js';
import { svgOf } from '../src/tune/svg.js';
import type { TunePoint, TuneSample } from '../src/tune/types.js';

const POINT: TunePoint = { stage: 1, concurrency: 8, workers: 1, rpcPoolSize: 4, signing: 'auto', rate: 100 };
const flat = (us: number) => ({ p50: us, p95: us, p99: us });

function sample(change: Partial<TunePoint>, throughput: number, p95Us: number, noWaitUs = 300): TuneSample {
  return {
    point: { ...POINT, ...change },
    repeat: 0,
    offered: 100,
    accepted: 100,
    denied: {},
    throughput,
    intentToWireUs: flat(p95Us),
    intentToWireNoWaitUs: flat(noWaitUs),
    submitUs: { uncorrected: flat(100), corrected: flat(120) },
  };
}

/** Saturates at 32. */
const SWEEP = [
  sample({ concurrency: 8 }, 25, 900_000),
  sample({ concurrency: 16 }, 51, 500_000),
  sample({ concurrency: 32 }, 98.2, 2_000),
  sample({ concurrency: 64 }, 99.9, 1_900),
  sample({ concurrency: 128 }, 100, 1_950),
];

describe('the knee', () => {
  it('is the least limit that is as good as any, whatever the order', () => {
    const { row, why } = kneeOf(rowsOf([...SWEEP].reverse()));
    expect(row.point.concurrency).toBe(32);
    expect(why).toContain('MAX_CONCURRENT_TRADES=32');
    expect(why).toContain('64 gains nothing');
  });

  it('is further up where throughput is the same and p95 is not', () => {
    const slow = SWEEP.map((one) =>
      one.point.concurrency === 32 ? sample({ concurrency: 32 }, 98.2, 4_000) : one,
    );
    expect(kneeOf(rowsOf(slow)).row.point.concurrency).toBe(64);
  });

  it('is that of the highest rate', () => {
    const easy = [4, 8, 128].map((concurrency) => sample({ concurrency, rate: 10 }, 10, 500));
    expect(kneeOf(rowsOf([...easy, ...SWEEP])).row.point.concurrency).toBe(32);
  });

  it('rests on medians: one bad repeat moves nothing', () => {
    const bad = sample({ concurrency: 32 }, 10, 3_000_000);
    const again = SWEEP.map((one) => ({ ...one, repeat: 1 }));
    expect(kneeOf(rowsOf([...SWEEP, ...again, bad])).row.point.concurrency).toBe(32);
  });

  it('is said not to be known where the least limit that was tried is as good as any', () => {
    const { row, why } = kneeOf(rowsOf(SWEEP.slice(3)));
    expect(row.point.concurrency).toBe(64);
    expect(why).toContain('no lower limit was tried');
  });
});

describe('the recommendation', () => {
  it('takes more connections only where they are worth it', () => {
    const eight = (throughput: number, p95Us: number) =>
      SWEEP.map((one) => sample({ ...one.point, rpcPoolSize: 8 }, one.throughput * throughput, p95Us));
    expect(recommend([...SWEEP, ...eight(1, 1_980)]).rpcPoolSize).toBe(4);
    expect(recommend([...SWEEP, ...eight(1, 1_000)]).rpcPoolSize).toBe(8);
    expect(recommend([...SWEEP, ...eight(0.8, 1_000)]).rpcPoolSize).toBe(4);
  });

  it('changes the way of signing only for what is clearly faster without the waits', () => {
    const second = { concurrency: 32, stage: 2 } as const;
    const own = sample(second, 98, 2_000, 300);
    const other = (us: number) => sample({ ...second, signing: 'inline' }, 98, 2_000, us);
    expect(recommend([...SWEEP, own, other(295)]).signing).toBe('auto');
    const faster = recommend([...SWEEP, own, other(200), sample({ ...second, workers: 2 }, 98, 2_000, 400)]);
    expect(faster).toMatchObject({ signing: 'inline', workers: 1, concurrency: 32, rpcPoolSize: 4 });
    expect(faster.why).toHaveLength(3);
  });

  it('compares ways of signing within the second stage: the sweep’s executor is warmer than any new one', () => {
    const second = { concurrency: 32, stage: 2 } as const;
    const ways = [
      sample(second, 98, 2_000, 500),
      sample({ ...second, signing: 'inline' }, 98, 2_000, 400),
      sample({ ...second, signing: 'pool' }, 98, 2_000, 450),
    ];
    const { signing, why } = recommend([...SWEEP, ...ways]);
    expect(signing).toBe('inline');
    expect(why[2]).toContain('auto with 1: p95 500 µs; inline with 1: p95 400 µs; pool with 1: p95 450 µs');
  });

  it('takes every combination of a full sweep for one stage', () => {
    const inline = SWEEP.map((one) =>
      sample({ ...one.point, signing: 'inline' }, one.throughput, 2_000, 200),
    );
    expect(recommend([...SWEEP, ...inline]).signing).toBe('inline');
  });
});

describe('a run', () => {
  const outcome = () => {
    const [uncorrected, corrected] = [nanosecondHistogram(), nanosecondHistogram()];
    recordUs(uncorrected, 100);
    recordUs(corrected, 5_000);
    return {
      offered: 4,
      ids: ['a', 'b', 'c'],
      denied: { QUEUE_FULL: 1 },
      startedAtMs: 1_000,
      endedAtMs: 2_000,
      uncorrected,
      corrected,
    };
  };

  it('counts what was not sent in time with what it had waited, and not as sent', () => {
    const trades = [
      { id: 'a', timesUs: { receivedAtMs: 1_000, queuedUs: 10, lockedUs: 110, sentUs: 400 } },
      { id: 'b', timesUs: { receivedAtMs: 1_900, queuedUs: 10, lockedUs: 200_000, sentUs: 200_100 } },
      { id: 'c', timesUs: { receivedAtMs: 1_200, queuedUs: 10 } },
    ];
    const result = sampleOf(POINT, 0, outcome(), trades);
    expect(result.throughput).toBe(1);
    expect(result.intentToWireNoWaitUs.p99).toBe(300);
    expect(result.intentToWireUs.p50).toBe(100_000);
    expect(result.intentToWireUs.p99).toBe(800_000);
    expect(result.accepted).toBe(3);
  });

  it('keeps what the client felt beside what the generator would hide', () => {
    const { submitUs } = sampleOf(POINT, 0, outcome(), []);
    expect(submitUs.uncorrected.p95).toBeCloseTo(100, 0);
    expect(submitUs.corrected.p95).toBeCloseTo(5_000, -2);
  });
});

describe('what is written', () => {
  it('is a table with a row a point', () => {
    const lines = csvOf(rowsOf(SWEEP)).trimEnd().split('\n');
    expect(lines).toHaveLength(1 + SWEEP.length);
    const widths = new Set(lines.map((line) => line.split(',').length));
    expect(widths.size).toBe(1);
    expect(lines[3]).toMatch(/^1,32,1,4,auto,100,1,98\.20,/);
  });

  it('is a picture in which every point is within the frame and the chosen one is marked', () => {
    const svg = svgOf(rowsOf(SWEEP), recommend(SWEEP));
    const xs = [...svg.matchAll(/cx="([\d.]+)" cy="[\d.]+" r="3"/g)].map((match) => Number(match[1]));
    const ys = [...svg.matchAll(/cy="([\d.]+)" r="3"/g)].map((match) => Number(match[1]));
    expect(xs).toHaveLength(2 * SWEEP.length);
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(70);
    expect(Math.max(...xs)).toBeLessThanOrEqual(780);
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(56);
    expect(Math.max(...ys)).toBeLessThanOrEqual(380);
    expect(svg).toContain('chosen: 32, 4 connections, auto, 1 workers');
    expect(svg).not.toContain('NaN');
    // The third limit of five, doubling each time, stands in the middle.
    expect([...svg.matchAll(/cx="([\d.]+)" cy="[\d.]+" r="7"/g)].map((match) => match[1])).toEqual([
      '425',
      '425',
    ]);
  });

  it('draws the line of the knee strong, and rings what was chosen among the ways of signing', () => {
    const ways = (['auto', 'inline'] as const).map((signing) =>
      sample({ concurrency: 32, stage: 2, signing }, 98, 2_000, signing === 'inline' ? 200 : 300),
    );
    const eight = SWEEP.map((one) => sample({ ...one.point, rpcPoolSize: 8 }, one.throughput, 2_500));
    const all = [...SWEEP, ...eight, ...ways];
    const chosen = recommend(all);
    expect(chosen).toMatchObject({ concurrency: 32, rpcPoolSize: 4, signing: 'inline' });
    const svg = svgOf(rowsOf(all), chosen);
    expect(svg.match(/<g opacity="1">/g)).toHaveLength(2);
    expect(svg.match(/r="7"/g)).toHaveLength(2);
  });
});
