/** Denies trades on a pool whose price has strayed from what the rest of the market pays. Memory only, no waiting. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { PoolKeys, PoolSnapshot } from '../market/types.js';
import type { Address } from '../model/brands.js';

const ONE_IN_BPS = 10_000;

export interface ReferencePrice {
  /** Dollars for a whole token. */
  readonly usdPrice: number;
  readonly decimals: number;
  readonly ageMs: number;
}

export interface ReferenceGuardOptions {
  readonly maxDeviationBps: number;
  readonly maxAgeMs: number;
  /** Whether a trade is denied where a price is missing or too old. */
  readonly required: boolean;
  readonly referenceOf: (mint: Address) => ReferencePrice | undefined;
  readonly snapshotOf: (pool: Address) => PoolSnapshot | undefined;
}

/** Whole tokens of mint 1 for one of mint 0, without fees; undefined where the pool is not known or empty. */
export function poolPriceOf(keys: PoolKeys, snapshot: PoolSnapshot | undefined): number | undefined {
  if (snapshot === undefined || snapshot.state.reserve0 <= 0n || snapshot.state.reserve1 <= 0n)
    return undefined;
  const { reserve0, reserve1 } = snapshot.state;
  return Number(reserve1) / 10 ** keys.decimals1 / (Number(reserve0) / 10 ** keys.decimals0);
}

/** How much the higher of two prices is above the lower. */
export function deviationBps(price: number, other: number): number {
  return Math.round((Math.max(price, other) / Math.min(price, other) - 1) * ONE_IN_BPS);
}

export class ReferenceGuard {
  readonly #options: ReferenceGuardOptions;

  constructor(options: ReferenceGuardOptions) {
    this.#options = options;
  }

  /** @throws HotslotError REFERENCE_DEVIATION, REFERENCE_UNKNOWN, each with the figures */
  check(keys: PoolKeys): void {
    const { maxDeviationBps, snapshotOf } = this.#options;
    const reference0 = this.#fresh(keys.mint0);
    const reference1 = this.#fresh(keys.mint1);
    if (reference0 === undefined || reference1 === undefined) return;
    const poolPrice = poolPriceOf(keys, snapshotOf(keys.pool));
    if (poolPrice === undefined) return;
    const referencePrice = reference0.usdPrice / reference1.usdPrice;
    const offBps = deviationBps(poolPrice, referencePrice);
    if (offBps <= maxDeviationBps) return;
    throw new HotslotError('REFERENCE_DEVIATION', {
      context: {
        pool: keys.pool,
        poolPrice,
        referencePrice,
        deviationBps: offBps,
        allowedBps: maxDeviationBps,
        referenceAgeMs: Math.round(Math.max(reference0.ageMs, reference1.ageMs)),
      },
    });
  }

  /** @throws HotslotError REFERENCE_UNKNOWN where a price is required */
  #fresh(mint: Address): ReferencePrice | undefined {
    const { maxAgeMs, required, referenceOf } = this.#options;
    const reference = referenceOf(mint);
    if (reference !== undefined && reference.ageMs <= maxAgeMs) return reference;
    if (!required) return undefined;
    const age = reference === undefined ? {} : { ageMs: Math.round(reference.ageMs) };
    throw new HotslotError('REFERENCE_UNKNOWN', { context: { mint, allowedMs: maxAgeMs, ...age } });
  }
}
