/** A pool that somebody has pushed away from the market must not be traded on, once a limit is set. */
import { describe, expect, it } from 'vitest';
import { ReferencePrices } from '../src/jupiter/reference-prices.js';
import type { JupiterPrice } from '../src/jupiter/types.js';
import type { CpmmState, PoolKeys, PoolSnapshot } from '../src/market/types.js';
import { type Address, asAddress } from '../src/model/brands.js';
import { deviationBps, ReferenceGuard, type ReferencePrice } from '../src/risk/reference-guard.js';
import { ManualClock } from './support/manual-clock.js';

const SOL = asAddress('So11111111111111111111111111111111111111112');
const USDC = asAddress('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const KEYS = { pool: 'pool', mint0: SOL, mint1: USDC, decimals0: 9, decimals1: 6 } as unknown as PoolKeys;

/** A pool in which one SOL is so many dollars. */
function poolAt(price: number): PoolSnapshot {
  const state = { reserve0: 1_000_000_000_000n, reserve1: BigInt(price * 1_000 * 1_000_000) } as CpmmState;
  return { state } as PoolSnapshot;
}

function guardWith(options: {
  readonly poolPrice: number;
  readonly sol?: Partial<ReferencePrice>;
  readonly required?: boolean;
  readonly unknown?: Address;
}) {
  const references = new Map<Address, ReferencePrice>([
    [SOL, { usdPrice: 150, decimals: 9, ageMs: 0, ...options.sol }],
    [USDC, { usdPrice: 1, decimals: 6, ageMs: 0 }],
  ]);
  if (options.unknown !== undefined) references.delete(options.unknown);
  return new ReferenceGuard({
    maxDeviationBps: 100,
    maxAgeMs: 10_000,
    required: options.required ?? false,
    referenceOf: (mint) => references.get(mint),
    snapshotOf: () => poolAt(options.poolPrice),
  });
}

describe('the reference guard', () => {
  it('lets a pool be off by as much as allowed, either way, and not by more', () => {
    for (const allowed of [150, 151.5, 148.52]) guardWith({ poolPrice: allowed }).check(KEYS);
    for (const [poolPrice, offBps] of [
      [151.53, 102],
      [148.4, 108],
      [300, 10_000],
    ] as const) {
      expect(() => guardWith({ poolPrice }).check(KEYS)).toThrow(
        expect.objectContaining({
          code: 'REFERENCE_DEVIATION',
          context: expect.objectContaining({
            pool: 'pool',
            poolPrice: expect.closeTo(poolPrice, 9),
            referencePrice: 150,
            deviationBps: offBps,
            allowedBps: 100,
          }),
        }),
      );
    }
  });

  it('passes what has no price or only an old one, unless a price is required', () => {
    const old = { poolPrice: 300, sol: { ageMs: 10_001 } };
    guardWith(old).check(KEYS);
    guardWith({ poolPrice: 300, unknown: USDC }).check(KEYS);
    expect(() => guardWith({ ...old, required: true }).check(KEYS)).toThrow(
      expect.objectContaining({
        code: 'REFERENCE_UNKNOWN',
        context: { mint: SOL, allowedMs: 10_000, ageMs: 10_001 },
      }),
    );
    expect(() => guardWith({ poolPrice: 150, unknown: USDC, required: true }).check(KEYS)).toThrow(
      expect.objectContaining({ code: 'REFERENCE_UNKNOWN' }),
    );
    expect(() => guardWith({ poolPrice: 300, sol: { ageMs: 10_000 } }).check(KEYS)).toThrow('further off');
  });

  it('measures both directions alike', () => {
    expect(deviationBps(110, 100)).toBe(1_000);
    expect(deviationBps(100, 110)).toBe(1_000);
  });
});

describe('the reference prices', () => {
  it('are asked for again and again, keep the last through an outage, and tell of it once', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    let price: number | undefined = 150;
    let rounds = 0;
    const client = {
      prices: async (mints: readonly Address[], onPrices?: (prices: readonly JupiterPrice[]) => void) => {
        rounds += 1;
        if (price === undefined) throw new Error('down');
        const received = { receivedAtMs: clock.nowMs(), receivedUs: clock.monotonicUs() };
        const found: JupiterPrice = { mint: mints[0]!, usdPrice: price, decimals: 9, slot: 7, ...received };
        onPrices?.([found]);
        return new Map([[SOL, found]]);
      },
    };
    const prices = new ReferencePrices({
      client,
      mints: () => [SOL, USDC],
      clock,
      pollMs: 2_000,
      onFault: (error) => told.push((error as Error).message),
      onRecovered: () => told.push('recovered'),
    });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    await settle();
    expect(prices.priceOf(SOL)).toMatchObject({ usdPrice: 150, ageMs: 0 });
    expect(prices.priceOf(USDC)).toBeUndefined();
    price = undefined;
    for (let round = 0; round < 3; round += 1) {
      clock.advance(2_000);
      await settle();
    }
    expect(prices.priceOf(SOL)).toMatchObject({ usdPrice: 150, ageMs: 6_000 });
    price = 151;
    clock.advance(2_000);
    await settle();
    expect(prices.priceOf(SOL)).toMatchObject({ usdPrice: 151, ageMs: 0 });
    expect(told).toEqual(['down', 'recovered']);
    prices.close();
    clock.advance(10_000);
    await settle();
    expect([rounds, clock.timerCount]).toEqual([5, 0]);
  });
});
