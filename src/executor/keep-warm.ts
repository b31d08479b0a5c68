/**
 * Keeps the hot path's code and memory warm between trades. At real rates cold caches dominate: what a trade runs
 * was last run many milliseconds ago. So while nothing else is to be done, a trade of nobody's goes through a copy
 * of the path every few milliseconds. One run at a time: a real trade waits for one run at most.
 */
import type { Clock, TimerHandle } from '../time/clock.js';

/** What is driven: see WarmPath. */
export interface Warmable {
  readonly ready: boolean;
  readonly sinkBusyUs: number;
  run(): void;
  close(): Promise<void>;
}

export interface KeepWarmOptions {
  /** Milliseconds between runs. */
  readonly periodMs: number;
  readonly clock: Clock;
  readonly path: Warmable;
  /** Whether nothing of ours may leave, or trades wait: no runs then. */
  readonly mayRun: () => boolean;
}

export interface KeepWarmStats {
  readonly periodMs: number;
  readonly runs: number;
  /** Ticks on which trades flowed, the event loop was late, the last run was not over, or had taken long. */
  readonly skipped: number;
  /** Microseconds of the main thread that one run takes, mean. */
  readonly runUs: number;
  /** Share of one processor spent in the runs since the start, 0 to 1. The kernel's share of a write is in it. */
  readonly cpuShare: number;
}

/**
 * At most one part in so many of a processor: after a run that took long, as where processors are short, the next one
 * waits so many times its length. Warming would only take from the trades there.
 */
const REST_FACTOR = 20;

/** A tick that comes later than this shows a loop with better things to do. */
const LATE_US = 1_000;

export class KeepWarm {
  readonly #options: KeepWarmOptions;
  readonly #timer: TimerHandle;
  readonly #startedUs: number;
  #lastTickUs: number;
  #lastTradeUs = Number.NEGATIVE_INFINITY;
  #restUntilUs = Number.NEGATIVE_INFINITY;
  #runs = 0;
  #skipped = 0;
  #busyUs = 0;

  constructor(options: KeepWarmOptions) {
    this.#options = options;
    this.#startedUs = options.clock.monotonicUs();
    this.#lastTickUs = this.#startedUs;
    this.#timer = options.clock.every(options.periodMs, () => this.#tick());
  }

  /** A real trade is under way: the path is warm without us. */
  onTrade(): void {
    this.#lastTradeUs = this.#options.clock.monotonicUs();
  }

  stats(): KeepWarmStats {
    const { periodMs, clock, path } = this.#options;
    const busyUs = this.#busyUs + path.sinkBusyUs;
    const elapsedUs = clock.monotonicUs() - this.#startedUs;
    return {
      periodMs,
      runs: this.#runs,
      skipped: this.#skipped,
      runUs: this.#runs === 0 ? 0 : busyUs / this.#runs,
      cpuShare: elapsedUs > 0 ? busyUs / elapsedUs : 0,
    };
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#options.path.close();
  }

  #tick(): void {
    const { clock, path, periodMs, mayRun } = this.#options;
    const nowUs = clock.monotonicUs();
    const lateUs = nowUs - this.#lastTickUs - periodMs * 1000;
    this.#lastTickUs = nowUs;
    const isTrading = nowUs - this.#lastTradeUs < periodMs * 1000;
    const isResting = nowUs < this.#restUntilUs;
    if (isTrading || isResting || lateUs > LATE_US || !path.ready || !mayRun()) {
      this.#skipped += 1;
      return;
    }
    this.#runs += 1;
    path.run();
    // The path goes on in microtasks; a tick queued from the first of them comes when all are done.
    queueMicrotask(() => {
      process.nextTick(() => {
        const endUs = clock.monotonicUs();
        this.#busyUs += endUs - nowUs;
        this.#restUntilUs = endUs + REST_FACTOR * (endUs - nowUs);
      });
    });
  }
}
