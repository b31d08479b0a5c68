/** Orders of every kind, drawn from the seed: both modes, tight and wide limits, short and long lives, dry runs. */

import type { ControlClient } from '../src/cli/control-client.js';
import type { LocalnetInfo } from '../src/embedded/localnet-process.js';
import type { Seeded } from './seeded.js';

export interface OrderBody {
  readonly clientOrderId: string;
  readonly inputMint: string;
  readonly outputMint: string;
  readonly amount: string;
  readonly mode: 'exactIn' | 'exactOut';
  readonly pool: string;
  readonly slippageBps: number;
  readonly priority: number;
  readonly deadlineMs: number;
  readonly validityBlocks: number;
  readonly dryRun: boolean;
}

export interface Reserves {
  readonly [pool: string]: { readonly reserve0: bigint; readonly reserve1: bigint };
}

/** What the executor's pools hold. */
export async function readReserves(control: ControlClient): Promise<Reserves> {
  const status = (await control.get('/api/status')) as {
    market: { pools: { pool: string; reserve0: string; reserve1: string }[] };
  };
  return Object.fromEntries(
    status.market.pools.map(({ pool, reserve0, reserve1 }) => [
      pool,
      { reserve0: BigInt(reserve0), reserve1: BigInt(reserve1) },
    ]),
  );
}

/** Share of a pool's reserve that one order trades, one in: small, so that prices hardly move by it. */
const RESERVE_SHARE = 200_000n;
const SCALE_PERCENT = { least: 50, most: 150 };
const DRY_RUN_SHARE = 0.02;
const EXACT_OUT_SHARE = 0.3;
/** These often fail on chain: the market moves by more while they are under way. */
const TIGHT_SHARE = 0.1;
const TIGHT_BPS = { least: 0, most: 3 };
const WIDE_BPS = { least: 50, most: 300 };
/** Orders whose attempts live only a few blocks: they expire, and are signed anew. */
const SHORT_LIFE_SHARE = 0.5;
const LONGEST_VALIDITY_BLOCKS = 150;

export interface OrderMakerOptions {
  readonly random: Seeded;
  readonly pools: LocalnetInfo['pools'];
  readonly reserves: Reserves;
  readonly namePrefix: string;
  readonly deadlineMs: { readonly least: number; readonly most: number };
  /** Least blocks that an attempt may live. */
  readonly shortestValidityBlocks: number;
  /** Most blocks of a short life; default 150. */
  readonly longestShortLifeBlocks?: number;
  /** Share of orders with a short life; default half. */
  readonly shortLifeShare?: number;
  readonly dryRunShare?: number;
  readonly tightShare?: number;
}

export class OrderMaker {
  readonly #options: OrderMakerOptions;
  #count = 0;

  constructor(options: OrderMakerOptions) {
    this.#options = options;
  }

  /** @param blocksKnown blocks that the executor has seen: an older hash it cannot have */
  next(blocksKnown: number): OrderBody {
    const { random, pools, reserves, namePrefix, deadlineMs } = this.#options;
    const pool = random.pick(pools);
    const zeroForOne = random.chance(0.5);
    const mode = random.chance(EXACT_OUT_SHARE) ? 'exactOut' : 'exactIn';
    const held = reserves[pool.address];
    if (held === undefined) throw new Error(`the executor does not have pool ${pool.address}`);
    const reserve = zeroForOne === (mode === 'exactIn') ? held.reserve0 : held.reserve1;
    const percent = BigInt(random.between(SCALE_PERCENT.least, SCALE_PERCENT.most));
    const amount = (reserve * percent) / (RESERVE_SHARE * 100n);
    const slippage = random.chance(this.#options.tightShare ?? TIGHT_SHARE) ? TIGHT_BPS : WIDE_BPS;
    return {
      clientOrderId: `${namePrefix}-${this.#count++}`,
      inputMint: zeroForOne ? pool.token0Mint : pool.token1Mint,
      outputMint: zeroForOne ? pool.token1Mint : pool.token0Mint,
      amount: String(amount > 0n ? amount : 1n),
      mode,
      pool: pool.address,
      slippageBps: random.between(slippage.least, slippage.most),
      priority: random.between(0, 9),
      deadlineMs: random.between(deadlineMs.least, deadlineMs.most),
      validityBlocks: this.#validity(blocksKnown),
      dryRun: random.chance(this.#options.dryRunShare ?? DRY_RUN_SHARE),
    };
  }

  #validity(blocksKnown: number): number {
    const { random, shortestValidityBlocks, shortLifeShare = SHORT_LIFE_SHARE } = this.#options;
    if (!random.chance(shortLifeShare)) return LONGEST_VALIDITY_BLOCKS;
    const { longestShortLifeBlocks = LONGEST_VALIDITY_BLOCKS } = this.#options;
    const least = Math.max(shortestValidityBlocks, LONGEST_VALIDITY_BLOCKS - blocksKnown);
    return random.between(Math.min(least, longestShortLifeBlocks), longestShortLifeBlocks);
  }
}
