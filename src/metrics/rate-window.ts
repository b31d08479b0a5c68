/** How many a second, over the last minute. */
import type { Clock } from '../time/clock.js';

export const RATE_WINDOW_S = 60;
const MS_A_SECOND = 1_000;

export class RateWindow {
  readonly #clock: Clock;
  /** One for each second of the window; a second that has passed is emptied when its place is used again. */
  readonly #counts = new Float64Array(RATE_WINDOW_S);
  readonly #seconds = new Float64Array(RATE_WINDOW_S);
  readonly #startedS: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedS = this.#nowS();
  }

  add(): void {
    const now = this.#nowS();
    const place = now % RATE_WINDOW_S;
    if (this.#seconds[place] !== now) {
      this.#seconds[place] = now;
      this.#counts[place] = 0;
    }
    this.#counts[place]! += 1;
  }

  /** A window that has not passed yet since the start counts for as long as it has lasted, at least a second. */
  perSecond(): number {
    const now = this.#nowS();
    const oldest = now - RATE_WINDOW_S + 1;
    let sum = 0;
    for (let place = 0; place < RATE_WINDOW_S; place++)
      if (this.#seconds[place]! >= oldest) sum += this.#counts[place]!;
    return sum / Math.min(RATE_WINDOW_S, now - this.#startedS + 1);
  }

  #nowS(): number {
    return Math.floor(this.#clock.monotonicUs() / 1_000 / MS_A_SECOND);
  }
}
