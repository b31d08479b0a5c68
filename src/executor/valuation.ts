/** What an amount is worth in the quote mint, by the pools that are kept hot. */
import type { PoolSource } from '../market/router.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { Valuation } from '../risk/pnl.js';

/** One unit of a mint as a fraction of two reserves, and how deep the pool behind it is. */
interface Price {
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly depth: bigint;
}

/**
 * The middle price of the deepest pool with the quote mint, else by way of one mint between; undefined where no
 * pool leads there. Price impact and fees are left out: it values what is held, it is not a quote.
 */
export function poolValuation(pools: PoolSource, quoteMint: Address): Valuation {
  return (mint, amount) => {
    if (mint === quoteMint) return amount;
    const price = deepest(pools, mint, quoteMint) ?? byWayOf(pools, mint, quoteMint);
    return price === undefined ? undefined : (amount * price.numerator) / price.denominator;
  };
}

/**
 * Whether a mint is one that `poolValuation` prices once the states of the pools are known: a mint of which POOLS has no
 * pool any more never is.
 */
export function poolCoverage(pools: PoolSource, quoteMint: Address): (mint: Address) => boolean {
  return (mint) => {
    if (mint === quoteMint) return true;
    const all = pools.pools();
    const nextToQuote = new Set(mintsNextTo(all, quoteMint));
    return nextToQuote.has(mint) || mintsNextTo(all, mint).some((between) => nextToQuote.has(between));
  };
}

function mintsNextTo(pools: readonly PoolKeys[], mint: Address): Address[] {
  return pools.flatMap(({ mint0, mint1 }) => (mint0 === mint ? [mint1] : mint1 === mint ? [mint0] : []));
}

function deepest(pools: PoolSource, from: Address, to: Address): Price | undefined {
  let best: Price | undefined;
  for (const keys of pools.pools()) {
    const price = priceIn(pools, keys, from, to);
    if (price !== undefined && (best === undefined || price.depth > best.depth)) best = price;
  }
  return best;
}

function byWayOf(pools: PoolSource, from: Address, to: Address): Price | undefined {
  let best: Price | undefined;
  for (const keys of pools.pools()) {
    const between = keys.mint0 === from ? keys.mint1 : keys.mint1 === from ? keys.mint0 : undefined;
    if (between === undefined || between === to) continue;
    const first = priceIn(pools, keys, from, between);
    const second = deepest(pools, between, to);
    if (first === undefined || second === undefined) continue;
    const price = {
      numerator: first.numerator * second.numerator,
      denominator: first.denominator * second.denominator,
      depth: (first.depth * second.numerator) / second.denominator,
    };
    if (best === undefined || price.depth > best.depth) best = price;
  }
  return best;
}

function priceIn(pools: PoolSource, keys: PoolKeys, from: Address, to: Address): Price | undefined {
  const isForward = keys.mint0 === from && keys.mint1 === to;
  if (!isForward && !(keys.mint1 === from && keys.mint0 === to)) return undefined;
  const state = pools.snapshotOf(keys.pool)?.state;
  if (state === undefined) return undefined;
  const [held, paid] = isForward ? [state.reserve0, state.reserve1] : [state.reserve1, state.reserve0];
  return held === 0n ? undefined : { numerator: paid, denominator: held, depth: paid };
}
