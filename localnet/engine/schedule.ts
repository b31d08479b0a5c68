/** Who leads which slot: windows of four slots, drawn by stake. */
import { createPrng } from './prng.js';

/** A leader holds this many slots in a row. */
export const SLOTS_PER_WINDOW = 4;

export interface StakedValidator {
  readonly identity: string;
  readonly stakeLamports: bigint;
}

/** The leader's identity by slot. A function of its arguments only: every thread that makes one gets the same. */
export function createLeaderSchedule(
  seed: string,
  validators: readonly StakedValidator[],
): (slot: number) => string {
  const last = validators.at(-1);
  if (last === undefined) throw new RangeError('A cluster needs a validator');
  const total = validators.reduce((sum, validator) => sum + Number(validator.stakeLamports), 0);
  return (slot) => {
    let point = createPrng(seed, 'leader', Math.floor(slot / SLOTS_PER_WINDOW))() * total;
    for (const validator of validators) {
      point -= Number(validator.stakeLamports);
      if (point < 0) return validator.identity;
    }
    return last.identity;
  };
}
