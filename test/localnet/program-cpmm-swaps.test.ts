/** Property: whatever the pool, the amount and the fees, the program moves what the naive model says, to the unit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONFIG, CpmmHarness, POOL, SWAP_BASE_INPUT, SWAP_BASE_OUTPUT, swapData } from './cpmm-harness.js';
import {
  type ModelPool,
  type ModelSwap,
  modelExactIn,
  modelExactOut,
  NO_TRANSFER_FEE,
} from './cpmm-model.js';

const RUNS = { numRuns: 150, seed: 20_240_601 } as const;
const PLAIN_POOL = 0;
const TRANSFER_FEE_POOL = 3;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
/** Offsets of the newer transfer fee in the genesis's Token-2022 mint: 166 + TLV head 4 + 90. */
const NEWER_FEE = { epoch: 260, maximum: 268, basisPoints: 276 } as const;
const OLDER_FEE = { maximum: 250, basisPoints: 258 } as const;
/** The mainnet program takes about 22,000; divisions of the largest numbers may cost, but not more than that. */
const MOST_COMPUTE_UNITS = 22_000;

interface Draw {
  readonly zeroForOne: boolean;
  readonly vault0: bigint;
  readonly vault1: bigint;
  readonly owed: readonly bigint[];
  readonly rates: readonly [bigint, bigint, bigint, bigint];
  readonly creatorFeeOn: number;
  readonly creatorFeeEnabled: boolean;
  readonly amount: bigint;
}

/** Sizes are drawn by their number of bits: every magnitude is as likely as any other. */
const sized = (leastBits: number, mostBits: number) =>
  fc
    .tuple(fc.integer({ min: leastBits, max: mostBits }), fc.bigInt(0n, U64_MAX))
    .map(([bits, raw]) => (1n << BigInt(bits - 1)) | (raw & ((1n << BigInt(bits - 1)) - 1n)));

const draws: fc.Arbitrary<Draw> = fc.record({
  zeroForOne: fc.boolean(),
  vault0: sized(20, 62),
  vault1: sized(20, 62),
  owed: fc.array(fc.bigInt(0n, 100_000n), { minLength: 6, maxLength: 6 }),
  rates: fc.tuple(
    fc.bigInt(0n, 100_000n).map((rate) => rate + 1n),
    fc.bigInt(0n, 1_000_000n),
    fc.bigInt(0n, 400_000n),
    fc.bigInt(0n, 100_000n),
  ),
  creatorFeeOn: fc.integer({ min: 0, max: 2 }),
  creatorFeeEnabled: fc.boolean(),
  amount: sized(1, 60),
});

/** Writes the drawn numbers into the accounts, and tells the model of them. */
function arrange(harness: CpmmHarness, draw: Draw): ModelPool {
  harness.setTokenAmount(harness.vault(0), draw.vault0);
  harness.setTokenAmount(harness.vault(1), draw.vault1);
  for (const index of [0, 1] as const) harness.setTokenAmount(harness.userAccount(index), 1n << 62n);
  const counters = [POOL.protocolFees, POOL.fundFees, POOL.creatorFees];
  harness.edit(harness.pool.address, (data) => {
    for (const [i, at] of counters.entries()) {
      data.writeBigUInt64LE(draw.owed[2 * i]!, at);
      data.writeBigUInt64LE(draw.owed[2 * i + 1]!, at + 8);
    }
    data[POOL.creatorFeeOn] = draw.creatorFeeOn;
    data[POOL.creatorFeeEnabled] = draw.creatorFeeEnabled ? 1 : 0;
  });
  harness.edit(harness.pool.ammConfig, (data) => {
    const offsets = [CONFIG.tradeFee, CONFIG.protocolFee, CONFIG.fundFee, CONFIG.creatorFee];
    for (const [i, at] of offsets.entries()) data.writeBigUInt64LE(draw.rates[i]!, at);
  });
  const owed0 = draw.owed[0]! + draw.owed[2]! + draw.owed[4]!;
  const owed1 = draw.owed[1]! + draw.owed[3]! + draw.owed[5]!;
  const reserves = [draw.vault0 - owed0, draw.vault1 - owed1] as const;
  const input = draw.zeroForOne ? 0 : 1;
  return {
    inputReserve: reserves[input],
    outputReserve: reserves[1 - input]!,
    tradeFeeRate: draw.rates[0],
    protocolFeeRate: draw.rates[1],
    fundFeeRate: draw.rates[2],
    creatorFeeRate: draw.creatorFeeEnabled ? draw.rates[3] : 0n,
    creatorFeeOnInput: draw.creatorFeeOn === 0 || draw.creatorFeeOn === input + 1,
    inputFee: NO_TRANSFER_FEE,
    outputFee: NO_TRANSFER_FEE,
  };
}

