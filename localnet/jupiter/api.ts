/**
 * The API's three questions, answered from the cluster's own pools: `/swap/v2/order` and `/swap/v1/quote` (quotes;
 * no transaction is made) and `/price/v3`. Names and forms are those of Jupiter's published reference.
 */
import { randomUUID } from 'node:crypto';
import type { ChaosControls } from '../chaos/chaos.js';
import { USDC_MINT } from '../genesis/addresses.js';
import type { GenesisPool } from '../genesis/types.js';
import type { Ledger } from '../ledger/types.js';
import {
  ApiError,
  expectExactIn,
  readAmount,
  readFlag,
  readIds,
  readMint,
  readSlippageBps,
} from './parameters.js';
import { bestRoute, outOf, PoolView } from './routes.js';
import type { Leg } from './swap-math.js';
import { type UsdPrice, usdPriceOf } from './usd-prices.js';

const SLIPPAGE_BPS_DEFAULT = 50;
const TEN_THOUSAND = 10_000n;
const VENUE_LABEL = 'Raydium CP';

export interface ApiParts {
  readonly ledger: Ledger;
  readonly pools: readonly GenesisPool[];
  readonly chaos: Pick<ChaosControls, 'settings'>;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
}

export type Api = Readonly<Record<string, (query: URLSearchParams) => unknown>>;

/** By path. Each throws `ApiError` for what is asked wrongly or cannot be quoted. */
export function createApi(parts: ApiParts): Api {
  return {
    '/swap/v2/order': (query) => order(parts, query),
    '/swap/v1/quote': (query) => quote(parts, query),
    '/price/v3': (query) => prices(parts, query),
  };
}

interface Asked {
  readonly inputMint: string;
  readonly outputMint: string;
  readonly slippageBps: number;
  readonly legs: readonly Leg[];
  readonly view: PoolView;
}

function ask(parts: ApiParts, query: URLSearchParams): Asked {
  const inputMint = readMint(query, 'inputMint');
  const outputMint = readMint(query, 'outputMint');
  const amountIn = readAmount(query, 'amount');
  const slippageBps = readSlippageBps(query, SLIPPAGE_BPS_DEFAULT);
  const onlyDirect = readFlag(query, 'onlyDirectRoutes');
  expectExactIn(query);
  if (inputMint === outputMint) {
    throw new ApiError(
      400,
      'Input and output mints are not allowed to be equal',
      'CIRCULAR_ARBITRAGE_IS_DISABLED',
    );
  }
  const view = viewNow(parts);
  for (const mint of [inputMint, outputMint]) {
    if (view.withMint(mint).length === 0) {
      throw new ApiError(400, `The token ${mint} is not tradable`, 'TOKEN_NOT_TRADABLE');
    }
  }
  const legs = bestRoute(view, { inputMint, outputMint, amountIn, onlyDirect });
  if (legs === undefined) throw new ApiError(400, 'Could not find any route', 'COULD_NOT_FIND_ANY_ROUTE');
  return { inputMint, outputMint, slippageBps, legs, view };
}

function viewNow({ ledger, pools, nowMs }: ApiParts): PoolView {
  return new PoolView(ledger, pools, Math.floor(nowMs() / 1_000));
}

function order(parts: ApiParts, query: URLSearchParams): unknown {
  const startedAtMs = performance.now();
  const asked = ask(parts, query);
  const { inputMint, outputMint, legs, view } = asked;
  const inUsdValue = worth(usdPriceOf(view, inputMint), legs[0]?.amountIn ?? 0n);
  const outUsdValue = worth(usdPriceOf(view, outputMint), outOf(legs));
  const impact = impactOf(legs);
  return {
    mode: 'manual',
    ...quoted(asked),
    inUsdValue,
    outUsdValue,
    swapUsdValue: inUsdValue,
    priceImpact: -impact * 100,
    priceImpactPct: (-impact).toString(),
    feeMint: inputMint,
    feeBps: 0,
    platformFee: { amount: '0', feeBps: 0, feeMint: inputMint },
    signatureFeeLamports: 0,
    prioritizationFeeLamports: 0,
    rentFeeLamports: 0,
    swapType: 'aggregator',
    router: 'iris',
    transaction: null,
    taker: query.get('taker'),
    gasless: false,
    requestId: randomUUID(),
    totalTime: Math.round(performance.now() - startedAtMs),
  };
}

function quote(parts: ApiParts, query: URLSearchParams): unknown {
  const startedAtMs = performance.now();
  const asked = ask(parts, query);
  return {
    ...quoted(asked),
    platformFee: null,
    priceImpactPct: impactOf(asked.legs).toString(),
    contextSlot: parts.ledger.slot('processed'),
    timeTaken: (performance.now() - startedAtMs) / 1_000,
  };
}

/** What both versions say alike. */
function quoted({ inputMint, outputMint, slippageBps, legs }: Asked) {
  const outAmount = outOf(legs);
  // The least that the program would be asked for: rounded up, so that the tolerance is never exceeded.
  const least = (outAmount * (TEN_THOUSAND - BigInt(slippageBps)) + TEN_THOUSAND - 1n) / TEN_THOUSAND;
  return {
    inputMint,
    inAmount: (legs[0]?.amountIn ?? 0n).toString(),
    outputMint,
    outAmount: outAmount.toString(),
    otherAmountThreshold: least.toString(),
    swapMode: 'ExactIn',
    slippageBps,
    routePlan: legs.map((leg) => ({
      swapInfo: {
        ammKey: leg.pool,
        label: VENUE_LABEL,
        inputMint: leg.inputMint,
        outputMint: leg.outputMint,
        inAmount: leg.amountIn.toString(),
        outAmount: leg.amountOut.toString(),
      },
      percent: 100,
      bps: 10_000,
    })),
  };
}

/** Of the spot price, over all legs: 0 to 1. */
function impactOf(legs: readonly Leg[]): number {
  return 1 - legs.reduce((kept, leg) => kept * (1 - leg.impact), 1);
}

function worth(price: UsdPrice | undefined, amount: bigint): number {
  return price === undefined ? 0 : (Number(amount) / 10 ** price.decimals) * price.usdPrice;
}

/** Mints without a price are left out, as in the original. */
function prices(parts: ApiParts, query: URLSearchParams): unknown {
  const ids = readIds(query);
  const view = viewNow(parts);
  const skew = 1 + parts.chaos.settings.jupiterPriceSkewBps / 10_000;
  const blockId = parts.ledger.slot('processed');
  return Object.fromEntries(
    ids.flatMap((mint) => {
      const price = usdPriceOf(view, mint);
      if (price === undefined) return [];
      const usdPrice = mint === USDC_MINT ? price.usdPrice : price.usdPrice * skew;
      const { decimals, liquidityUsd: liquidity } = price;
      return [[mint, { usdPrice, blockId, decimals, priceChange24h: 0, liquidity }]];
    }),
  );
}
