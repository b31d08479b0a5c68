/** A rate limit that lets callers wait for their turn, but never longer than they say. */
import type { Clock } from '../time/clock.js';

const US_A_SECOND = 1_000_000;

export class TokenBucket {
  readonly #clock: Clock;
  readonly #intervalUs: number;
  readonly #burstUs: number;
  /** When the next token would be due if none had been saved up. */
  #dueUs = 0;

  /** @param burst calls that may come at once after a pause, at least 1 */
  constructor(options: { ratePerSecond: number; burst: number; clock: Clock }) {
    this.#clock = options.clock;
    this.#intervalUs = US_A_SECOND / options.ratePerSecond;
    this.#burstUs = (options.burst - 1) * this.#intervalUs;
  }

  /**
   * Takes a token, be it one that is only due later: so no more callers wait than fit into `maxWaitMs` (L6).
   * @returns milliseconds until it is due; undefined where that is longer than `maxWaitMs`, and nothing is taken
   */
  take(maxWaitMs: number): number | undefined {
    const nowUs = this.#clock.monotonicUs();
    const dueUs = Math.max(this.#dueUs, nowUs);
    const waitMs = Math.max(0, dueUs - this.#burstUs - nowUs) / 1_000;
    if (waitMs > maxWaitMs) return undefined;
    this.#dueUs = dueUs + this.#intervalUs;
    return waitMs;
  }

  /** Milliseconds until a token is due. */
  waitMs(): number {
    const nowUs = this.#clock.monotonicUs();
    return Math.max(0, Math.max(this.#dueUs, nowUs) - this.#burstUs - nowUs) / 1_000;
  }
}
