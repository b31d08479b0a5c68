/** A slippage that stands in for the configured default until its time is over; a restart forgets it. */
import type { Clock } from '../time/clock.js';

export class SlippageOverride {
  readonly #clock: Clock;
  #percent = 0;
  #untilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns epoch ms at which it ends */
  set(percent: number, forMs: number): number {
    this.#percent = percent;
    this.#untilMs = this.#clock.nowMs() + forMs;
    return this.#untilMs;
  }

  /** Percent; undefined where the configured default counts. */
  get percent(): number | undefined {
    return this.#clock.nowMs() < this.#untilMs ? this.#percent : undefined;
  }
}
