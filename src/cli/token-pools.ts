/** How our pools quote a token: a sale and the purchase back, and what going to and fro loses. */
import type { PoolBook } from '../market/pool-book.js';
import { Router } from '../market/router.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import { systemClock } from '../time/clock.js';

/** Without an amount a quote spends this share of the pool, one in: what a usual trade might. */
const RESERVE_SHARE = 1_000n;

export interface QuoteReport {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly priceImpactBps: number;
}

export interface TwoWayReport {
  /** A text says why there is none. */
  readonly sell: QuoteReport | string;
  readonly buyBack: QuoteReport | string;
  /** What going to and fro loses, in basis points. */
  readonly roundTripBps: number | undefined;
}

export interface PoolReport extends TwoWayReport {
  readonly pool: Address;
  readonly otherMint: Address;
}

/** Of each pool that trades the mint. @param asked base units that are sold */
export function poolReports(book: PoolBook, mint: Address, asked: bigint | undefined): PoolReport[] {
  return book
    .pools()
    .filter((keys) => keys.mint0 === mint || keys.mint1 === mint)
    .map((keys) => reportOf(book, keys, mint, asked));
}

function reportOf(book: PoolBook, keys: PoolKeys, mint: Address, asked: bigint | undefined): PoolReport {
  const isMint0 = keys.mint0 === mint;
  const otherMint = isMint0 ? keys.mint1 : keys.mint0;
  const state = book.snapshotOf(keys.pool)?.state;
  const reserve = (isMint0 ? state?.reserve0 : state?.reserve1) ?? 0n;
  const amount = asked ?? (reserve > RESERVE_SHARE ? reserve / RESERVE_SHARE : 1n);
  const sell = quote(book, keys.pool, mint, otherMint, amount);
  const buyBack =
    typeof sell === 'string' ? 'not asked' : quote(book, keys.pool, otherMint, mint, sell.amountOut);
  return { pool: keys.pool, otherMint, ...twoWay(sell, buyBack) };
}

export function twoWay(sell: QuoteReport | string, buyBack: QuoteReport | string): TwoWayReport {
  const isWhole = typeof sell !== 'string' && typeof buyBack !== 'string';
  const lost = isWhole ? Number(((sell.amountIn - buyBack.amountOut) * 10_000n) / sell.amountIn) : undefined;
  return { sell, buyBack, roundTripBps: lost };
}

function quote(
  book: PoolBook,
  pool: Address,
  inputMint: Address,
  outputMint: Address,
  amount: bigint,
): QuoteReport | string {
  try {
    const router = new Router(book, () => systemClock.nowMs());
    const question = { inputMint, outputMint, mode: 'exactIn', amount, pool } as const;
    const { amountIn, amountOut, priceImpactBps } = router.choose(question).quote;
    return { amountIn, amountOut, priceImpactBps };
  } catch (error) {
    return (error as Error).message;
  }
}
