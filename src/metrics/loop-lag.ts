/** How late the main thread's loop runs, over windows of its own: whoever reads it takes nothing from another reader. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, TimerHandle } from '../time/clock.js';

export const LOOP_WINDOW_MS = 10_000;
/** Milliseconds between two looks at the loop. */
const RESOLUTION_MS = 10;
const NANOSECONDS_A_MS = 1e6;

export interface LoopLagMs {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What node:perf_hooks measures: nanoseconds between two looks. */
export type DelaySource = Pick<
  IntervalHistogram,
  'enable' | 'disable' | 'reset' | 'percentile' | 'max' | 'count'
>;

export class LoopLag {
  readonly #source: DelaySource;
  readonly #timer: TimerHandle;
  #last: LoopLagMs | undefined;

  constructor(clock: Clock, source: DelaySource = monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#source = source;
    this.#source.enable();
    this.#timer = clock.every(LOOP_WINDOW_MS, () => {
      this.#last = this.#measured();
      this.#source.reset();
    });
  }

  /** Of the last whole window; before the first is over, of what there is. */
  read(): LoopLagMs {
    return this.#last ?? this.#measured();
  }

  /** Of the last whole window; undefined before, when the start's own work would be counted. */
  lastWindow(): LoopLagMs | undefined {
    return this.#last;
  }

  close(): void {
    this.#timer.cancel();
    this.#source.disable();
  }

  #measured(): LoopLagMs {
    if (this.#source.count === 0) return { p50: 0, p99: 0, max: 0 };
    const late = (ns: number) => Math.max(0, Math.round((ns / NANOSECONDS_A_MS - RESOLUTION_MS) * 10) / 10);
    return {
      p50: late(this.#source.percentile(50)),
      p99: late(this.#source.percentile(99)),
      max: late(this.#source.max),
    };
  }
}
