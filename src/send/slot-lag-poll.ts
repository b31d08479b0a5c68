/** Asks the RPC nodes for their slots now and then: one that lags answers promptly, and answers old news. */
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Random } from '../time/random.js';
import type { RpcPool } from './rpc-pool.js';

/** Between two rounds, on the average; half of it is random, so that many executors do not ask at one moment. */
export const LAG_POLL_MS = 2_000;

export interface SlotLagPollOptions {
  readonly pool: RpcPool;
  readonly clock: Clock;
  readonly random: Random;
  /** Newest slot that the stream has told; 0 before any. */
  readonly newestSlot: () => number;
}

export class SlotLagPoll {
  readonly #options: SlotLagPollOptions;
  #timer: TimerHandle;
  #closed = false;

  constructor(options: SlotLagPollOptions) {
    this.#options = options;
    this.#timer = this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#timer.cancel();
  }

  /** One round at a time: the next one is scheduled when this one has ended. */
  #schedule(): TimerHandle {
    const { clock, random } = this.#options;
    return clock.after(LAG_POLL_MS * (0.75 + random.next() / 2), () => {
      void this.#round();
    });
  }

  async #round(): Promise<void> {
    await this.#options.pool.measureLag(this.#options.newestSlot());
    if (!this.#closed) this.#timer = this.#schedule();
  }
}
