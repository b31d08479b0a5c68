/** Dollar prices by the pools' reserves, from USDC outwards: its own mint is one dollar by definition. */
import { USDC_MINT } from '../genesis/addresses.js';
import type { TokenSide } from './pool-state.js';
import type { PoolView } from './routes.js';

export interface UsdPrice {
  /** Dollars for a whole token. */
  readonly usdPrice: number;
  readonly decimals: number;
  /** Dollars in the pool by which it is priced, both sides. */
  readonly liquidityUsd: number;
}

/** Undefined for a mint that neither USDC nor a mint priced in USDC is traded against. */
export function usdPriceOf(view: PoolView, mint: string): UsdPrice | undefined {
  return againstUsdc(view, mint) ?? byWayOf(view, mint);
}

function againstUsdc(view: PoolView, mint: string): UsdPrice | undefined {
  const ofUsdc = view.withMint(USDC_MINT);
  if (mint === USDC_MINT) {
    const side = ofUsdc[0]?.sides.find((one) => one.mint === USDC_MINT);
    if (side === undefined) return undefined;
    return {
      usdPrice: 1,
      decimals: side.decimals,
      liquidityUsd: deepest(view, mint, () => 1)?.liquidityUsd ?? 0,
    };
  }
  return deepest(view, mint, (other) => (other === USDC_MINT ? 1 : undefined));
}

function byWayOf(view: PoolView, mint: string): UsdPrice | undefined {
  return deepest(view, mint, (other) => againstUsdc(view, other)?.usdPrice);
}

/** By the deepest of the mint's pools whose other mint has a price. */
function deepest(
  view: PoolView,
  mint: string,
  priceOf: (other: string) => number | undefined,
): UsdPrice | undefined {
  let best: UsdPrice | undefined;
  for (const { sides } of view.withMint(mint)) {
    const [own, other] = sides[0].mint === mint ? sides : [sides[1], sides[0]];
    const otherPrice = priceOf(other.mint);
    if (otherPrice === undefined) continue;
    const depth = whole(other) * otherPrice;
    if (best !== undefined && 2 * depth <= best.liquidityUsd) continue;
    best = { usdPrice: depth / whole(own), decimals: own.decimals, liquidityUsd: 2 * depth };
  }
  return best;
}

function whole({ reserve, decimals }: TokenSide): number {
  return Number(reserve) / 10 ** decimals;
}
