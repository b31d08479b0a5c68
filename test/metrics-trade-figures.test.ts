/** What is told of trades beside their latencies: each counts once, whatever forks and gaps do, and nothing grows. */
import { describe, expect, it } from 'vitest';
import { BoundedCounts, MAX_NAMES, OTHER_NAMES } from '../src/metrics/bounded-counts.js';
import { BucketCounts } from '../src/metrics/bucket-counts.js';
import { RATE_WINDOW_S, RateWindow } from '../src/metrics/rate-window.js';
import { SampleWindow } from '../src/metrics/sample-window.js';
import { TradeFigures } from '../src/metrics/trade-figures.js';
import type { Trade } from '../src/model/trade.js';
import { DeskRig, HEAD } from './support/desk-rig.js';
import { ManualClock } from './support/manual-clock.js';
import { transactionUpdate } from './support/transactions.js';

function figuresOf(rig: DeskRig): TradeFigures {
  const figures = new TradeFigures(rig.clock);
  rig.desk.onTrade((event) => figures.onTrade(event));
  rig.desk.onRefused((error) => figures.onRefused(error));
  return figures;
}

/** 1,000 of mint A were quoted 2,000 of mint B. */
function landedWith(
  rig: DeskRig,
  trade: Trade,
  received: bigint,
  commitment: 'confirmed' | 'finalized',
): void {
  const signature = trade.attempts.at(-1)!.signature;
  const slot = trade.outcome?.slot ?? rig.slots.head();
  const balance = (mint: string, amount: bigint) => ({
    accountIndex: 0,
    mint: mint as never,
    owner: trade.wallet,
    amount,
  });
  const { inputMint, outputMint } = trade.intent;
  rig.emit({
    kind: 'landed',
    signature,
    slot,
    commitment,
    error: undefined,
    evidence: { source: 'stream:test', slot, commitment },
    transaction: {
      ...transactionUpdate(signature, slot, { feeLamports: 5_060n }),
      preTokenBalances: [balance(inputMint, 1_000n), balance(outputMint, 0n)],
      postTokenBalances: [balance(inputMint, 0n), balance(outputMint, received)],
    } as never,
  });
}

describe('slippage', () => {
  it('is what was received less than quoted, once a trade, whatever follows', async () => {
    const rig = new DeskRig();
    const figures = figuresOf(rig);
    const trade = await rig.sent();
    landedWith(rig, trade, 1_940n, 'confirmed');
    landedWith(rig, trade, 1_940n, 'finalized');
    // The quote was 2,000 and the limit 1 percent below it.
    expect(figures.quality.slippage()).toMatchObject({
      realised: { count: 1, mean: 300, p99: 300 },
      sinceAccepted: { count: 1, mean: 300 },
      allowed: { count: 1, mean: 100 },
    });
  });

  it('is below nothing where the chain gave more than was quoted', async () => {
    const rig = new DeskRig();
    const figures = figuresOf(rig);
    landedWith(rig, await rig.sent(), 2_020n, 'finalized');
    expect(figures.quality.slippage().realised).toMatchObject({ count: 1, mean: -100 });
  });

  it('of a trade whose transaction came late counts when it was read', async () => {
    const rig = new DeskRig();
    const figures = figuresOf(rig);
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed', { bare: true });
    expect(figures.quality.fees().transactions).toBe(0);
    rig.landed(trade, 'finalized', { bare: true });
    expect(figures.quality.fees().transactions).toBe(0);
    const read = await rig.sent();
    rig.landed(read, 'confirmed', { bare: true });
    read.outcome = { ...read.outcome!, feeLamports: 5_060n, spent: 1_000n, received: 2_000n };
    rig.landed(read, 'finalized', { bare: true });
    expect(figures.quality.fees().transactions).toBe(1);
  });

  it('needs some trades before its mean says anything', async () => {
    const rig = new DeskRig();
    const figures = figuresOf(rig);
    for (let trades = 1; trades <= 2; trades++) {
      expect(figures.quality.recentSlippageBps(10, 2)).toBeUndefined();
      landedWith(rig, await rig.sent(), 1_900n, 'finalized');
    }
    expect(figures.quality.recentSlippageBps(10, 2)).toBe(500);
  });
});

describe('a confirmed landing that is undone', () => {
  it('leaves its fees and its slippage, and counts as it lands again', async () => {
    const rig = new DeskRig();
    const figures = figuresOf(rig);
    landedWith(rig, await rig.sent(), 1_980n, 'finalized');
    const [before, slippageBefore] = [figures.quality.fees(), figures.quality.slippage()];
    const trade = await rig.sent();
    landedWith(rig, trade, 1_900n, 'confirmed');
    expect([figures.quality.fees().transactions, figures.quality.slippage().realised.count]).toEqual([2, 2]);
    const paidForIt = figures.quality.fees();
    rig.forkLost(trade);
    expect([figures.quality.fees(), figures.quality.slippage()]).toEqual([before, slippageBefore]);
    expect(figures.quality.recentSlippageBps(10, 1)).toBe(100);
    // What is exported may not fall, so that what was taken out is told apart.
    expect(figures.quality.undoneFees()).toEqual({
      baseLamports: paidForIt.baseLamports - before.baseLamports,
      priorityLamports: paidForIt.priorityLamports - before.priorityLamports,
    });
    landedWith(rig, trade, 1_940n, 'confirmed');
    landedWith(rig, trade, 1_940n, 'finalized');
    expect(figures.quality.fees().transactions).toBe(2);
    expect(figures.quality.slippage()).toMatchObject({ realised: { count: 2, mean: 200, max: 300 } });
  });

  it('and was not read, or expires, leaves nothing either', async () => {
    const rig = new DeskRig({ maxAttempts: 1 });
    const figures = figuresOf(rig);
    for (const bare of [true, false]) {
      const trade = await rig.sent();
      rig.landed(trade, 'confirmed', { bare });
      rig.forkLost(trade);
      rig.expired(trade);
      expect(trade.state).toBe('expired');
    }
    expect(figures.quality.fees()).toMatchObject({ transactions: 0, baseLamports: 0, priorityLamports: 0 });
  });

  it('in an earlier life of the process counts in this one as it lands again', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    landedWith(rig, trade, 1_980n, 'confirmed');
    const next = new DeskRig();
    const figures = figuresOf(next);
    next.desk.resume(rig.replay());
    const again = next.desk.get(trade.id)!;
    next.forkLost(again);
    expect(figures.quality.fees().transactions).toBe(0);
    landedWith(next, again, 1_940n, 'confirmed');
    landedWith(next, again, 1_940n, 'finalized');
    expect(figures.quality.fees().transactions).toBe(1);
  });
});

