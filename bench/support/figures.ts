/** Samples into the rows of a result. */
import { type BenchResult, median, quantile } from '../measure.js';

export function figure(name: string, unit: string, values: readonly number[]): BenchResult {
  if (values.length === 0) throw new Error(`${name} has no samples`);
  return { name, unit, p50: median(values), p99: quantile(values, 0.99), n: values.length };
}
