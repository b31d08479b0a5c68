/** Jupiter's prices of the mints that we trade, kept fresh in the background and read without any waiting. */
import type { Address } from '../model/brands.js';
import type { Clock } from '../time/clock.js';
import { Rounds } from '../time/rounds.js';
import type { JupiterClient } from './jupiter-client.js';
import type { JupiterPrice } from './types.js';

/** Mints that are watched; each fifty are a request. */
export const MAX_WATCHED_MINTS = 1_000;

export interface ReferencePricesOptions {
  readonly client: Pick<JupiterClient, 'prices'>;
  readonly mints: () => readonly Address[];
  readonly clock: Clock;
  /** Milliseconds from one round to the next. */
  readonly pollMs: number;
  /** Called once for each row of rounds in which not every mint's price could be asked for. */
  readonly onFault: (error: unknown) => void;
  /** Called with the first round that succeeds after such a row. */
  readonly onRecovered: () => void;
}

export interface PriceWithAge extends JupiterPrice {
  readonly ageMs: number;
}

export class ReferencePrices {
  readonly #options: ReferencePricesOptions;
  readonly #prices = new Map<Address, JupiterPrice>();
  readonly #rounds: Rounds;

  /** Asks at once, and then every `pollMs`. */
  constructor(options: ReferencePricesOptions) {
    this.#options = options;
    const { clock, pollMs, onFault, onRecovered } = options;
    this.#rounds = new Rounds({ clock, pollMs, round: () => this.#refresh(), onFault, onRecovered });
  }

  /** The newest price that was heard, with its age; undefined where there was none yet. */
  priceOf(mint: Address): PriceWithAge | undefined {
    const price = this.#prices.get(mint);
    if (price === undefined) return undefined;
    return { ...price, ageMs: (this.#options.clock.monotonicUs() - price.receivedUs) / 1_000 };
  }

  close(): void {
    this.#rounds.close();
  }

  async #refresh(): Promise<void> {
    const mints = this.#options.mints().slice(0, MAX_WATCHED_MINTS);
    await this.#options.client.prices(mints, (prices) => {
      for (const price of prices) this.#prices.set(price.mint, price);
    });
  }
}
