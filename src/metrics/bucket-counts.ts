/** Counts in fixed buckets, as Prometheus' classic histograms have them. An observation costs a search in a few bounds. */

/** Seconds, from the signing of one message to the finality of a block. */
export const DURATION_BOUNDS_S: readonly number[] = [
  2e-6, 1e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 0.01, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60,
];
export const SLOT_DELTA_BOUNDS: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 16, 32, 64, 150];

export class BucketCounts {
  /** Upper bounds, rising; each bucket holds what is at or below its bound and above the one before. */
  readonly bounds: readonly number[];
  /** Not cumulative; the last one is what is above every bound. */
  readonly counts: Float64Array;
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  observe(value: number): void {
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= this.bounds[middle]!) high = middle;
      else low = middle + 1;
    }
    this.counts[low]! += 1;
    this.#sum += value;
    this.#count += 1;
  }
}
