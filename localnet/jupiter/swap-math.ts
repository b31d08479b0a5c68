/** What a swap of an exact input gives, fee by fee in the order in which the pool's program takes them. */
import type { PoolNow, TokenSide } from './pool-state.js';

const MILLION = 1_000_000n;
const TEN_THOUSAND = 10_000n;

export interface Leg {
  readonly pool: string;
  readonly inputMint: string;
  readonly outputMint: string;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  /** Part of the spot price that is lost to the curve, fees apart: 0 to 1. */
  readonly impact: number;
}

const roundUp = (numerator: bigint, denominator: bigint): bigint => {
  const whole = numerator / denominator;
  return whole * denominator === numerator ? whole : whole + 1n;
};

/** A transfer of `amount` brings so much to its receiver. */
function received(amount: bigint, { feeBps, maxFee }: TokenSide): bigint {
  const fee = roundUp(amount * feeBps, TEN_THOUSAND);
  return amount - (fee > maxFee ? maxFee : fee);
}

/** Undefined where the program would fail: nothing arrives, nothing comes out, or fees take it all. */
export function swapExactIn(pool: PoolNow, inputMint: string, amountIn: bigint): Leg | undefined {
  const isForward = pool.sides[0].mint === inputMint;
  const [input, output] = isForward ? pool.sides : [pool.sides[1], pool.sides[0]];
  const arrives = received(amountIn, input);
  if (arrives <= 0n) return undefined;
  const creatorPaysIn = pool.creatorFeeOn === 0 || (pool.creatorFeeOn === 1) === isForward;
  // Where both are due on the input they are rounded up as one.
  const inputRate = pool.tradeFeeRate + (creatorPaysIn ? pool.creatorFeeRate : 0n);
  if (creatorPaysIn && inputRate === 0n) return undefined;
  const traded = arrives - roundUp(arrives * inputRate, MILLION);
  if (traded < 0n) return undefined;
  const bought = (output.reserve * traded) / (input.reserve + traded);
  const creatorTakes = creatorPaysIn ? 0n : roundUp(bought * pool.creatorFeeRate, MILLION);
  const amountOut = received(bought - creatorTakes, output);
  if (amountOut <= 0n) return undefined;
  return {
    pool: pool.address,
    inputMint,
    outputMint: output.mint,
    amountIn,
    amountOut,
    impact: Number(traded) / Number(input.reserve + traded),
  };
}
