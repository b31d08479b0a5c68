/** What a mint costs, by Jupiter and by each of our pools that trades it, for operators. */
import type { PriceView } from '../control/operations.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { ReferencePrices } from '../jupiter/reference-prices.js';
import type { PoolSource } from '../market/router.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import { deviationBps, poolPriceOf } from '../risk/reference-guard.js';
import { mintsOf } from './open-jupiter.js';

/** Of every mint that a configured pool trades. */
export function priceViews(pools: PoolSource, prices: ReferencePrices | undefined): PriceView[] {
  return mintsOf(pools).map((mint) => viewOf(pools, prices, mint));
}

/** @throws HotslotError MINT_UNKNOWN */
export function priceView(pools: PoolSource, prices: ReferencePrices | undefined, mint: Address): PriceView {
  if (mintsOf(pools).includes(mint)) return viewOf(pools, prices, mint);
  throw new HotslotError('MINT_UNKNOWN', { field: 'mint' });
}

function viewOf(pools: PoolSource, prices: ReferencePrices | undefined, mint: Address): PriceView {
  const price = prices?.priceOf(mint);
  return {
    mint,
    reference:
      price === undefined
        ? null
        : {
            source: 'jupiter',
            usdPrice: price.usdPrice,
            decimals: price.decimals,
            slot: price.slot ?? null,
            atMs: price.receivedAtMs,
            ageMs: Math.round(price.ageMs),
          },
    pools: pools
      .pools()
      .filter((keys) => keys.mint0 === mint || keys.mint1 === mint)
      .map((keys) => poolPrice(pools, prices, keys, mint)),
  };
}

function poolPrice(pools: PoolSource, prices: ReferencePrices | undefined, keys: PoolKeys, mint: Address) {
  const price = poolPriceOf(keys, pools.snapshotOf(keys.pool));
  const [reference0, reference1] = [prices?.priceOf(keys.mint0), prices?.priceOf(keys.mint1)];
  const isCompared = price !== undefined && reference0 !== undefined && reference1 !== undefined;
  return {
    pool: keys.pool,
    otherMint: keys.mint0 === mint ? keys.mint1 : keys.mint0,
    price: price === undefined ? null : keys.mint0 === mint ? price : 1 / price,
    deviationBps: isCompared ? deviationBps(price, reference0.usdPrice / reference1.usdPrice) : null,
  };
}
