/** MAX_CONCURRENT_TRADES while running: a number, or `auto`, which follows the delay of our stages and of the RPC. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { Signature } from '../model/brands.js';
import { AdaptiveLimit } from '../schedule/adaptive-limit.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { SendReport } from '../send/types.js';

export type ConcurrencyMode = 'fixed' | 'auto';

export interface ConcurrencyStatus {
  readonly mode: ConcurrencyMode;
  /** The limit in force. */
  readonly limit: number;
  /** Under `auto`: least median delay seen from the locks to the RPC's acknowledgement, µs. */
  readonly leastDelayUs?: number;
}

/** Attempts that wait for their first acknowledgement (L6); one that no node answers is forgotten by age. */
const MAX_UNACKNOWLEDGED = 4_096;

export class AdaptiveConcurrency {
  readonly #scheduler: Pick<Scheduler, 'setMaxConcurrent' | 'maxConcurrent' | 'runningCount'>;
  /** Microseconds from the locks to the first byte of each attempt that is not acknowledged yet. */
  readonly #sentAfterUs = new Map<Signature, number>();
  #auto: AdaptiveLimit | undefined;

  constructor(
    scheduler: Pick<Scheduler, 'setMaxConcurrent' | 'maxConcurrent' | 'runningCount'>,
    mode: ConcurrencyMode,
  ) {
    this.#scheduler = scheduler;
    if (mode === 'auto') this.#begin();
  }

  /** @throws HotslotError CONFIG_INVALID out of 1 to 4096 */
  set(limit: number | 'auto'): void {
    if (limit === 'auto') {
      if (this.#auto === undefined) this.#begin();
      return;
    }
    this.#scheduler.setMaxConcurrent(limit);
    this.#auto = undefined;
    this.#sentAfterUs.clear();
  }

  status(): ConcurrencyStatus {
    const limit = this.#scheduler.maxConcurrent;
    if (this.#auto === undefined) return { mode: 'fixed', limit };
    const { leastDelayUs } = this.#auto;
    return { mode: 'auto', limit, ...(leastDelayUs === undefined ? {} : { leastDelayUs }) };
  }

  /** Notes how long our own stages took. How long the landing takes says nothing of our load. */
  onTrade({ trade, change }: TradeEvent): void {
    if (this.#auto === undefined || change.state !== 'sent') return;
    const { sentUs, lockedUs } = trade.times;
    const attempt = trade.attempts.at(-1);
    if (sentUs === undefined || lockedUs === undefined || attempt === undefined) return;
    if (this.#sentAfterUs.size >= MAX_UNACKNOWLEDGED) {
      const oldest = this.#sentAfterUs.keys().next();
      if (!oldest.done) this.#sentAfterUs.delete(oldest.value);
    }
    this.#sentAfterUs.set(attempt.signature, sentUs - lockedUs);
  }

  /** An attempt's first answer counts: resends and further nodes tell nothing of what our trades wait for. */
  onReport({ signature, outcome, ackUs }: SendReport): void {
    const sentAfterUs = this.#sentAfterUs.get(signature);
    if (this.#auto === undefined || sentAfterUs === undefined) return;
    this.#sentAfterUs.delete(signature);
    if (outcome === 'refused' || outcome === 'timeout') {
      // Those still out left under the limit as it was: refused all at once, they would cut it to nothing.
      this.#sentAfterUs.clear();
      this.#auto.overloaded();
    } else if (outcome !== 'error') {
      this.#auto.sample(sentAfterUs + ackUs, this.#scheduler.runningCount);
    }
  }

  #begin(): void {
    const auto = new AdaptiveLimit({ initial: this.#scheduler.maxConcurrent });
    auto.onChange((limit) => {
      if (auto === this.#auto) this.#scheduler.setMaxConcurrent(limit);
    });
    this.#auto = auto;
    this.#scheduler.setMaxConcurrent(auto.limit);
  }
}
