import { SteadyTime } from './steady-time.js';

/** Time as the stages see it. Passed in everywhere so that the seeded simulation can drive production code. */
export interface TimerHandle {
  /** Ends it; calling twice is harmless. */
  cancel(): void;
}

export interface Clock {
  /** Epoch milliseconds, for records, people and deadlines; never running back while the process lives. */
  nowMs(): number;
  /** Microseconds from an arbitrary origin, never running back, with sub-microsecond fraction; for durations. */
  monotonicUs(): number;
  /** Calls once after `delayMs`. Timers never keep the process alive by themselves. */
  after(delayMs: number, callback: () => void): TimerHandle;
  /** Calls every `periodMs` until cancelled. */
  every(periodMs: number, callback: () => void): TimerHandle;
}

const monotonicUs = (): number => performance.now() * 1000;
const steadyTime = new SteadyTime(() => Date.now(), monotonicUs);

/** The machine's own clocks. */
export const systemClock: Clock = {
  nowMs: () => steadyTime.nowMs(),
  monotonicUs,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs);
    timer.unref();
    return { cancel: () => clearInterval(timer) };
  },
};
