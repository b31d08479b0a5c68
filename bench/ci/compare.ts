/** A run beside the committed baseline, by ratios: what two contestants in one run have in common cancels out. */

export interface BaselineEntry {
  readonly value: number;
  readonly better: 'higher' | 'lower';
  /** Share by which it may be worse before it counts as a regression; wide enough for another machine. */
  readonly tolerance: number;
}

export interface Baseline {
  readonly version: 1;
  readonly ratios: { readonly [name: string]: BaselineEntry };
}

export type Verdict = 'ok' | 'better' | 'regression' | 'missing';

export interface Comparison {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly baseline: number;
  /** Undefined where the run did not measure it. */
  readonly now: number | undefined;
  /** The worst value that passes. */
  readonly limit: number;
  readonly verdict: Verdict;
}

/** @throws Error for a file that is no baseline */
export function parseBaseline(text: string): Baseline {
  const value = JSON.parse(text) as Partial<Baseline>;
  const isEntry = (one: BaselineEntry) =>
    Number.isFinite(one.value) &&
    one.value > 0 &&
    one.tolerance >= 0 &&
    (one.better === 'higher' ? one.tolerance < 1 : one.better === 'lower');
  if (value.version !== 1 || value.ratios === undefined || !Object.values(value.ratios).every(isEntry)) {
    throw new Error('the baseline is malformed');
  }
  return value as Baseline;
}

/** One row a ratio of the baseline; ratios that it does not have are nobody's business. */
export function compare(baseline: Baseline, ratios: { readonly [name: string]: number }): Comparison[] {
  return Object.entries(baseline.ratios).map(([name, entry]) => {
    const { value, better, tolerance } = entry;
    const now = ratios[name];
    const limit = better === 'higher' ? value * (1 - tolerance) : value * (1 + tolerance);
    return { name, better, baseline: value, now, limit, verdict: verdictOf(entry, now, limit) };
  });
}

function verdictOf(
  { value, better, tolerance }: BaselineEntry,
  now: number | undefined,
  limit: number,
): Verdict {
  // What is not measured any more may hide anything: it fails like a regression.
  if (now === undefined || !Number.isFinite(now)) return 'missing';
  if (better === 'higher' ? now < limit : now > limit) return 'regression';
  const isBetter = better === 'higher' ? now > value * (1 + tolerance) : now < value * (1 - tolerance);
  return isBetter ? 'better' : 'ok';
}

export function hasFailed(rows: readonly Comparison[]): boolean {
  return rows.some(({ verdict }) => verdict === 'regression' || verdict === 'missing');
}

/** The baseline with the values of a run; directions and tolerances stay. */
export function updated(baseline: Baseline, ratios: { readonly [name: string]: number }): Baseline {
  const entries = Object.entries(baseline.ratios).map(([name, entry]) => {
    const now = ratios[name];
    return [name, now === undefined ? entry : { ...entry, value: Number(now.toPrecision(4)) }];
  });
  return { version: 1, ratios: Object.fromEntries(entries) };
}
