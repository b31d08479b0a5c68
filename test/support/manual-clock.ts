import type { Clock, TimerHandle } from '../../src/time/clock.js';

interface Timer {
  atMs: number;
  readonly order: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

/** A clock that stands still until a test advances it; timers ring in the order of their times. */
export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicUs(): number {
    return this.#nowMs * 1000;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    return this.#add(delayMs, undefined, callback);
  }

  every(periodMs: number, callback: () => void): TimerHandle {
    return this.#add(periodMs, periodMs, callback);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (due === undefined) break;
      this.#nowMs = due.atMs;
      if (due.periodMs === undefined) this.#timers.delete(due);
      else due.atMs += due.periodMs;
      due.callback();
    }
    this.#nowMs = untilMs;
  }

  #add(delayMs: number, periodMs: number | undefined, callback: () => void): TimerHandle {
    this.#order += 1;
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, periodMs, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }
}
