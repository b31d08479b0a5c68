/** Work that is done again and again in the background and may fail: one round at a time, and faults told once a row. */
import type { Clock, TimerHandle } from './clock.js';

export interface RoundsOptions {
  readonly clock: Clock;
  /** Milliseconds from one round to the next. */
  readonly pollMs: number;
  /** @param isClosed whether the rounds were closed meanwhile: what comes then is for nobody */
  readonly round: (isClosed: () => boolean) => Promise<void>;
  /** Called once for each row of rounds that failed. */
  readonly onFault: (error: unknown) => void;
  /** Called with the first round that succeeds after such a row. */
  readonly onRecovered?: () => void;
}

export class Rounds {
  readonly #options: RoundsOptions;
  readonly #timer: TimerHandle;
  #isUnderWay = false;
  #isFailing = false;
  #isClosed = false;

  /** Begins a round at once, and then one every `pollMs`. */
  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#timer = options.clock.every(options.pollMs, () => void this.#run());
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
  }

  /** A round that takes longer than the period is not overtaken by the next. */
  async #run(): Promise<void> {
    if (this.#isUnderWay || this.#isClosed) return;
    this.#isUnderWay = true;
    try {
      await this.#options.round(() => this.#isClosed);
      if (this.#isFailing) this.#options.onRecovered?.();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !this.#isClosed) this.#options.onFault(error);
      this.#isFailing = true;
    } finally {
      this.#isUnderWay = false;
    }
  }
}
