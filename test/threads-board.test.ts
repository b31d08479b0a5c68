/** The shared board: what is written is read, whole, from any thread. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CpmmNumbers } from '../src/market/cpmm-numbers.js';
import { asBlockhash } from '../src/model/brands.js';
import { HASH_RING } from '../src/threads/board-layout.js';
import { SharedBoard } from '../src/threads/shared-board.js';
import { decode32 } from '../src/transaction/base58.js';
import { PLAIN_STATE, testAddress } from './support/cpmm-accounts.js';

const hashOf = (n: number) => asBlockhash(testAddress(n));

function pushHashes(board: SharedBoard, count: number): void {
  for (let n = 1; n <= count; n++) {
    board.pushBlockhash({ blockhash: hashOf(n), slot: n * 2, blockHeight: n, lastValidBlockHeight: n + 150 });
  }
}

describe('the shared board', () => {
  it('gives another thread’s view of the same memory', () => {
    const board = SharedBoard.create(4);
    const other = new SharedBoard(board.buffer);
    board.setKillSwitch('drain');
    board.setHeadSlot(4_000_000_000);
    board.setConfirmed(7, 5);
    board.setStreamActivity(123_456.75);
    board.setFeeLevelMicroLamports(3, 4_000_000_000);
    board.setFeeLevelMicroLamports(2, 2 ** 40);
    board.setClockOffsetUs(-5.5);
    const state = {
      ...PLAIN_STATE,
      reserve0: 2n ** 64n - 1n,
      maxTransferFee1: 2n ** 63n,
      creatorFeeOn: 2,
      creatorFeeEnabled: true,
      transferFeeBps1: 9999,
    };
    board.setPool(3, 4_000_000_001, 9, CpmmNumbers.of(state));
    expect(other.killSwitch()).toBe('drain');
    expect(other.headSlot()).toBe(4_000_000_000);
    expect([other.confirmedSlot(), other.confirmedHeight()]).toEqual([7, 5]);
    expect(other.streamActivityUs()).toBe(123_456.75);
    expect([3, 2, 1].map((index) => other.feeLevelMicroLamports(index))).toEqual([
      4_000_000_000,
      2 ** 32 - 1,
      0,
    ]);
    expect(other.clockOffsetUs()).toBe(-5.5);
    expect(other.pool(3)).toEqual({ slot: 4_000_000_001, revision: 9, state });
    expect(other.pool(2)).toBeUndefined();
    board.clearPool(3);
    expect(other.pool(3)).toBeUndefined();
  });

  it('refuses memory that is no board, and places that it has not', () => {
    expect(() => new SharedBoard(new SharedArrayBuffer(4096))).toThrow();
    expect(() => SharedBoard.create(1).pool(1)).toThrow(RangeError);
  });

  it('reads an unknown kill-switch grade as stop', () => {
    const board = SharedBoard.create(1);
    new Int32Array(board.buffer)[3] = 77;
    expect(board.killSwitch()).toBe('stop');
  });

  it('picks the newest hash with at most the asked life', () => {
    const board = SharedBoard.create(1);
    expect(board.blockhashWithin(150)).toBeUndefined();
    pushHashes(board, 400);
    board.setConfirmed(800, 400);
    expect(board.newestBlockhashSlot()).toBe(800);
    const newest = board.blockhashWithin(150)!;
    expect(newest).toMatchObject({ slot: 800, lastValidBlockHeight: 550 });
    expect([...newest.bytes]).toEqual([...decode32(hashOf(400))]);
    expect(board.blockhashWithin(20)).toMatchObject({ lastValidBlockHeight: 420 });
    expect(board.blockhashWithin(1)).toMatchObject({ lastValidBlockHeight: 401 });
    expect(board.blockhashText(newest.slot, newest.bytes)).toBe(hashOf(400));
  });

  it('gives no hash without life left, and none before it has one that is old enough', () => {
    const board = SharedBoard.create(1);
    pushHashes(board, 3);
    board.setConfirmed(6, 3);
    expect(board.blockhashWithin(20)).toBeUndefined();
    board.setConfirmed(400, 153);
    expect(board.blockhashWithin(150)).toBeUndefined();
    board.setConfirmed(400, 152);
    expect(board.blockhashWithin(150)).toMatchObject({ lastValidBlockHeight: 153 });
  });

  it('ignores a hash that is not newer, and forgets those over the ring', () => {
    const board = SharedBoard.create(1);
    pushHashes(board, HASH_RING + 10);
    board.pushBlockhash({ blockhash: hashOf(9000), slot: 1, blockHeight: 1, lastValidBlockHeight: 151 });
    expect(board.newestBlockhashSlot()).toBe((HASH_RING + 10) * 2);
  });

  it('keeps the last complete slot of a pool that became suspect', () => {
    const board = SharedBoard.create(1);
    expect(board.poolSuspect(0)).toBe(true);
    board.setHeadSlot(100);
    board.setPoolAge(0, 3);
    expect([board.poolCompleteSlot(0), board.poolSuspect(0)]).toEqual([97, false]);
    board.setHeadSlot(110);
    board.setPoolAge(0, Number.POSITIVE_INFINITY);
    expect([board.poolCompleteSlot(0), board.poolSuspect(0)]).toEqual([97, true]);
  });

  it('never shows a torn pool while another thread keeps writing it', async () => {
    const board = SharedBoard.create(1);
    const worker = new Worker(fileURLToPath(new URL('./support/board-writer.js', import.meta.url)), {
      workerData: { buffer: board.buffer },
    });
    const revisions = new Set<number>();
    try {
      await new Promise<void>((resolve, reject) => {
        worker.once('online', resolve);
        worker.once('error', reject);
      });
      // As long as it takes to see many writes; the bound is only there so that a broken writer ends the test.
      for (let reads = 0; reads < 5_000_000 && revisions.size < 1000; reads++) {
        const pool = board.pool(0);
        if (pool === undefined) continue;
        const { state } = pool;
        const expected = BigInt(pool.revision) * 0x1_0000_0001n;
        const whole =
          pool.slot === pool.revision &&
          state.reserve0 === expected &&
          state.reserve1 === expected &&
          state.tradeFeeRate === expected &&
          state.openTime === expected &&
          state.maxTransferFee1 === expected &&
          state.transferFeeBps1 === pool.revision;
        if (!whole) expect(pool).toBe('whole');
        revisions.add(pool.revision);
      }
    } finally {
      await worker.terminate();
    }
    expect(revisions.size).toBe(1000);
  });
});
