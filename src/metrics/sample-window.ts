/** The newest samples of a figure, and what they say; sorted only when somebody asks. */

export interface WindowFigures {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const NOTHING: WindowFigures = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };
const DECIMALS = 100;
/** In the place of a sample that was taken out; no sample is it. */
const REMOVED = Number.NaN;

export class SampleWindow {
  readonly #samples: Float64Array;
  #added = 0;

  /** @param size samples kept, the newest (L6) */
  constructor(size: number) {
    this.#samples = new Float64Array(size);
  }

  /** @returns its number, by which it can be taken out again */
  add(value: number): number {
    this.#samples[this.#added % this.#samples.length] = value;
    this.#added += 1;
    return this.#added - 1;
  }

  /** Takes a sample out, as if it had never come; one that newer ones have pushed out is gone already. */
  remove(number: number): void {
    if (number >= this.#added - this.#samples.length) this.#samples[number % this.#samples.length] = REMOVED;
  }

  /** Rounded to two decimals. */
  figures(): WindowFigures {
    const sorted = this.#samples
      .slice(0, this.#added)
      .filter((one) => !Number.isNaN(one))
      .sort();
    const count = sorted.length;
    if (count === 0) return NOTHING;
    const at = (share: number) => round(sorted[Math.ceil(share * count) - 1]!);
    const sum = sorted.reduce((total, one) => total + one, 0);
    return { count, mean: round(sum / count), p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
  }

  /** Undefined before there are so many samples at least. */
  recentMean(samples: number, atLeast: number): number | undefined {
    const kept = Math.min(this.#added, this.#samples.length);
    let count = 0;
    let sum = 0;
    for (let back = 1; back <= kept && count < samples; back++) {
      const sample = this.#samples[(this.#added - back) % this.#samples.length]!;
      if (Number.isNaN(sample)) continue;
      count += 1;
      sum += sample;
    }
    return count < Math.max(1, atLeast) ? undefined : sum / count;
  }
}

function round(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}
