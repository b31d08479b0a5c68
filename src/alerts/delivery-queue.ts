/**
 * Alerts on their way to one target: one at a time, in order, tried again with back-off. A target that fails again and
 * again is left alone for a while (its breaker is open). Nothing here is waited for by anybody.
 */
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Random } from '../time/random.js';
import type { Alert } from './alert-watch.js';
import type { Poster } from './http-post.js';
import type { AlertTarget } from './message.js';

/** Alerts that wait for one target; the oldest go first past it (L6). */
export const MAX_WAITING = 64;
/** Attempts of one alert at one target. */
export const MAX_DELIVERY_ATTEMPTS = 6;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
/** Failures in a row that open the breaker. */
export const BREAKER_FAILURES = 4;
export const BREAKER_OPEN_MS = 30_000;

export interface DeliveryState {
  readonly target: string;
  readonly waiting: number;
  readonly delivered: number;
  /** Alerts that were given up: refused, tried in vain too often, or pushed out of the queue. */
  readonly lost: number;
  readonly breaker: 'closed' | 'open';
  /** Of the newest attempt; undefined where it succeeded. */
  readonly fault: string | undefined;
}

interface Waiting {
  readonly alert: Alert;
  attempts: number;
}

export interface DeliveryOptions {
  readonly target: AlertTarget;
  readonly poster: Pick<Poster, 'post'>;
  readonly clock: Clock;
  readonly random: Random;
  /** An attempt failed; `gaveUp` where no other one follows. */
  readonly onFault: (fault: string, alert: Alert, gaveUp: boolean) => void;
}

export class DeliveryQueue {
  readonly #options: DeliveryOptions;
  readonly #waiting: Waiting[] = [];
  #isBusy = false;
  #timer: TimerHandle | undefined;
  /** Monotonic. */
  #openUntilUs = Number.NEGATIVE_INFINITY;
  #failuresInARow = 0;
  #delivered = 0;
  #lost = 0;
  #fault: string | undefined;
  #closed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Returns at once. */
  add(alert: Alert): void {
    if (this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) {
      // The first one may be on its way just now.
      const [pushedOut] = this.#waiting.splice(this.#isBusy ? 1 : 0, 1);
      this.#lost += 1;
      if (pushedOut !== undefined) this.#options.onFault('QUEUE_FULL', pushedOut.alert, true);
    }
    this.#waiting.push({ alert, attempts: 0 });
    if (this.#timer === undefined) this.#begin();
  }

  state(): DeliveryState {
    return {
      target: this.#options.target.name,
      waiting: this.#waiting.length,
      delivered: this.#delivered,
      lost: this.#lost,
      breaker: this.#options.clock.monotonicUs() < this.#openUntilUs ? 'open' : 'closed',
      fault: this.#fault,
    };
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #begin(): void {
    this.#timer = undefined;
    const first = this.#waiting[0];
    if (this.#isBusy || this.#closed || first === undefined) return;
    this.#isBusy = true;
    void this.#attempt(first).then((pauseMs) => {
      this.#isBusy = false;
      if (this.#closed) return;
      if (pauseMs === 0) this.#begin();
      else this.#timer = this.#options.clock.after(pauseMs, () => this.#begin());
    });
  }

  /** @returns milliseconds until the next attempt, of this alert or of the next */
  async #attempt(waiting: Waiting): Promise<number> {
    const { target, poster, clock } = this.#options;
    waiting.attempts += 1;
    try {
      const { status, retryAfterMs } = await poster.post(target.request(waiting.alert, clock.nowMs()));
      if (status >= 200 && status < 300) return this.#succeeded(waiting);
      return this.#failed(waiting, `HTTP ${status}`, isPassing(status), retryAfterMs);
    } catch (error) {
      const { code, name } = error as { code?: unknown; name: string };
      return this.#failed(waiting, typeof code === 'string' ? code : name, true, undefined);
    }
  }

  #succeeded(waiting: Waiting): number {
    this.#drop(waiting);
    this.#delivered += 1;
    this.#fault = undefined;
    this.#failuresInARow = 0;
    return 0;
  }

  #failed(waiting: Waiting, fault: string, mayPass: boolean, retryAfterMs: number | undefined): number {
    this.#fault = fault;
    const gaveUp = !mayPass || waiting.attempts >= MAX_DELIVERY_ATTEMPTS;
    if (gaveUp) {
      this.#drop(waiting);
      this.#lost += 1;
    }
    if (!this.#closed) this.#options.onFault(fault, waiting.alert, gaveUp);
    this.#failuresInARow += 1;
    if (this.#failuresInARow >= BREAKER_FAILURES) {
      // One attempt after it; another failure opens it again.
      this.#openUntilUs = this.#options.clock.monotonicUs() + BREAKER_OPEN_MS * 1_000;
      return Math.max(BREAKER_OPEN_MS, Math.min(retryAfterMs ?? 0, MAX_BACKOFF_MS));
    }
    return Math.min(MAX_BACKOFF_MS, retryAfterMs ?? this.#backoffMs(waiting.attempts));
  }

  /** Doubled each time; up to half as much again, so that several executors do not come back at one moment. */
  #backoffMs(attempts: number): number {
    return FIRST_BACKOFF_MS * 2 ** (attempts - 1) * (1 + this.#options.random.next() / 2);
  }

  #drop(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}

/** Whether another attempt may be answered otherwise. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
