/** Quantiles are read in one pass; the library's own, slower look-ups say what they must be. */
import fc from 'fast-check';
import hdr from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { nanosecondHistogram, quantilesOf } from '../src/metrics/histograms.js';

const values = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 5_000 }),
    fc.integer({ min: 1, max: 3_600_000 }).map((ms) => ms * 1_000_000),
  ),
  { minLength: 1, maxLength: 300 },
);

function expectLibrarys(histogram: hdr.Histogram): void {
  const { p50, p90, p95, p99, max, count } = quantilesOf(histogram, 1);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile);
  expect({ p50, p90, p95, p99, max, count }).toEqual({
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    max: histogram.maxValue,
    count: histogram.totalCount,
  });
}

describe('the quantiles of a histogram', () => {
  it("are the library's, whatever was recorded", () => {
    fc.assert(
      fc.property(values, fc.constantFrom(2 as const, 3 as const), (samples, digits) => {
        const histogram = nanosecondHistogram(digits);
        for (const sample of samples) histogram.recordValue(sample);
        expectLibrarys(histogram);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('count zeros, which slot deltas have', () => {
    for (const samples of [[0], [0, 0, 0, 2], [0, 5], [1]]) {
      const histogram = hdr.build({ highestTrackableValue: 100_000, numberOfSignificantValueDigits: 3 });
      for (const sample of samples) histogram.recordValue(sample);
      expectLibrarys(histogram);
    }
  });

  it('are zero of none', () => {
    expect(quantilesOf(nanosecondHistogram(), 1_000)).toEqual({
      count: 0,
      p50: 0,
      p90: 0,
      p95: 0,
      p99: 0,
      max: 0,
    });
  });
});
