/** HDR histograms of nanoseconds: how they are made, recorded to and read. */
import hdr from 'hdr-histogram-js';

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

export function quantilesOf(histogram: Histogram, divisor: number): Quantiles {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / divisor;
  const count = histogram.totalCount;
  if (count === 0) return { count: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };
  return { count, p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: histogram.maxValue / divisor };
}
