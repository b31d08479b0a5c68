/** What Jupiter says of a token: its price, a quote both ways, and how far our pools are off. */
import type { JupiterClient } from '../jupiter/jupiter-client.js';
import type { PoolBook } from '../market/pool-book.js';
import type { Address } from '../model/brands.js';
import { deviationBps, poolPriceOf } from '../risk/reference-guard.js';
import type { CommandChain } from './chain.js';
import { type PoolReport, type QuoteReport, type TwoWayReport, twoWay } from './token-pools.js';
import { withJupiter } from './with-jupiter.js';

const BPS = 10_000;

export interface JupiterReport extends TwoWayReport {
  readonly host: string;
  /** Dollars for a whole token; a text says why there is none. */
  readonly usdPrice: number | string;
  /** What the quotes are against. */
  readonly otherMint: Address;
  readonly deviations: readonly { readonly pool: Address; readonly deviationBps: number }[];
}

/** Undefined where Jupiter is not asked, or there is nothing to compare it with. */
export async function askJupiter(
  chain: CommandChain,
  book: PoolBook,
  mint: Address,
  pools: readonly PoolReport[],
): Promise<JupiterReport | undefined> {
  const pool = pools.find(({ sell }) => typeof sell !== 'string');
  if (pool === undefined) return undefined;
  return withJupiter(chain.config, chain.jupiterUrl, (client) => reportOf(client, book, mint, pool, pools));
}

async function reportOf(
  client: JupiterClient,
  book: PoolBook,
  mint: Address,
  { otherMint, sell: ours }: PoolReport,
  pools: readonly PoolReport[],
): Promise<JupiterReport> {
  const amountIn = typeof ours === 'string' ? 1n : ours.amountIn;
  const prices = await orReason(client.prices([mint, ...pools.map((pool) => pool.otherMint)]));
  const sell = await quote(client, mint, otherMint, amountIn);
  const buyBack =
    typeof sell === 'string' ? 'not asked' : await quote(client, otherMint, mint, sell.amountOut);
  const usdPriceOf = (one: Address) => (typeof prices === 'string' ? undefined : prices.get(one)?.usdPrice);
  const deviations = pools.flatMap(({ pool }) => {
    const keys = book.keysOf(pool);
    const price = keys === undefined ? undefined : poolPriceOf(keys, book.snapshotOf(pool));
    if (keys === undefined || price === undefined) return [];
    const [usd0, usd1] = [usdPriceOf(keys.mint0), usdPriceOf(keys.mint1)];
    if (usd0 === undefined || usd1 === undefined) return [];
    return [{ pool, deviationBps: deviationBps(price, usd0 / usd1) }];
  });
  const usdPrice = typeof prices === 'string' ? prices : (usdPriceOf(mint) ?? 'Jupiter has no price of it.');
  return { host: client.host, usdPrice, otherMint, ...twoWay(sell, buyBack), deviations };
}

async function quote(
  client: JupiterClient,
  inputMint: Address,
  outputMint: Address,
  amountIn: bigint,
): Promise<QuoteReport | string> {
  const found = await orReason(client.quote({ inputMint, outputMint, amountIn }));
  if (typeof found === 'string') return found;
  const { amountOut, priceImpact = 0 } = found;
  return { amountIn, amountOut, priceImpactBps: Math.ceil(priceImpact * BPS) };
}

/** Jupiter's silence says nothing about the token: it is told, and the rest of the report stands. */
async function orReason<T>(asked: Promise<T>): Promise<T | string> {
  return asked.catch((error: unknown) => (error as Error).message);
}
