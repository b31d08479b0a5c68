/** The feed keeps the board as the cache and the pool book say. */
import { describe, expect, it } from 'vitest';
import type { SlotView } from '../src/cache/types.js';
import { PoolBook } from '../src/market/pool-book.js';
import { asBlockHeight, asBlockhash, asSlot } from '../src/model/brands.js';
import { BoardFeed } from '../src/threads/board-feed.js';
import { SharedBoard } from '../src/threads/shared-board.js';
import {
  FakeAccounts,
  putPool,
  TOKEN_PROGRAM,
  testAddress,
  testKeys,
  vaultData,
} from './support/cpmm-accounts.js';

const slots: SlotView = {
  head: () => asSlot(0),
  slot: () => asSlot(12),
  blockHeight: () => asBlockHeight(7),
  isOnHeadFork: () => true,
  statusOf: () => 'confirmed',
  firstSlotAboveHeight: () => undefined,
  observedBlockMs: () => 400,
};

function setUp(capacity = 2) {
  const accounts = new FakeAccounts();
  const keys = testKeys();
  putPool(accounts, keys, 1000n, 2000n);
  const book = new PoolBook({ accounts, epochOf: () => 0n });
  const board = SharedBoard.create(capacity);
  const feed = new BoardFeed(board, slots, book);
  book.addPool(keys);
  return { accounts, keys, book, board, feed };
}

describe('the board feed', () => {
  it('writes pools as they are published and takes back what is lost', () => {
    const { accounts, book, board, feed, keys } = setUp();
    const index = feed.indexOf(keys.pool);
    expect(board.pool(index)?.state).toMatchObject({ reserve0: 1000n, reserve1: 2000n });
    accounts.held.delete(keys.vault0);
    book.onAccountChanged(keys.vault0, undefined, 'rollback');
    expect(board.pool(index)).toBeUndefined();
  });

  it('writes slots, heights, hashes and activity', () => {
    const { board, feed } = setUp();
    feed.onHead(asSlot(20));
    feed.onConfirmed(asSlot(12));
    feed.onBlockhash({
      blockhash: asBlockhash(testAddress(1)),
      slot: asSlot(12),
      blockHeight: asBlockHeight(7),
      lastValidBlockHeight: asBlockHeight(157),
    });
    feed.onActivity(55.5);
    expect([board.headSlot(), board.confirmedSlot(), board.confirmedHeight()]).toEqual([20, 12, 7]);
    expect(board.blockhashWithin(150)).toMatchObject({ slot: 12, lastValidBlockHeight: 157 });
    expect(board.streamActivityUs()).toBe(55.5);
  });

  it('lets pools age with the worst of their accounts, and raises suspicion at once', () => {
    const { accounts, board, feed, keys } = setUp();
    const index = feed.indexOf(keys.pool);
    accounts.ages.set(keys.vault1, 2);
    feed.onHead(asSlot(20));
    expect([board.poolCompleteSlot(index), board.poolSuspect(index)]).toEqual([18, false]);
    accounts.ages.set(keys.vault1, Number.POSITIVE_INFINITY);
    feed.onSuspect([keys.vault1]);
    expect([board.poolCompleteSlot(index), board.poolSuspect(index)]).toEqual([18, true]);
    accounts.ages.set(keys.vault1, 0);
    feed.refreshAges();
    expect([board.poolCompleteSlot(index), board.poolSuspect(index)]).toEqual([20, false]);
  });

  it('trusts no pool of which the accounts make no state until they do', () => {
    const { accounts, book, board, feed, keys } = setUp();
    const index = feed.indexOf(keys.pool);
    accounts.unfinished.add(9);
    const vault = accounts.putFetched(keys.vault1, TOKEN_PROGRAM, vaultData(1500n), 9);
    book.onAccountChanged(keys.vault1, vault, 'fetch');
    expect(board.poolSuspect(index)).toBe(true);
    feed.refreshAges();
    expect(board.poolSuspect(index)).toBe(true);
    accounts.unfinished.delete(9);
    book.onSlotComplete(asSlot(9));
    expect(board.poolSuspect(index)).toBe(false);
    expect(board.pool(index)?.state).toMatchObject({ reserve0: 1000n, reserve1: 1500n });
  });

  it('refuses a pool for which the board has no room', () => {
    const { feed, keys } = setUp(1);
    expect(feed.indexOf(keys.pool)).toBe(0);
    expect(() => feed.indexOf(testAddress(99))).toThrow(RangeError);
  });
});
