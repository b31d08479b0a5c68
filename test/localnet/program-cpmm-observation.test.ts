/** The pool's price history: price before the swap × seconds, a new entry after 15 seconds, 100 entries in a ring. */
import { expect, test } from 'vitest';
import { CpmmHarness, NOW_SECONDS, POOL, SWAP_BASE_INPUT, swapData } from './cpmm-harness.js';

const HEAD = 43;
const ENTRY = 40;
const LAST_UPDATE = 4043;

function read(harness: CpmmHarness) {
  const data = harness.data(harness.pool.observation);
  const wide = (at: number) => data.readBigUInt64LE(at) | (data.readBigUInt64LE(at + 8) << 64n);
  const entry = (index: number) => {
    const at = HEAD + index * ENTRY;
    return { time: data.readBigUInt64LE(at), price0: wide(at + 8), price1: wide(at + 24) };
  };
  return {
    initialized: data[8],
    index: data.readUInt16LE(9),
    lastUpdate: data.readBigUInt64LE(LAST_UPDATE),
    entry,
  };
}

function swapAt(harness: CpmmHarness, seconds: bigint): { price0: bigint; price1: bigint } {
  const pool = harness.data(harness.pool.address);
  const owed = (token: number) =>
    [POOL.protocolFees, POOL.fundFees, POOL.creatorFees].reduce(
      (sum, at) => sum + pool.readBigUInt64LE(at + 8 * token),
      0n,
    );
  const reserve0 = harness.tokenAmount(harness.vault(0)) - owed(0);
  const reserve1 = harness.tokenAmount(harness.vault(1)) - owed(1);
  harness.setTime(NOW_SECONDS + seconds, 3n);
  const outcome = harness.swap({ zeroForOne: true, data: swapData(SWAP_BASE_INPUT, 50_000_000_000n, 0n) });
  expect(outcome.error).toBeUndefined();
  return { price0: (reserve1 << 32n) / reserve0, price1: (reserve0 << 32n) / reserve1 };
}

test('swaps build the history, and set the pool’s recent epoch', () => {
  const harness = new CpmmHarness(0);
  swapAt(harness, 0n);
  expect(read(harness)).toMatchObject({ initialized: 1, index: 0, lastUpdate: NOW_SECONDS });
  expect(read(harness).entry(0)).toEqual({ time: NOW_SECONDS, price0: 0n, price1: 0n });
  expect(harness.data(harness.pool.address).readBigUInt64LE(POOL.recentEpoch)).toBe(3n);

  // Ten seconds on: brought up to date in place.
  const second = swapAt(harness, 10n);
  expect(read(harness)).toMatchObject({ index: 0, lastUpdate: NOW_SECONDS + 10n });
  expect(read(harness).entry(0)).toEqual({
    time: NOW_SECONDS,
    price0: second.price0 * 10n,
    price1: second.price1 * 10n,
  });

  // Fifteen seconds after the entry: the next one.
  const third = swapAt(harness, 15n);
  expect(read(harness).index).toBe(1);
  expect(read(harness).entry(1)).toEqual({
    time: NOW_SECONDS + 15n,
    price0: second.price0 * 10n + third.price0 * 5n,
    price1: second.price1 * 10n + third.price1 * 5n,
  });
});

test('the ring closes after entry 99', () => {
  const harness = new CpmmHarness(0);
  swapAt(harness, 0n);
  harness.edit(harness.pool.observation, (data) => {
    data.writeUInt16LE(99, 9);
    data.writeBigUInt64LE(NOW_SECONDS, HEAD + 99 * ENTRY);
  });
  swapAt(harness, 20n);
  expect(read(harness).index).toBe(0);
  expect(read(harness).entry(0).time).toBe(NOW_SECONDS + 20n);
});
