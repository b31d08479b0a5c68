/**
 * Compiles the messages of all wallets' swaps ahead of their first trade, a few at a time while nothing waits:
 * a first use costs many signatures' time. What trades first all the same compiles its own, as before.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import type { RouteBook } from '../threads/route-book.js';
import type { Clock, TimerHandle } from '../time/clock.js';

/** Messages compiled ahead; where wallets and pools make more, the rest is compiled at first use. */
export const MAX_PREPARED = 16_384;
const PERIOD_MS = 5;
/** A turn ends after this long, so that nobody waits for longer. */
const TURN_US = 300;
const DIRECTIONS = [true, false] as const;

export interface RoutePreparationOptions {
  readonly clock: Clock;
  readonly routes: Pick<RouteBook, 'resolve' | 'onForgotten'>;
  readonly pools: () => readonly Address[];
  readonly wallets: readonly Address[];
  readonly isIdle: () => boolean;
}

export class RoutePreparation {
  readonly #options: RoutePreparationOptions;
  #timer: TimerHandle | undefined;
  #next = 0;
  #closed = false;

  constructor(options: RoutePreparationOptions) {
    this.#options = options;
    options.routes.onForgotten(() => this.#begin());
    this.#begin();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #begin(): void {
    this.#next = 0;
    if (this.#closed) return;
    this.#timer ??= this.#options.clock.every(PERIOD_MS, () => this.#turn());
  }

  #turn(): void {
    const { clock, isIdle, pools, wallets } = this.#options;
    if (!isIdle()) return;
    const places = pools();
    const count = Math.min(MAX_PREPARED, places.length * wallets.length * DIRECTIONS.length);
    const endUs = clock.monotonicUs() + TURN_US;
    while (this.#next < count && clock.monotonicUs() < endUs) this.#prepare(this.#next++, places);
    if (this.#next < count) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #prepare(number: number, places: readonly Address[]): void {
    const { wallets, routes } = this.#options;
    const route = Math.floor(number / DIRECTIONS.length);
    const zeroForOne = DIRECTIONS[number % DIRECTIONS.length]!;
    const pool = places[route % places.length]!;
    const wallet = wallets[Math.floor(route / places.length)]!;
    try {
      routes.resolve({ pool, wallet, zeroForOne, mode: 'exactIn' });
    } catch (error) {
      // A message that cannot be compiled is told to whoever trades on it.
      if (!(error instanceof HotslotError)) throw error;
    }
  }
}
