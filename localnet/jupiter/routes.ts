/** The best route through the cluster's pools: one pool, or two with a mint between. */
import type { GenesisPool } from '../genesis/types.js';
import type { Ledger } from '../ledger/types.js';
import { type PoolNow, readPool } from './pool-state.js';
import { type Leg, swapExactIn } from './swap-math.js';

export interface RouteQuestion {
  readonly inputMint: string;
  readonly outputMint: string;
  /** Base units, at least 1. */
  readonly amountIn: bigint;
  readonly onlyDirect: boolean;
}

/** Reads pools as they are at one moment, each at most once. */
export class PoolView {
  readonly #ledger: Ledger;
  readonly #pools: readonly GenesisPool[];
  readonly #nowSeconds: number;
  readonly #read = new Map<GenesisPool, PoolNow | undefined>();

  constructor(ledger: Ledger, pools: readonly GenesisPool[], nowSeconds: number) {
    this.#ledger = ledger;
    this.#pools = pools;
    this.#nowSeconds = nowSeconds;
  }

  /** Every open pool that trades the mint. */
  withMint(mint: string): PoolNow[] {
    return this.#pools.flatMap((pool) => {
      if (pool.token0Mint !== mint && pool.token1Mint !== mint) return [];
      if (!this.#read.has(pool)) this.#read.set(pool, readPool(this.#ledger, pool, this.#nowSeconds));
      return this.#read.get(pool) ?? [];
    });
  }
}

/** The legs in order; undefined where no route gives anything. */
export function bestRoute(view: PoolView, question: RouteQuestion): readonly Leg[] | undefined {
  const { inputMint, outputMint, amountIn, onlyDirect } = question;
  const last = view.withMint(outputMint);
  let best: readonly Leg[] | undefined;
  const offer = (legs: readonly Leg[]) => {
    if (best === undefined || outOf(legs) > outOf(best)) best = legs;
  };
  for (const first of view.withMint(inputMint)) {
    const leg = swapExactIn(first, inputMint, amountIn);
    if (leg === undefined) continue;
    if (leg.outputMint === outputMint) offer([leg]);
    else if (!onlyDirect) {
      for (const second of last) {
        if (!second.sides.some(({ mint }) => mint === leg.outputMint)) continue;
        const next = swapExactIn(second, leg.outputMint, leg.amountOut);
        if (next !== undefined) offer([leg, next]);
      }
    }
  }
  return best;
}

export function outOf(legs: readonly Leg[]): bigint {
  return legs.at(-1)?.amountOut ?? 0n;
}