interface Balances {
  readonly user: readonly [bigint, bigint];
  readonly vault: readonly [bigint, bigint];
  readonly owed: readonly bigint[];
}

function readBalances(harness: CpmmHarness): Balances {
  const amounts = (of: (index: 0 | 1) => string): [bigint, bigint] => [
    harness.tokenAmount(of(0)),
    harness.tokenAmount(of(1)),
  ];
  const pool = harness.data(harness.pool.address);
  const counters = [POOL.protocolFees, POOL.fundFees, POOL.creatorFees];
  return {
    user: amounts((index) => harness.userAccount(index)),
    vault: amounts((index) => harness.vault(index)),
    owed: counters.flatMap((at) => [pool.readBigUInt64LE(at), pool.readBigUInt64LE(at + 8)]),
  };
}

function expectMoved(
  harness: CpmmHarness,
  draw: Draw,
  model: ModelPool,
  before: Balances,
  swap: ModelSwap,
): void {
  const after = readBalances(harness);
  const input = draw.zeroForOne ? 0 : 1;
  const output = draw.zeroForOne ? 1 : 0;
  const creator = model.creatorFeeOnInput ? input : output;
  const owed = [...before.owed];
  owed[input]! += swap.protocolFee;
  owed[2 + input]! += swap.fundFee;
  owed[4 + creator]! += swap.creatorFee;
  expect({
    spent: before.user[input] - after.user[input],
    received: after.user[output] - before.user[output],
    vaultIn: after.vault[input] - before.vault[input],
    vaultOut: before.vault[output] - after.vault[output],
    owed: after.owed,
  }).toEqual({
    spent: swap.spent,
    received: swap.received,
    vaultIn: swap.vaultIn,
    vaultOut: swap.vaultOut,
    owed,
  });
}

/** Runs one exact-in swap and compares; answers the compute units it took. */
function checkExactIn(harness: CpmmHarness, draw: Draw, model: ModelPool): number {
  const before = readBalances(harness);
  const swap = modelExactIn(model, draw.amount);
  const data = swapData(SWAP_BASE_INPUT, draw.amount, swap.received > 0n ? swap.received : 0n);
  const outcome = harness.swap({ zeroForOne: draw.zeroForOne, data });
  if (swap.vaultIn <= 0n || swap.received <= 0n) {
    // Nothing would arrive: require_gt, and nothing moved.
    expect(outcome.error).toBe(2505);
    expect(readBalances(harness)).toEqual(before);
    return 0;
  }
  expect(outcome.error).toBeUndefined();
  expectMoved(harness, draw, model, before, swap);
  return outcome.computeUnits;
}

function checkExactOut(harness: CpmmHarness, draw: Draw, model: ModelPool): void {
  // Up to 45% of the pool, so that the fees on top of it still leave something in it.
  const amountOut = 1n + (draw.amount % ((model.outputReserve * 9n) / 10n / 2n));
  const swap = modelExactOut(model, amountOut);
  fc.pre(swap.spent < 1n << 61n);
  const before = readBalances(harness);
  const short = harness.swap({
    zeroForOne: draw.zeroForOne,
    data: swapData(SWAP_BASE_OUTPUT, swap.spent - 1n, amountOut),
  });
  expect(short.error).toBe(6005);
  const outcome = harness.swap({
    zeroForOne: draw.zeroForOne,
    data: swapData(SWAP_BASE_OUTPUT, swap.spent, amountOut),
  });
  expect(outcome.error).toBeUndefined();
  expect(swap.received).toBe(amountOut);
  expectMoved(harness, draw, model, before, swap);
}

