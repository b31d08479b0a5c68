// What others pay decides who lands: it is asked for in the background, in bounds, and outlives a node that is silent.
import { expect, it, onTestFinished } from 'vitest';
import {
  FEE_BLOCKS,
  FeeWatch,
  feeLevelMicroLamportsOf,
  MAX_POOLS_A_ROUND,
} from '../src/executor/fee-watch.js';
import { type Address, asSlot } from '../src/model/brands.js';
import { testKeys } from './support/cpmm-accounts.js';
import { ManualClock } from './support/manual-clock.js';
import { settled } from './support/transactions.js';

const POLL_MS = 1_000;
const fee = (slot: number, microLamports: number) => ({ slot: asSlot(slot), microLamports });

it('the level is a percentile, by nearest rank, of the newest blocks', () => {
  const fees = [1, 2, 3, 4].map((price) => fee(price, price * 100));
  expect(feeLevelMicroLamportsOf(fees, 1)).toBe(100);
  expect(feeLevelMicroLamportsOf(fees, 50)).toBe(200);
  expect(feeLevelMicroLamportsOf(fees, 51)).toBe(300);
  expect(feeLevelMicroLamportsOf(fees, 100)).toBe(400);
  expect(feeLevelMicroLamportsOf([], 75)).toBe(0);
});

it('a rush that is over is forgotten, however the node sorts its answer', () => {
  const rush = Array.from({ length: FEE_BLOCKS }, (_, index) => fee(index, 1_000_000));
  const calm = Array.from({ length: FEE_BLOCKS }, (_, index) => fee(FEE_BLOCKS + index, 5));
  expect(feeLevelMicroLamportsOf([...calm, ...rush], 100)).toBe(5);
  expect(feeLevelMicroLamportsOf([...rush, ...calm], 100)).toBe(5);
});

function watch(poolCount: number) {
  const clock = new ManualClock();
  const pools = Array.from({ length: poolCount }, (_, index) => testKeys(10 * (index + 1)));
  const asked: (readonly Address[])[] = [];
  const levels = new Map<Address, number>();
  const faults: unknown[] = [];
  const node = { price: 700, fails: false, holds: undefined as Promise<void> | undefined };
  const watcher = new FeeWatch({
    reader: {
      recentPrioritizationFees: async (writable) => {
        asked.push(writable);
        await node.holds;
        if (node.fails) throw new Error('silent');
        return [fee(1, node.price)];
      },
    },
    pools: () => pools,
    setFeeLevelMicroLamports: (pool, level) => levels.set(pool, level),
    clock,
    percentile: 75,
    pollMs: POLL_MS,
    onFault: (error) => faults.push(error),
  });
  onTestFinished(() => watcher.close());
  return { clock, pools, asked, levels, faults, node, watcher };
}

it('asks for what a swap writes in a pool, a few pools a round, all in turn', async () => {
  const { clock, pools, asked, levels } = watch(MAX_POOLS_A_ROUND + 2);
  await settled();
  const { pool, vault0, vault1, observation } = pools[0]!;
  expect(asked[0]).toEqual([pool, vault0, vault1, observation]);
  expect(asked.length).toBe(MAX_POOLS_A_ROUND);
  clock.advance(POLL_MS);
  await settled();
  expect(asked.length).toBe(2 * MAX_POOLS_A_ROUND);
  expect([...levels.keys()]).toEqual(pools.map((keys) => keys.pool));
  expect(new Set(levels.values())).toEqual(new Set([700]));
});

it('has no pool wait behind one that nobody answers for', async () => {
  const { clock, pools, asked, levels, node } = watch(3);
  await settled();
  asked.length = 0;
  const [, silent] = pools;
  Object.defineProperty(node, 'fails', { get: () => asked.at(-1)![0] === silent!.pool });
  node.price = 800;
  for (let round = 0; round < 4; round++) {
    clock.advance(POLL_MS);
    await settled();
  }
  expect(pools.map(({ pool }) => levels.get(pool))).toEqual([800, 700, 800]);
});

it('keeps the last level while no node answers, says so once, and goes on', async () => {
  const { clock, pools, levels, faults, node } = watch(1);
  await settled();
  node.fails = true;
  for (let round = 0; round < 3; round += 1) {
    clock.advance(POLL_MS);
    await settled();
  }
  expect(levels.get(pools[0]!.pool)).toBe(700);
  expect(faults.length).toBe(1);
  node.fails = false;
  node.price = 30;
  clock.advance(POLL_MS);
  await settled();
  expect(levels.get(pools[0]!.pool)).toBe(30);
});

it('has one question out at a time, and writes nothing once it is closed', async () => {
  const { clock, asked, levels, node, watcher } = watch(1);
  await settled();
  levels.clear();
  let release = (): void => undefined;
  node.holds = new Promise((resolve) => {
    release = resolve;
  });
  clock.advance(POLL_MS);
  clock.advance(POLL_MS);
  await settled();
  expect(asked.length).toBe(2);
  watcher.close();
  release();
  await settled();
  expect(levels.size).toBe(0);
  expect(clock.timerCount).toBe(0);
});
