/**
 * Quotes to the unit. The oracle below is the program's arithmetic written down a second time, step by step and
 * without shortcuts; the mainnet pool beside the repository gives one result that the real program paid.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { PoolBook } from '../src/market/pool-book.js';
import { assertTradable, quoteExactIn, quoteExactOut } from '../src/market/raydium-cpmm-quote.js';
import type { CpmmState } from '../src/market/types.js';
import { FakeAccounts, PLAIN_STATE, TOKEN_PROGRAM } from './support/cpmm-accounts.js';
import { RAYDIUM_FIXTURE_ABSENT, raydiumFixturePresent, readFixture } from './support/raydium-fixture.js';

const M = 1_000_000n;
const U64 = 2n ** 64n - 1n;
const up = (a: bigint, b: bigint): bigint => (a % b === 0n ? a / b : a / b + 1n);

function tokenFee(amount: bigint, bps: number, max: bigint): bigint {
  const raw = up(amount * BigInt(bps), 10_000n);
  return raw > max ? max : raw;
}

function view(state: CpmmState, zeroForOne: boolean) {
  const [x, y] = zeroForOne ? [state.reserve0, state.reserve1] : [state.reserve1, state.reserve0];
  const fee0 = [state.transferFeeBps0, state.maxTransferFee0] as const;
  const fee1 = [state.transferFeeBps1, state.maxTransferFee1] as const;
  const creator = state.creatorFeeEnabled ? state.creatorFeeRate : 0n;
  const onInput = state.creatorFeeOn === 0 || state.creatorFeeOn === (zeroForOne ? 1 : 2);
  return { x, y, feeIn: zeroForOne ? fee0 : fee1, feeOut: zeroForOne ? fee1 : fee0, creator, onInput };
}

/** What reaches the wallet; undefined where the program fails. */
function oracleIn(state: CpmmState, zeroForOne: boolean, amountIn: bigint): bigint | undefined {
  const { x, y, feeIn, feeOut, creator, onInput } = view(state, zeroForOne);
  if (x === 0n || y === 0n) return undefined;
  const dx = amountIn - tokenFee(amountIn, ...feeIn);
  if (dx <= 0n) return undefined;
  const rate = onInput ? state.tradeFeeRate + creator : state.tradeFeeRate;
  if (onInput && rate === 0n) return undefined;
  const net = dx - up(dx * rate, M);
  const dy = (net * y) / (x + net);
  const paid = onInput ? dy : dy - up(dy * creator, M);
  const received = paid - tokenFee(paid, ...feeOut);
  return received > 0n ? received : undefined;
}

const anyState: fc.Arbitrary<CpmmState> = fc.record({
  reserve0: fc.bigInt(1n, 2n ** 63n),
  reserve1: fc.bigInt(1n, 2n ** 63n),
  tradeFeeRate: fc.bigInt(0n, 100_000n),
  protocolFeeRate: fc.constant(120_000n),
  fundFeeRate: fc.constant(40_000n),
  creatorFeeRate: fc.bigInt(0n, 50_000n),
  creatorFeeOn: fc.integer({ min: 0, max: 2 }),
  creatorFeeEnabled: fc.boolean(),
  swapEnabled: fc.constant(true),
  openTime: fc.constant(0n),
  transferFeeBps0: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })),
  maxTransferFee0: fc.bigInt(0n, 2n ** 40n),
  transferFeeBps1: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })),
  maxTransferFee1: fc.bigInt(0n, 2n ** 40n),
});
const anyAmount = fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 2n ** 40n), fc.bigInt(1n, U64));

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof HotslotError && error.code === 'INSUFFICIENT_LIQUIDITY') return undefined;
    throw error;
  }
}

