/** What each weather did to our attempts, so that a drill shows that it was out in it. Pure. */
import type { LedgerTransaction, SlotSample, Submission } from './evidence.js';
import type { Spell, WeatherName } from './weather.js';

/** An attempt that lands this many slots after its first byte, or later, waited for more than the way to the leader. */
export const LATE_SLOTS = 25;

export interface WeatherFigures {
  readonly spells: number;
  /** Signatures whose first byte arrived in it. */
  readonly attempts: number;
  /** Of them those that landed `LATE_SLOTS` or more after that, by samples of the cluster's tip. */
  readonly late: number;
  readonly neverLanded: number;
}

export interface WeatherEvidence {
  readonly submissions: readonly Submission[];
  readonly ledger: readonly LedgerTransaction[];
  /** Ascending. */
  readonly samples: readonly SlotSample[];
}

/** Only weathers that came are in it. */
export function weatherFigures(
  spells: readonly Spell[],
  { submissions, ledger, samples }: WeatherEvidence,
): Readonly<Partial<Record<WeatherName, WeatherFigures>>> {
  const landedIn = new Map(ledger.map((one) => [one.signature, one.slot]));
  const figures: Partial<Record<WeatherName, WeatherFigures>> = {};
  for (const { name, fromMs, toMs } of spells) {
    const inIt = submissions.filter((one) => one.firstReceivedAtMs >= fromMs && one.firstReceivedAtMs < toMs);
    const late = inIt.filter((one) => {
      const slot = landedIn.get(one.signature);
      return slot !== undefined && slot - tipAt(samples, one.firstReceivedAtMs) >= LATE_SLOTS;
    });
    const before = figures[name] ?? { spells: 0, attempts: 0, late: 0, neverLanded: 0 };
    figures[name] = {
      spells: before.spells + 1,
      attempts: before.attempts + inIt.length,
      late: before.late + late.length,
      neverLanded: before.neverLanded + inIt.filter((one) => !landedIn.has(one.signature)).length,
    };
  }
  return figures;
}

/** The tip of the first sample at or after a time: never less than the tip was then. */
function tipAt(samples: readonly SlotSample[], atMs: number): number {
  return samples.find((sample) => sample.askedAtMs >= atMs)?.tip ?? Number.POSITIVE_INFINITY;
}
