/** The AMM's rules once more, naively, in big integers: what the program in C is compared with. */

const MILLION = 1_000_000n;

export interface ModelPool {
  /** Vault balances less all fees owed. */
  readonly inputReserve: bigint;
  readonly outputReserve: bigint;
  readonly tradeFeeRate: bigint;
  readonly protocolFeeRate: bigint;
  readonly fundFeeRate: bigint;
  /** 0 where the pool's creator takes nothing. */
  readonly creatorFeeRate: bigint;
  readonly creatorFeeOnInput: boolean;
  readonly inputFee: ModelTransferFee;
  readonly outputFee: ModelTransferFee;
}

export interface ModelTransferFee {
  readonly basisPoints: bigint;
  readonly maximum: bigint;
}

export const NO_TRANSFER_FEE: ModelTransferFee = { basisPoints: 0n, maximum: 0n };

export interface ModelSwap {
  /** Leaves the user's account. */
  readonly spent: bigint;
  /** Arrives in the user's account. */
  readonly received: bigint;
  /** Arrives in the input vault, and leaves the output vault. */
  readonly vaultIn: bigint;
  readonly vaultOut: bigint;
  readonly protocolFee: bigint;
  readonly fundFee: bigint;
  readonly creatorFee: bigint;
}

export const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

export function transferFee({ basisPoints, maximum }: ModelTransferFee, amount: bigint): bigint {
  const raw = ceilDiv(amount * basisPoints, 10_000n);
  return raw < maximum ? raw : maximum;
}

/** What to send so that `amount` arrives. */
function grossUp(fee: ModelTransferFee, amount: bigint): bigint {
  if (fee.basisPoints === 0n) return amount;
  const raw = ceilDiv(amount * 10_000n, 10_000n - fee.basisPoints);
  const gross = raw - amount >= fee.maximum ? amount + fee.maximum : raw;
  return amount + transferFee(fee, gross);
}

function shares(pool: ModelPool, tradeFee: bigint) {
  return {
    protocolFee: (tradeFee * pool.protocolFeeRate) / MILLION,
    fundFee: (tradeFee * pool.fundFeeRate) / MILLION,
  };
}

export function modelExactIn(pool: ModelPool, amountIn: bigint): ModelSwap {
  const vaultIn = amountIn - transferFee(pool.inputFee, amountIn);
  const onInput = pool.creatorFeeOnInput;
  const rate = pool.tradeFeeRate + (onInput ? pool.creatorFeeRate : 0n);
  const totalFee = ceilDiv(vaultIn * rate, MILLION);
  const inputCreatorFee = onInput && rate > 0n ? (totalFee * pool.creatorFeeRate) / rate : 0n;
  const traded = vaultIn - totalFee;
  const out = (traded * pool.outputReserve) / (pool.inputReserve + traded);
  const outputCreatorFee = onInput ? 0n : ceilDiv(out * pool.creatorFeeRate, MILLION);
  const vaultOut = out - outputCreatorFee;
  return {
    spent: amountIn,
    received: vaultOut - transferFee(pool.outputFee, vaultOut),
    vaultIn,
    vaultOut,
    ...shares(pool, totalFee - inputCreatorFee),
    creatorFee: inputCreatorFee + outputCreatorFee,
  };
}

export function modelExactOut(pool: ModelPool, amountOut: bigint): ModelSwap {
  const beforeFee = (amount: bigint, rate: bigint) =>
    rate === 0n ? amount : ceilDiv(amount * MILLION, MILLION - rate);
  const onInput = pool.creatorFeeOnInput;
  const vaultOut = grossUp(pool.outputFee, amountOut);
  const leaving = onInput ? vaultOut : beforeFee(vaultOut, pool.creatorFeeRate);
  const traded = ceilDiv(pool.inputReserve * leaving, pool.outputReserve - leaving);
  const rate = pool.tradeFeeRate + (onInput ? pool.creatorFeeRate : 0n);
  const vaultIn = beforeFee(traded, rate);
  const totalFee = vaultIn - traded;
  const inputCreatorFee = onInput && rate > 0n ? (totalFee * pool.creatorFeeRate) / rate : 0n;
  return {
    spent: grossUp(pool.inputFee, vaultIn),
    received: vaultOut - transferFee(pool.outputFee, vaultOut),
    vaultIn,
    vaultOut,
    ...shares(pool, totalFee - inputCreatorFee),
    creatorFee: inputCreatorFee + (leaving - vaultOut),
  };
}
