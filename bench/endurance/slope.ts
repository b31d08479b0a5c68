/** Whether memory grows: low points, and the slope of the line through them. */

/** As `GET /api/debug/memory` gives it; bytes. */
export interface MemorySample {
  readonly atMs: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** Of `rss`, the mapped pages of the history: the system's cache of a file that grows with every trade. */
  readonly history: number;
  /** Of `rss`, the rest. */
  readonly resident: number;
}

export interface Point {
  readonly atMs: number;
  readonly mb: number;
}

const MINUTE_MS = 60_000;

/**
 * The least of every whole minute from the first sample on: at 200 trades a second the old generation is collected every
 * half minute, and a window without a collection in it, such as the rest of a minute, has no low point.
 */
export function lowPoints(samples: readonly MemorySample[], of: 'heapUsed' | 'resident'): Point[] {
  const startMs = samples[0]?.atMs ?? 0;
  const windowOf = ({ atMs }: MemorySample) => Math.floor((atMs - startMs) / MINUTE_MS);
  const whole = samples.length === 0 ? 0 : windowOf(samples.at(-1)!);
  const lowest = new Map<number, Point>();
  for (const sample of samples) {
    const window = windowOf(sample);
    if (window >= whole) continue;
    const mb = sample[of] / 2 ** 20;
    const known = lowest.get(window);
    if (known === undefined || mb < known.mb) lowest.set(window, { atMs: sample.atMs, mb });
  }
  return [...lowest.values()];
}

export interface Slope {
  readonly mbPerMinute: number;
  /** Its standard error: a slope of no more than twice this is within the noise. Undefined for fewer than three points. */
  readonly errorMbPerMinute: number | undefined;
}

/** By least squares; a slope of 0 for fewer than two points. */
export function slopeOf(points: readonly Point[]): Slope {
  const meanAt = points.reduce((sum, { atMs }) => sum + atMs, 0) / points.length;
  const meanMb = points.reduce((sum, { mb }) => sum + mb, 0) / points.length;
  const below = points.reduce((sum, { atMs }) => sum + (atMs - meanAt) ** 2, 0);
  if (points.length < 2 || below === 0) return { mbPerMinute: 0, errorMbPerMinute: undefined };
  const slope = points.reduce((sum, { atMs, mb }) => sum + (atMs - meanAt) * (mb - meanMb), 0) / below;
  const mbPerMinute = slope * MINUTE_MS;
  if (points.length < 3) return { mbPerMinute, errorMbPerMinute: undefined };
  const residues = points.map(({ atMs, mb }) => mb - meanMb - slope * (atMs - meanAt));
  const squares = residues.reduce((sum, residue) => sum + residue ** 2, 0);
  return { mbPerMinute, errorMbPerMinute: Math.sqrt(squares / (points.length - 2) / below) * MINUTE_MS };
}
