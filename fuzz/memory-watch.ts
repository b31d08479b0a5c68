/**
 * Memory over a run: sampled after forced collections, and judged by the slope of its second half. What a call takes
 * for a moment (a key derivation, a profile) is no leak: of each stretch of that half the median sample counts.
 */
import { INDEX_FILE } from '../src/journal/trade-index.js';
import { mappedFileBytes, residentBytes } from './process-facts.js';

export interface MemorySample {
  readonly sent: number;
  readonly bytes: number;
}

export interface MemoryTrend {
  readonly startMiB: number;
  readonly endMiB: number;
  readonly mostMiB: number;
  /** Of a straight line through the median samples of the second half's stretches. */
  readonly slopeMiBPer100k: number;
  /** What that line rises by over the second half. */
  readonly secondHalfMiB: number;
  readonly samples: number;
}

const MIB = 1024 * 1024;
/**
 * Rises over the second half that are leaks. What JavaScript holds is known to the byte, but for what is under way at
 * that moment; resident memory also has what allocators keep for later.
 */
const LEAK_MIB = { held: 3, resident: 8 } as const;
const SLOPE_UNIT = 100_000;
const STRETCHES = 8;

export class MemoryWatch {
  readonly #pid: number;
  readonly #resident: MemorySample[] = [];
  readonly #held: MemorySample[] = [];
  readonly #history: MemorySample[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** @param collected what the process said right after a collection */
  sample(sent: number, { heapUsed, external }: Pick<NodeJS.MemoryUsage, 'heapUsed' | 'external'>): void {
    const history = mappedFileBytes(this.#pid, INDEX_FILE);
    this.#history.push({ sent, bytes: history });
    this.#resident.push({ sent, bytes: residentBytes(this.#pid) - history });
    this.#held.push({ sent, bytes: heapUsed + external });
  }

  /** Resident memory but for the history's pages. */
  get resident(): MemoryTrend {
    return trendOf(this.#resident);
  }

  /** What JavaScript holds: its heap, and buffers outside of it. */
  get held(): MemoryTrend {
    return trendOf(this.#held);
  }

  /** Pages of the history that are mapped: as many as it has of them, until the system takes them back. */
  get history(): MemoryTrend {
    return trendOf(this.#history);
  }
}

/** @returns what of it rose in the second half by more than chance does */
export function leaksOf(watch: Pick<MemoryWatch, 'held' | 'resident'>): readonly string[] {
  return (['held', 'resident'] as const)
    .filter((kind) => watch[kind].secondHalfMiB > LEAK_MIB[kind])
    .map((kind) => `${kind} memory rose by ${watch[kind].secondHalfMiB} MiB in the second half`);
}

export function trendOf(samples: readonly MemorySample[]): MemoryTrend {
  const half = mediansOfStretches(samples.slice(Math.floor(samples.length / 2)));
  const slope = slopeOf(half);
  const span = (half.at(-1)?.sent ?? 0) - (half[0]?.sent ?? 0);
  const mib = (bytes: number) => Math.round((bytes / MIB) * 10) / 10;
  return {
    startMiB: mib(samples[0]?.bytes ?? 0),
    endMiB: mib(samples.at(-1)?.bytes ?? 0),
    mostMiB: mib(Math.max(0, ...samples.map(({ bytes }) => bytes))),
    slopeMiBPer100k: mib(slope * SLOPE_UNIT),
    secondHalfMiB: mib(slope * span),
    samples: samples.length,
  };
}

function mediansOfStretches(samples: readonly MemorySample[]): readonly MemorySample[] {
  const length = Math.max(1, Math.ceil(samples.length / STRETCHES));
  const medians: MemorySample[] = [];
  for (let at = 0; at < samples.length; at += length) {
    const stretch = samples.slice(at, at + length).sort((a, b) => a.bytes - b.bytes);
    const median = stretch[Math.floor(stretch.length / 2)];
    if (median !== undefined) medians.push(median);
  }
  return medians;
}

/** Least squares, bytes a message. */
function slopeOf(samples: readonly MemorySample[]): number {
  if (samples.length < 2) return 0;
  const meanSent = mean(samples.map(({ sent }) => sent));
  const meanBytes = mean(samples.map(({ bytes }) => bytes));
  let covariance = 0;
  let variance = 0;
  for (const { sent, bytes } of samples) {
    covariance += (sent - meanSent) * (bytes - meanBytes);
    variance += (sent - meanSent) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
