/**
 * Which mints and pools a genesis has. Prices are in micro-dollars a whole token and the same in every pool of a
 * mint, so that a new ledger starts without arbitrage; only addresses depend on the seed.
 */
import { NATIVE_MINT, RUNBOOK_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, USDC_MINT } from './addresses.js';
import type { CreatorFeeOn } from './cpmm-layouts.js';
import { deriveAddress, deriveBytes } from './keys.js';
import type { GenesisMint } from './types.js';

export interface PlannedMint extends GenesisMint {
  readonly priceMicroUsd: bigint;
}

export interface PlannedPool {
  readonly mintA: PlannedMint;
  readonly mintB: PlannedMint;
  /** Worth of each side of the pool. */
  readonly depthUsd: bigint;
  readonly configIndex: 0 | 1;
  /** Absent where the pool's creator takes nothing, as in every pool that anybody may make on mainnet. */
  readonly creatorFeeOn?: CreatorFeeOn;
}

export interface MarketPlan {
  readonly mints: readonly PlannedMint[];
  readonly pools: readonly PlannedPool[];
}

const MICRO_USD = 1_000_000n;
const MAJOR_DEPTH_USD = 30_000_000n;
const MINOR_DEPTH_USD = 5_000_000n;
/** 1% a transfer. */
const TRANSFER_FEE_BPS = 100;

/** Base units of a mint that are worth so many dollars, rounded down. */
export function unitsWorth(mint: PlannedMint, usd: bigint): bigint {
  return (usd * MICRO_USD * 10n ** BigInt(mint.decimals)) / mint.priceMicroUsd;
}

/** The named mints: symbol, decimals, price. The rest of a big market is made by `extraMint`. */
function namedMints(seed: string) {
  const mint = (symbol: string, decimals: number, priceMicroUsd: bigint, address?: string): PlannedMint => ({
    address: address ?? deriveAddress(seed, `mint-${symbol}`),
    symbol,
    decimals,
    tokenProgram: TOKEN_PROGRAM,
    priceMicroUsd,
  });
  return {
    sol: mint('SOL', 9, 150_000_000n, NATIVE_MINT),
    usdc: mint('USDC', 6, 1_000_000n, USDC_MINT),
    runbook: mint('RUN', 6, 42_000n, RUNBOOK_MINT),
    staked: mint('STK', 9, 171_300_000n),
    meme: mint('MEM', 6, 230n),
    taxed: {
      ...mint('TAX', 9, 1_250_000n),
      tokenProgram: TOKEN_2022_PROGRAM,
      transferFeeBps: TRANSFER_FEE_BPS,
    },
  };
}

/** The k-th mint beyond the named ones: 6 and 9 decimals in turn, a price from 0.01 to 100 dollars. */
function extraMint(seed: string, k: number): PlannedMint {
  const symbol = `X${k + 1}`;
  const draw = deriveBytes(seed, `price-${symbol}`);
  const priceMicroUsd =
    10_000n + ((BigInt(draw[0]! * 0x1_00_00 + draw[1]! * 0x1_00 + draw[2]!) * 6n) % 99_990_000n);
  return {
    address: deriveAddress(seed, `mint-${symbol}`),
    symbol,
    decimals: k % 2 === 0 ? 6 : 9,
    tokenProgram: TOKEN_PROGRAM,
    priceMicroUsd,
  };
}

/** The first `poolCount` pools of the market and the mints that they need, in order of first use. */
export function planMarket(seed: string, poolCount: number): MarketPlan {
  const { sol, usdc, runbook, staked, meme, taxed } = namedMints(seed);
  const pool = (mintA: PlannedMint, mintB: PlannedMint, rest: Partial<PlannedPool> = {}): PlannedPool => ({
    mintA,
    mintB,
    depthUsd: MINOR_DEPTH_USD,
    configIndex: 0,
    ...rest,
  });
  const pools: PlannedPool[] = [
    pool(sol, usdc, { depthUsd: MAJOR_DEPTH_USD }),
    pool(sol, runbook),
    pool(runbook, usdc),
    pool(sol, taxed),
    pool(sol, staked, { depthUsd: MAJOR_DEPTH_USD }),
    pool(staked, usdc),
    pool(sol, meme, { configIndex: 1, creatorFeeOn: 0 }),
    pool(meme, usdc, { configIndex: 1, creatorFeeOn: 1 }),
  ];
  for (let k = 0; pools.length < poolCount; k += 1) {
    const mint = extraMint(seed, k);
    pools.push(pool(sol, mint), pool(mint, usdc));
  }
  const chosen = pools.slice(0, poolCount);
  const mints = new Set(chosen.flatMap(({ mintA, mintB }) => [mintA, mintB]));
  return { mints: [...mints], pools: chosen };
}