describe('Raydium CPMM quotes', () => {
  it.skipIf(!raydiumFixturePresent)(
    `pays 6,630,518 USDC units for 0.1 SOL on the mainnet pool (${raydiumFixturePresent ? 'fixture found' : RAYDIUM_FIXTURE_ABSENT})`,
    () => {
      const accounts = new FakeAccounts();
      const book = new PoolBook({ accounts, epochOf: () => 0n });
      const pool = readFixture('sol_usdc_pool_state');
      for (const name of ['sol_usdc_pool_state', 'amm_config', 'sol_vault', 'usdc_vault']) {
        const account = readFixture(name);
        accounts.put(account.address, account.owner, account.data, 1);
      }
      const keys = book.addPoolFromAccount(pool.address, pool.owner, pool.data)!;
      expect(keys.mint0).toBe('So11111111111111111111111111111111111111112');
      expect(book.snapshotOf(pool.address)).toBeUndefined();
      for (const mint of [keys.mint0, keys.mint1]) {
        book.onAccountChanged(mint, accounts.put(mint, TOKEN_PROGRAM, new Uint8Array(82), 1), 'fetch');
      }
      const { state } = book.snapshotOf(pool.address)!;
      expect(quoteExactIn(state, true, 100_000_000n).amountOut).toBe(6_630_518n);
      expect(quoteExactOut(state, true, 6_630_518n).amountIn).toBeLessThanOrEqual(100_000_000n);
      expect(quoteExactOut(state, true, 6_630_519n).amountIn).toBeGreaterThan(100_000_000n);
    },
  );

  it('equals the program for every exact-in swap, both ways, with every fee', () => {
    fc.assert(
      fc.property(anyState, fc.boolean(), anyAmount, (state, zeroForOne, amount) => {
        const quote = attempt(() => quoteExactIn(state, zeroForOne, amount));
        expect(quote?.amountOut).toBe(oracleIn(state, zeroForOne, amount));
      }),
      { numRuns: 5000, seed: 20_240_601 },
    );
  });

  it('asks the least input that buys an exact output, up to the fees that round', () => {
    fc.assert(
      fc.property(anyState, fc.boolean(), anyAmount, (state, zeroForOne, amount) => {
        const cost = attempt(() => quoteExactOut(state, zeroForOne, amount));
        if (cost === undefined) return;
        // What is asked always suffices: the program's own exact-in with it pays at least that much.
        const paid = oracleIn(state, zeroForOne, cost.amountIn);
        expect(paid === undefined ? 0n : paid).toBeGreaterThanOrEqual(amount);
      }),
      { numRuns: 5000, seed: 20_240_602 },
    );
  });

  it('without fees asks exactly the least input', () => {
    const state = { ...PLAIN_STATE, reserve0: 10_000n, reserve1: 5_000n };
    for (let amount = 1n; amount < 500n; amount++) {
      const { amountIn } = quoteExactOut(state, true, amount);
      expect(oracleIn(state, true, amountIn)!).toBeGreaterThanOrEqual(amount);
      expect(oracleIn(state, true, amountIn - 2n) ?? 0n).toBeLessThan(amount);
    }
  });

  it('refuses an output at or over the reserve and takes the last unit below it', () => {
    const state = { ...PLAIN_STATE, reserve0: 1000n, reserve1: 1000n };
    expect(quoteExactOut(state, true, 999n).amountIn).toBeGreaterThan(0n);
    expect(() => quoteExactOut(state, true, 1000n)).toThrow(
      expect.objectContaining({ code: 'INSUFFICIENT_LIQUIDITY' }),
    );
  });

  it('tells price impact without fees: a tenth of the reserve costs 909 bps', () => {
    const state = { ...PLAIN_STATE, tradeFeeRate: 1n, reserve0: 1_000_000_000n, reserve1: 1_000_000_000n };
    expect(quoteExactIn(state, true, 100_000_000n).priceImpactBps).toBe(910);
    expect(quoteExactIn(state, true, 10_000n).priceImpactBps).toBe(1);
  });

  it('refuses a disabled pool, and one that opens a second later', () => {
    expect(() => assertTradable({ ...PLAIN_STATE, swapEnabled: false }, 1)).toThrow(
      expect.objectContaining({ code: 'POOL_DISABLED' }),
    );
    const opening = { ...PLAIN_STATE, openTime: 100n };
    expect(() => assertTradable(opening, 99.9)).toThrow(expect.objectContaining({ code: 'POOL_DISABLED' }));
    expect(() => assertTradable(opening, 100)).not.toThrow();
  });
});
