/** Figures that floating point has given more digits than were measured. */
import type { StageTimes } from './trade.js';

/** To a thousandth: nanoseconds of microseconds, microseconds of milliseconds. */
export const toThousandths = (value: number): number => Math.round(value * 1_000) / 1_000;

/** A trade's times to the nanosecond, which is what the clock has. */
export function toldTimes({ receivedAtMs, ...stages }: StageTimes): StageTimes {
  const told = Object.entries(stages).map(([stage, us]) => [stage, toThousandths(us)] as const);
  return { receivedAtMs, ...Object.fromEntries(told) };
}