describe('plain mints', () => {
  const harness = new CpmmHarness(PLAIN_POOL);

  test('exact input equals the model in both directions', () => {
    let mostUnits = 0;
    fc.assert(
      fc.property(draws, (draw) => {
        mostUnits = Math.max(mostUnits, checkExactIn(harness, draw, arrange(harness, draw)));
      }),
      RUNS,
    );
    expect(mostUnits).toBeGreaterThan(0);
    expect(mostUnits).toBeLessThan(MOST_COMPUTE_UNITS);
  });

  test('exact output equals the model in both directions, and one unit less pays for nothing', () => {
    fc.assert(
      fc.property(draws, (draw) => checkExactOut(harness, draw, arrange(harness, draw))),
      RUNS,
    );
  });

  test('a divisor of more than 64 bits divides right: the quote is exact to the unit', () => {
    const draw: Draw = {
      zeroForOne: false,
      vault0: 1n << 40n,
      vault1: U64_MAX - 5n,
      owed: [0n, 0n, 0n, 0n, 0n, 0n],
      rates: [2_500n, 120_000n, 40_000n, 0n],
      creatorFeeOn: 0,
      creatorFeeEnabled: false,
      amount: 1n << 60n,
    };
    const swap = modelExactIn(arrange(harness, draw), draw.amount);
    const ask = (minimum: bigint) =>
      harness.swap({ zeroForOne: false, data: swapData(SWAP_BASE_INPUT, draw.amount, minimum) });
    expect(ask(swap.received + 1n).error).toBe(6005);
    // No vault can hold the outcome, so what becomes of the transfer is the token program's affair.
    expect(ask(swap.received).error).not.toBe(6005);
  });
});

describe('a mint with a transfer fee', () => {
  const harness = new CpmmHarness(TRANSFER_FEE_POOL);
  const taxed = harness.mint(0).transferFeeBps === undefined ? 1 : 0;
  const fees = fc.record({
    basisPoints: fc.bigInt(0n, 2_000n),
    maximum: fc.oneof(fc.bigInt(0n, 5_000n), fc.constant(1n << 60n)),
    newer: fc.boolean(),
  });

  /** Epoch 7 is now; the fee that does not hold is made absurd, to show that it is not read. */
  function arrangeFee(fee: { basisPoints: bigint; maximum: bigint; newer: boolean }): void {
    harness.setTime(1_800_000_000n, 7n);
    harness.edit(harness.mint(taxed).address, (data) => {
      data.writeBigUInt64LE(fee.newer ? 7n : 8n, NEWER_FEE.epoch);
      data.writeBigUInt64LE(fee.newer ? fee.maximum : U64_MAX, NEWER_FEE.maximum);
      data.writeUInt16LE(fee.newer ? Number(fee.basisPoints) : 9_000, NEWER_FEE.basisPoints);
      data.writeBigUInt64LE(fee.newer ? U64_MAX : fee.maximum, OLDER_FEE.maximum);
      data.writeUInt16LE(fee.newer ? 9_000 : Number(fee.basisPoints), OLDER_FEE.basisPoints);
    });
  }

  function withFee(draw: Draw, model: ModelPool, fee: { basisPoints: bigint; maximum: bigint }): ModelPool {
    const taxedIn = (draw.zeroForOne ? 0 : 1) === taxed;
    return { ...model, ...(taxedIn ? { inputFee: fee } : { outputFee: fee }) };
  }

  test('exact input equals the model, the fee going in or coming out, by the epoch that holds', () => {
    fc.assert(
      fc.property(draws, fees, (draw, fee) => {
        arrangeFee(fee);
        checkExactIn(harness, draw, withFee(draw, arrange(harness, draw), fee));
      }),
      RUNS,
    );
  });

  test('exact output equals the model, the fee going in or coming out', () => {
    fc.assert(
      fc.property(draws, fees, (draw, fee) => {
        arrangeFee(fee);
        checkExactOut(harness, draw, withFee(draw, arrange(harness, draw), fee));
      }),
      RUNS,
    );
  });
});
