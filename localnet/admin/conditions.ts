/** Checks changes of the slot conditions that come from outside: flags, the admin route, scenario files. */
import type { SlotConditions } from '../engine/messages.js';

interface Range {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

const RATE: Range = { min: 0, max: 1, integer: false };

/** What each condition may be. Under 5 ms a slot the engine's thread has no time left to execute anything. */
export const CONDITION_RANGES: Readonly<Record<keyof SlotConditions, Range>> = {
  slotMs: { min: 5, max: 60_000, integer: false },
  skipRate: RATE,
  leaderSkipRate: RATE,
  forkRate: RATE,
  deadRate: RATE,
  confirmSlots: { min: 1, max: 31, integer: true },
  finalizeSlots: { min: 2, max: 128, integer: true },
  leaderDelayMs: { min: 0, max: 60_000, integer: false },
  leaderDelayJitterMs: { min: 0, max: 60_000, integer: false },
};

export function isCondition(name: string): name is keyof SlotConditions {
  return Object.hasOwn(CONDITION_RANGES, name);
}

/**
 * A checked change of conditions, on top of the present ones.
 * Throws `RangeError` naming the field that is unknown or does not fit.
 */
export function checkConditions(
  present: SlotConditions,
  change: Readonly<Record<string, unknown>>,
): Partial<SlotConditions> {
  const checked: Record<string, number> = {};
  for (const [name, value] of Object.entries(change)) {
    if (!isCondition(name)) throw new RangeError(`${name} is not a slot condition`);
    const { min, max, integer } = CONDITION_RANGES[name];
    if (
      typeof value !== 'number' ||
      !(value >= min && value <= max) ||
      (integer && !Number.isInteger(value))
    ) {
      throw new RangeError(
        `${name} must be ${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`,
      );
    }
    checked[name] = value;
  }
  const { confirmSlots, finalizeSlots } = { ...present, ...checked };
  if (finalizeSlots <= confirmSlots) throw new RangeError('finalizeSlots must be more than confirmSlots');
  return checked;
}
