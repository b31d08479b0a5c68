/** A pool's numbers come from its accounts' bytes to the last unit, and an update leaves nothing for the collector. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PoolBook } from '../src/market/pool-book.js';
import { RAYDIUM_CPMM_PROGRAM } from '../src/market/raydium-cpmm-program.js';
import {
  configData,
  FakeAccounts,
  poolStateData,
  putPool,
  TOKEN_PROGRAM,
  testKeys,
  vaultData,
} from './support/cpmm-accounts.js';

const U64 = 2n ** 64n - 1n;
/** Many of them at and about the edges of a half. */
const anyU64 = fc.oneof(
  fc.bigInt(0n, U64),
  fc.bigInt(0n, 1000n),
  fc.bigInt(2n ** 32n - 3n, 2n ** 32n + 3n),
  fc.bigInt(U64 - 3n, U64),
);

function setUp() {
  const accounts = new FakeAccounts();
  const keys = testKeys();
  const book = new PoolBook({ accounts, epochOf: () => 0n });
  putPool(accounts, keys, 1000n, 2000n);
  return { accounts, keys, book };
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

describe('a pool’s numbers', () => {
  it('are the vaults less all fees that lie in them, for every u64, and none where more is owed than held', () => {
    const threeFees = fc.tuple(anyU64, anyU64, anyU64);
    fc.assert(
      fc.property(anyU64, anyU64, threeFees, threeFees, (vault0, vault1, fees0, fees1) => {
        const { accounts, keys, book } = setUp();
        const fields = {
          protocolFees0: fees0[0],
          fundFees0: fees0[1],
          creatorFees0: fees0[2],
          protocolFees1: fees1[0],
          fundFees1: fees1[1],
          creatorFees1: fees1[2],
        };
        accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys, fields), 1);
        accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(vault0), 1);
        accounts.put(keys.vault1, TOKEN_PROGRAM, vaultData(vault1), 1);
        book.addPool(keys);
        const expected = [vault0 - sum(fees0), vault1 - sum(fees1)];
        const state = book.snapshotOf(keys.pool)?.state;
        if (expected.some((reserve) => reserve < 0n)) expect(state).toBeUndefined();
        else expect([state?.reserve0, state?.reserve1]).toEqual(expected);
      }),
      { numRuns: 2000, seed: 20_261_129 },
    );
  });

  it('follow the config, and the terms in the state', () => {
    const { accounts, keys, book } = setUp();
    book.addPool(keys);
    const config = accounts.put(keys.ammConfig, RAYDIUM_CPMM_PROGRAM, configData(2n ** 63n), 2);
    book.onAccountChanged(keys.ammConfig, config, 'write');
    const data = poolStateData(keys, { status: 4, openTime: U64 });
    book.onAccountChanged(keys.pool, accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, data, 3), 'fetch');
    expect(book.snapshotOf(keys.pool)?.state).toEqual({
      reserve0: 1000n,
      reserve1: 2000n,
      tradeFeeRate: 2n ** 63n,
      protocolFeeRate: 120_000n,
      fundFeeRate: 40_000n,
      creatorFeeRate: 0n,
      creatorFeeOn: 0,
      creatorFeeEnabled: false,
      swapEnabled: false,
      openTime: U64,
      transferFeeBps0: 0,
      maxTransferFee0: 0n,
      transferFeeBps1: 0,
      maxTransferFee1: 0n,
    });
  });

  it('stay what they were in a snapshot that somebody keeps', () => {
    const { accounts, keys, book } = setUp();
    book.addPool(keys);
    const kept = book.snapshotOf(keys.pool);
    expect(book.snapshotOf(keys.pool)).toBe(kept);
    book.onAccountChanged(keys.vault0, accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(7n), 2), 'fetch');
    expect(kept).toMatchObject({ slot: 1, revision: 1, state: { reserve0: 1000n } });
    expect(book.snapshotOf(keys.pool)).toMatchObject({ slot: 2, revision: 2, state: { reserve0: 7n } });
  });

  it('are published without an allocation', () => {
    const { accounts, keys, book } = setUp();
    book.addPool(keys);
    let told = 0;
    book.listen({
      onPool: () => {
        told++;
      },
    });
    const swaps = ['a', 'b'].map((signature, index) => [
      accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(U64 - BigInt(index)), 2, signature),
      accounts.put(keys.vault1, TOKEN_PROGRAM, vaultData(U64 - BigInt(index)), 2, signature),
      accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys, { fundFees0: 1n }), 2, signature),
    ]);
    const publish = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const swap = swaps[i & 1]!;
        for (let part = 0; part < 3; part++) {
          const version = swap[part]!;
          accounts.held.set(version.address, version);
          book.onAccountChanged(version.address, version, 'write');
        }
      }
    };
    book.onHead(swaps[0]![0]!.slot);
    // Until V8 has compiled it, which is for its threads to say, each call makes a number or two.
    const bytesOfRound = (): number => {
      const before = process.memoryUsage().heapUsed;
      publish(1_000);
      return process.memoryUsage().heapUsed - before;
    };
    const isWithout = (bytes: number): boolean => bytes >= 0 && bytes < 16 * 1_000;
    publish(1_000);
    told = 0;
    let rounds = 1;
    while (rounds < 1_000 && !isWithout(bytesOfRound())) rounds++;
    expect(rounds).toBeLessThan(1_000);
    expect(told).toBe(rounds * 1_000);
  });
});
