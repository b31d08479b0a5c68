/** HDR histograms of nanoseconds: how they are made, recorded to and read. */
import hdr, { type JsHistogram } from 'hdr-histogram-js';

/** One hour in nanoseconds: what takes longer is counted as this. */
const HIGHEST_NS = 3_600_000_000_000;

export type Histogram = hdr.Histogram;

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** @param digits significant ones that are kept: 3 take 140 KB, 2 take 20 KB */
export function nanosecondHistogram(digits: 2 | 3 = 3): Histogram {
  return hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: digits,
  });
}

export function recordUs(histogram: Histogram, us: number): void {
  histogram.recordValue(nanosecondsOf(us));
}

/** @returns a value that every histogram of ours can hold */
export function nanosecondsOf(us: number): number {
  return Math.min(Math.max(Math.round(us * 1000), 1), HIGHEST_NS);
}

const SHARES = [0.5, 0.9, 0.95, 0.99] as const;

/**
 * Equal to the library's look-ups, in one pass between the least and the greatest value: its own go through all
 * 32,000 counts for each quantile, and a snapshot of every stage held the event loop for 6 ms, once a second for
 * whoever watches.
 */
export function quantilesOf(histogram: Histogram, divisor: number): Quantiles {
  const count = histogram.totalCount;
  if (count === 0) return { count, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };
  // Every histogram of ours is made by `build`, which makes this class.
  const counted = histogram as unknown as JsHistogram;
  const ranks = SHARES.map((share) => rankOf(share * count));
  const values: number[] = [];
  let index = counted.getCountAtIndex(0) > 0 ? 0 : counted.countsArrayIndex(histogram.minNonZeroValue);
  let passed = counted.getCountAtIndex(index);
  for (const rank of ranks) {
    while (passed < rank) passed += counted.getCountAtIndex(++index);
    values.push(counted.highestEquivalentValue(counted.valueFromIndex(index)) / divisor);
  }
  const [p50, p90, p95, p99] = values as [number, number, number, number];
  return { count, p50, p90, p95, p99, max: histogram.maxValue / divisor };
}

/** Rounded up, but for the last bit of the product: it may be one too large. */
function rankOf(product: number): number {
  const lastBit = 2 ** (Math.floor(Math.log2(product)) - 52);
  return Math.max(Math.ceil(product - lastBit), 1);
}
