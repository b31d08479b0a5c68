/**
 * Wall-clock time that never runs back. A clock that is set forward is followed at once: deadlines pass early and a
 * trade is denied. One that is set back is not: time goes on from where it was, a little slower, until the clock has
 * caught up. So a deadline never gets longer by more than a twentieth, no interval turns negative, and whatever was
 * written down later has a later time, as long as the process lives. Across processes times are not compared where
 * a law rests on it: see `stopCount` in `journal/types.ts`.
 */

/** Milliseconds that pass for each that does pass, while the clock is behind. */
const CATCH_UP_RATE = 0.95;
/** The two clocks tick apart by less: no setting back. */
const TOLERANCE_MS = 2;

export class SteadyTime {
  readonly #wallMs: () => number;
  readonly #monotonicUs: () => number;
  #nowMs: number;
  #atUs: number;

  /**
   * @param wallMs epoch milliseconds of a clock that may be set
   * @param monotonicUs microseconds of one that may not
   */
  constructor(wallMs: () => number, monotonicUs: () => number) {
    this.#wallMs = wallMs;
    this.#monotonicUs = monotonicUs;
    this.#nowMs = wallMs();
    this.#atUs = monotonicUs();
  }

  /** Epoch milliseconds, whole. */
  nowMs(): number {
    const wallMs = this.#wallMs();
    const nowUs = this.#monotonicUs();
    const passedMs = (nowUs - this.#atUs) / 1_000;
    this.#atUs = nowUs;
    const wasSetBack = wallMs < this.#nowMs + passedMs - TOLERANCE_MS;
    const leastMs = wasSetBack ? this.#nowMs + passedMs * CATCH_UP_RATE : this.#nowMs;
    this.#nowMs = Math.max(wallMs, leastMs);
    return Math.floor(this.#nowMs);
  }
}
