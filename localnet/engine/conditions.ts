/** Slot behaviour: defaults and the check of every change. */
import { MAX_LOAD_RATE } from './background-load.js';
import type { SlotConditions } from './messages.js';

export const DEFAULT_CONDITIONS: SlotConditions = {
  slotMs: 400,
  skipRate: 0,
  leaderSkipRate: 0,
  forkRate: 0,
  deadRate: 0,
  confirmSlots: 2,
  finalizeSlots: 32,
  leaderDelayMs: 20,
  leaderDelayJitterMs: 5,
  blockCostLimit: 60_000_000,
  accountCostLimit: 12_000_000,
  bufferTransactions: 20_000,
  loadRate: 0,
  loadPriceMicroLamports: 100_000,
  loadPoolRate: 0.5,
};

interface Range {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

const RATE: Range = { min: 0, max: 1, integer: false };
const RANGES: Readonly<Record<keyof SlotConditions, Range>> = {
  slotMs: { min: 5, max: 60_000, integer: false },
  skipRate: RATE,
  leaderSkipRate: RATE,
  forkRate: RATE,
  deadRate: RATE,
  confirmSlots: { min: 1, max: 100, integer: true },
  finalizeSlots: { min: 1, max: 400, integer: true },
  leaderDelayMs: { min: 0, max: 60_000, integer: false },
  leaderDelayJitterMs: { min: 0, max: 60_000, integer: false },
  // No less than the largest transaction can take, which would find room in no block.
  blockCostLimit: { min: 1_500_000, max: 1_000_000_000, integer: true },
  accountCostLimit: { min: 1_500_000, max: 1_000_000_000, integer: true },
  bufferTransactions: { min: 1, max: 100_000, integer: true },
  loadRate: { min: 0, max: MAX_LOAD_RATE, integer: false },
  loadPriceMicroLamports: { min: 0, max: 1_000_000_000, integer: true },
  loadPoolRate: RATE,
};

/** @throws RangeError for a name that does not exist or a value out of range; nothing is changed then. */
export function changeConditions(current: SlotConditions, change: Partial<SlotConditions>): SlotConditions {
  for (const [name, value] of Object.entries(change)) {
    const range = RANGES[name as keyof SlotConditions];
    if (range === undefined) throw new RangeError(`There is no slot condition ${name}`);
    const fits = typeof value === 'number' && value >= range.min && value <= range.max;
    if (!fits || (range.integer && !Number.isInteger(value))) {
      const kind = range.integer ? 'a whole number' : 'a number';
      throw new RangeError(`${name} must be ${kind} from ${range.min} to ${range.max}`);
    }
  }
  const next = { ...current, ...change };
  if (next.finalizeSlots < next.confirmSlots) {
    throw new RangeError('finalizeSlots must not be less than confirmSlots');
  }
  return next;
}