it('fees are told apart: signatures, and price times limit rounded up', async () => {
  const rig = new DeskRig({ computeUnitLimit: 60_000, computeUnitPriceMicroLamports: 1_001n });
  const figures = figuresOf(rig);
  const trade = await rig.sent();
  landedWith(rig, trade, 2_000n, 'confirmed');
  // Each attempt asks for a few units more than the 60,000: more than 60 lamports.
  const priorityLamports = Math.ceil((trade.attempts[0]!.computeUnitLimit * 1_001) / 1e6);
  expect(priorityLamports).toBeGreaterThan(60);
  expect(figures.quality.fees()).toEqual({
    transactions: 1,
    baseLamports: 5_060 - priorityLamports,
    priorityLamports,
    tipLamports: 0,
  });
});

it('errors are counted by our code before acceptance and after, and by the name of the on-chain error', async () => {
  const rig = new DeskRig();
  const figures = figuresOf(rig);
  expect(() => rig.submit({ amount: 0n })).toThrow();
  rig.failsToBuild = { ok: false, error: { code: 'POOL_STALE', context: {} } } as never;
  await rig.sent();
  rig.failsToBuild = undefined;
  rig.landed(await rig.sent(), 'confirmed', { error: { InstructionError: [0, { Custom: 6 }] } });
  expect(Object.fromEntries(figures.errors.entries())).toEqual({
    RISK_LIMIT: 1,
    POOL_STALE: 1,
    'raydium-cpmm:ExceededSlippage': 1,
  });
});

it.each([
  ['on a worker', false],
  ['in place', true],
])(
  'throughput counts what was accepted, sent and confirmed in the last minute, built %s',
  async (_where, inPlace) => {
    const rig = new DeskRig();
    rig.buildsInPlace = inPlace;
    const figures = figuresOf(rig);
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    rig.forkLost(trade);
    expect(figures.throughput()).toMatchObject({
      acceptedPerSecond: 1,
      sentPerSecond: 1,
      confirmedPerSecond: 1,
    });
    rig.head(HEAD + 1);
    rig.clock.advance(RATE_WINDOW_S * 1_000);
    expect(figures.throughput()).toMatchObject({ acceptedPerSecond: 0, sentPerSecond: 0 });
  },
);

describe('what the figures are kept in', () => {
  it('a bucket holds what is at its bound', () => {
    const buckets = new BucketCounts([1, 2, 4]);
    for (const value of [0, 1, 1.01, 2, 4, 4.01]) buckets.observe(value);
    expect([...buckets.counts]).toEqual([2, 2, 1, 1]);
    expect([buckets.count, buckets.sum]).toEqual([6, 12.02]);
  });

  it('a rate is over what has passed, then over the last minute', () => {
    const clock = new ManualClock();
    const rate = new RateWindow(clock);
    rate.add();
    rate.add();
    expect(rate.perSecond()).toBe(2);
    clock.advance(3_000);
    expect(rate.perSecond()).toBe(0.5);
    clock.advance((RATE_WINDOW_S - 4) * 1_000);
    expect(rate.perSecond()).toBeCloseTo(2 / RATE_WINDOW_S);
    clock.advance(1_000);
    expect(rate.perSecond()).toBe(0);
  });

  it('a window has the newest samples only', () => {
    const window = new SampleWindow(4);
    expect(window.figures()).toMatchObject({ count: 0, mean: 0 });
    for (const value of [100, 1, 2, 3, 4]) window.add(value);
    expect(window.figures()).toEqual({ count: 4, mean: 2.5, p50: 2, p95: 4, p99: 4, max: 4 });
    expect(window.recentMean(2, 1)).toBe(3.5);
  });

  it('a window forgets a sample that is taken out, and no other', () => {
    const window = new SampleWindow(3);
    const numbers = [1, 2, 3, 4].map((value) => window.add(value));
    // Pushed out by the fourth.
    window.remove(numbers[0]!);
    expect(window.figures()).toMatchObject({ count: 3, mean: 3 });
    window.remove(numbers[3]!);
    expect(window.figures()).toMatchObject({ count: 2, mean: 2.5, max: 3 });
    expect([window.recentMean(1, 1), window.recentMean(3, 3)]).toEqual([3, undefined]);
    window.add(5);
    expect(window.figures()).toMatchObject({ count: 2, mean: 4 });
  });

  it('names past the bound share one', () => {
    const counts = new BoundedCounts();
    for (let name = 0; name < MAX_NAMES + 5; name++) counts.add(`error ${name}`);
    expect(counts.entries()).toHaveLength(MAX_NAMES + 1);
    expect(Object.fromEntries(counts.entries())[OTHER_NAMES]).toBe(5);
  });
});
