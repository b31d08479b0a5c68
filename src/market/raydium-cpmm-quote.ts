/**
 * Quotes to the unit, as the program computes them: raydium-cp-swap `curve/calculator.rs`, `curve/fees.rs`,
 * `curve/constant_product.rs`. Fees round up, shares of a fee round down, outputs round down, inputs round up.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import { U64_MAX } from '../model/brands.js';
import { inverseTransferFee, transferFeeOf } from './transfer-fee.js';
import type { CpmmState, Quote } from './types.js';

const FEE_DENOMINATOR = 1_000_000n;
const BPS = 10_000n;

function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

function grossUp(net: bigint, rate: bigint): bigint {
  return rate === 0n ? net : ceilDiv(net * FEE_DENOMINATOR, FEE_DENOMINATOR - rate);
}

function refuse(reason: string): never {
  throw new HotslotError('INSUFFICIENT_LIQUIDITY', { context: { reason } });
}

/** One direction of a pool: what the formulas call input and output. */
interface Side {
  readonly reserveIn: bigint;
  readonly reserveOut: bigint;
  readonly feeBpsIn: number;
  readonly maxFeeIn: bigint;
  readonly feeBpsOut: number;
  readonly maxFeeOut: bigint;
  readonly creatorFeeRate: bigint;
  readonly creatorFeeOnInput: boolean;
}

function sideOf(state: CpmmState, zeroForOne: boolean): Side {
  const creatorFeeRate = state.creatorFeeEnabled ? state.creatorFeeRate : 0n;
  const creatorFeeOnInput = state.creatorFeeOn === 0 || (state.creatorFeeOn === 1) === zeroForOne;
  return zeroForOne
    ? {
        reserveIn: state.reserve0,
        reserveOut: state.reserve1,
        feeBpsIn: state.transferFeeBps0,
        maxFeeIn: state.maxTransferFee0,
        feeBpsOut: state.transferFeeBps1,
        maxFeeOut: state.maxTransferFee1,
        creatorFeeRate,
        creatorFeeOnInput,
      }
    : {
        reserveIn: state.reserve1,
        reserveOut: state.reserve0,
        feeBpsIn: state.transferFeeBps1,
        maxFeeIn: state.maxTransferFee1,
        feeBpsOut: state.transferFeeBps0,
        maxFeeOut: state.maxTransferFee0,
        creatorFeeRate,
        creatorFeeOnInput,
      };
}

/**
 * Whether the program would take a swap at all.
 * @param nowSeconds Unix seconds, for the opening time
 * @throws HotslotError POOL_DISABLED
 */
export function assertTradable(state: CpmmState, nowSeconds: number): void {
  if (!state.swapEnabled) throw new HotslotError('POOL_DISABLED', { context: { reason: 'swapsDisabled' } });
  if (state.creatorFeeOn > 2)
    throw new HotslotError('POOL_DISABLED', { context: { reason: 'invalidFeeModel' } });
  if (BigInt(Math.floor(nowSeconds)) < state.openTime) {
    throw new HotslotError('POOL_DISABLED', {
      context: { reason: 'notOpen', openTimeSeconds: Number(state.openTime) },
    });
  }
}

/**
 * What `amountIn` buys.
 * @param amountIn 1 to u64, leaves the wallet
 * @throws HotslotError INSUFFICIENT_LIQUIDITY where the program would fail
 */
export function quoteExactIn(state: CpmmState, zeroForOne: boolean, amountIn: bigint): Quote {
  const side = sideOf(state, zeroForOne);
  if (side.reserveIn <= 0n || side.reserveOut <= 0n) refuse('emptyPool');
  const arriving = amountIn - transferFeeOf(amountIn, side.feeBpsIn, side.maxFeeIn);
  if (arriving <= 0n) refuse('zeroInput');
  // A creator fee on the input is one rounding together with the trade fee.
  const inputRate = side.creatorFeeOnInput ? state.tradeFeeRate + side.creatorFeeRate : state.tradeFeeRate;
  // With both rates zero the program divides by zero when it splits the fee, and fails.
  if (side.creatorFeeOnInput && inputRate === 0n) refuse('zeroFeeRates');
  const inputFee = ceilDiv(arriving * inputRate, FEE_DENOMINATOR);
  const swapped = arriving - inputFee;
  if (swapped < 0n) refuse('feesExceedInput');
  const gross = (swapped * side.reserveOut) / (side.reserveIn + swapped);
  const creatorFeeOut = side.creatorFeeOnInput ? 0n : ceilDiv(gross * side.creatorFeeRate, FEE_DENOMINATOR);
  const leaving = gross - creatorFeeOut;
  const amountOut = leaving - transferFeeOf(leaving, side.feeBpsOut, side.maxFeeOut);
  if (amountOut <= 0n) refuse('zeroOutput');
  return {
    amountIn,
    amountOut,
    feeAmount: inputFee + inInputUnits(creatorFeeOut, side),
    priceImpactBps: impactBps(swapped, side.reserveIn),
  };
}

/**
 * What `amountOut` costs.
 * @param amountOut 1 to u64, reaches the wallet
 * @throws HotslotError INSUFFICIENT_LIQUIDITY where the program would fail
 */
export function quoteExactOut(state: CpmmState, zeroForOne: boolean, amountOut: bigint): Quote {
  const side = sideOf(state, zeroForOne);
  if (side.reserveIn <= 0n || side.reserveOut <= 0n) refuse('emptyPool');
  const feeOut = inverseTransferFee(amountOut, side.feeBpsOut, side.maxFeeOut);
  if (feeOut === undefined) refuse('transferFeeMismatch');
  const leaving = amountOut + feeOut;
  const gross = side.creatorFeeOnInput ? leaving : grossUp(leaving, side.creatorFeeRate);
  if (gross <= 0n || gross >= side.reserveOut) refuse('overReserve');
  const swapped = ceilDiv(side.reserveIn * gross, side.reserveOut - gross);
  const inputRate = side.creatorFeeOnInput ? state.tradeFeeRate + side.creatorFeeRate : state.tradeFeeRate;
  if (inputRate >= FEE_DENOMINATOR || (side.creatorFeeOnInput && inputRate === 0n)) refuse('zeroFeeRates');
  const arriving = grossUp(swapped, inputRate);
  const feeIn = inverseTransferFee(arriving, side.feeBpsIn, side.maxFeeIn);
  if (feeIn === undefined) refuse('transferFeeMismatch');
  const amountIn = arriving + feeIn;
  if (amountIn > U64_MAX) refuse('overU64');
  return {
    amountIn,
    amountOut,
    feeAmount: arriving - swapped + inInputUnits(gross - leaving, side),
    priceImpactBps: impactBps(swapped, side.reserveIn),
  };
}

/** A creator fee taken from the output, at the pool's spot price. */
function inInputUnits(output: bigint, side: Side): bigint {
  return output === 0n ? 0n : ceilDiv(output * side.reserveIn, side.reserveOut);
}

/** How much worse than the spot price the swap executes, fees apart: dx / (x + dx). Rounded up. */
function impactBps(swapped: bigint, reserveIn: bigint): number {
  return Number(ceilDiv(swapped * BPS, reserveIn + swapped));
}
