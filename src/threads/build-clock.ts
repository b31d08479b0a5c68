/** The two readings of time that a build needs, the same on every thread. */
import type { Clock } from '../time/clock.js';
import type { SharedBoard } from './shared-board.js';

export interface BuildClock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** The main thread's monotonic clock, µs. */
  nowUs(): number;
}

function hrtimeUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** For the thread that owns the clock. */
export function ownClock(clock: Clock): BuildClock {
  return { nowMs: () => clock.nowMs(), nowUs: () => clock.monotonicUs() };
}

/** Writes down how other threads find this clock: `performance.now()` has another origin on each thread. */
export function publishClock(board: SharedBoard, clock: Clock): void {
  board.setClockOffsetUs(hrtimeUs() - clock.monotonicUs());
}

/** The main thread's clock, seen from another thread. */
export function boardClock(board: SharedBoard): BuildClock {
  const offsetUs = board.clockOffsetUs();
  return { nowMs: () => Date.now(), nowUs: () => hrtimeUs() - offsetUs };
}
