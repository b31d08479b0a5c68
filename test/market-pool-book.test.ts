/** A pool is published whole, between two transactions: half a swap is a wrong price. */
import { describe, expect, it } from 'vitest';
import { MAX_JOINED_STATES, PoolBook } from '../src/market/pool-book.js';
import { RAYDIUM_CPMM_PROGRAM } from '../src/market/raydium-cpmm-program.js';
import type { PoolNews, PoolSnapshot } from '../src/market/types.js';
import { asSlot } from '../src/model/brands.js';
import {
  configData,
  FakeAccounts,
  feeMintData,
  poolStateData,
  putPool,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  testKeys,
  vaultData,
} from './support/cpmm-accounts.js';

/** Of what a listener is told the next publication overwrites all. */
const toldOf = ({ slot, revision, txnSignature, passedSignatures, numbers }: PoolNews) => ({
  slot,
  revision,
  txnSignature,
  passedSignatures: [...passedSignatures],
  state: numbers.toState(),
});
type Told = ReturnType<typeof toldOf>;

function setUp() {
  const accounts = new FakeAccounts();
  const keys = testKeys();
  let epoch = 0n;
  const book = new PoolBook({ accounts, epochOf: () => epoch });
  putPool(accounts, keys, 1000n, 2000n);
  book.addPool(keys);
  const published: Told[] = [];
  const lost: string[] = [];
  const unsettled: string[] = [];
  book.listen({
    onPool: (news) => published.push(toldOf(news)),
    onPoolLost: (pool) => lost.push(pool),
    onPoolUnsettled: (pool) => unsettled.push(pool),
  });
  book.onHead(asSlot(1));
  published.length = 0;
  const vault0 = (amount: bigint, slot: number, signature?: string) =>
    book.onAccountChanged(
      keys.vault0,
      accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(amount), slot, signature),
      'write',
    );
  const vault1 = (amount: bigint, slot: number, signature?: string) =>
    book.onAccountChanged(
      keys.vault1,
      accounts.put(keys.vault1, TOKEN_PROGRAM, vaultData(amount), slot, signature),
      'write',
    );
  const state = (slot: number, signature?: string, fields = {}) =>
    book.onAccountChanged(
      keys.pool,
      accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys, fields), slot, signature),
      'write',
    );
  const setEpoch = (value: bigint) => {
    epoch = value;
  };
  const complete = (slot: number) => {
    for (const one of accounts.unfinished) if (one <= slot) accounts.unfinished.delete(one);
    book.onSlotComplete(asSlot(slot));
  };
  return { accounts, keys, book, published, lost, unsettled, vault0, vault1, state, setEpoch, complete };
}

const reserves = (snapshot: Pick<PoolSnapshot, 'state'> | undefined) => [
  snapshot?.state.reserve0,
  snapshot?.state.reserve1,
];

describe('the pool book', () => {
  it('publishes a swap at its third account, in any order, once', () => {
    const { published, vault0, vault1, state } = setUp();
    vault1(1990n, 5, 'a');
    vault0(1010n, 5, 'a');
    expect(published).toHaveLength(0);
    state(5, 'a', { protocolFees0: 1n });
    expect(published).toHaveLength(1);
    expect(reserves(published[0])).toEqual([1009n, 1990n]);
    expect(published[0]).toMatchObject({ slot: 5, txnSignature: 'a' });
  });

  it('publishes a lone vault write when the next transaction comes, with that transaction’s bytes kept apart', () => {
    const { published, vault0, vault1 } = setUp();
    vault0(1500n, 5, 'donation');
    expect(published).toHaveLength(0);
    vault0(1600n, 5, 'next');
    expect(published.map(reserves)).toEqual([[1500n, 2000n]]);
    vault1(1900n, 5, 'next');
    expect(published).toHaveLength(1);
  });

  it('publishes a lone vault write at the end of its slot', () => {
    const { book, published, vault0 } = setUp();
    vault0(1500n, 5, 'donation');
    book.onSlotComplete(asSlot(5));
    expect(published.map(reserves)).toEqual([[1500n, 2000n]]);
    book.onSlotComplete(asSlot(6));
    expect(published).toHaveLength(1);
  });

  it('never mixes fetched accounts of different slots before the slot ends', () => {
    const { accounts, book, keys, published, complete } = setUp();
    const fetched = (
      address: typeof keys.vault0,
      owner: typeof TOKEN_PROGRAM,
      data: Uint8Array,
      slot: number,
    ) => book.onAccountChanged(address, accounts.putFetched(address, owner, data, slot), 'fetch');
    accounts.unfinished.add(9).add(10);
    fetched(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys), 9);
    fetched(keys.vault0, TOKEN_PROGRAM, vaultData(7n), 9);
    expect(published).toHaveLength(0);
    fetched(keys.vault1, TOKEN_PROGRAM, vaultData(8n), 9);
    expect(published.map(reserves)).toEqual([[7n, 8n]]);
    fetched(keys.vault1, TOKEN_PROGRAM, vaultData(9n), 10);
    expect(published).toHaveLength(1);
    complete(10);
    expect(published.map(reserves)).toEqual([
      [7n, 8n],
      [7n, 9n],
    ]);
  });

  it('takes changes that the cache made together as a whole, in whatever order they are told', () => {
    const { accounts, book, keys, published } = setUp();
    // A swap, then a donation, of a slot that joins the head late: the last versions bear two signatures.
    const state = accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys), 5, 'swap');
    const vault1 = accounts.put(keys.vault1, TOKEN_PROGRAM, vaultData(1990n), 5, 'swap');
    const vault0 = accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(1500n), 5, 'donation');
    book.onAccountChanged(keys.pool, state, 'write');
    book.onAccountChanged(keys.vault0, vault0, 'write');
    book.onAccountChanged(keys.vault1, vault1, 'write');
    book.onSlotComplete(asSlot(5));
    expect(published.map(reserves)).toEqual([[1500n, 1990n]]);
  });

  it('does not publish a fetch that falls into the middle of a transaction before the rest comes', () => {
    const { accounts, book, keys, published, vault0, complete } = setUp();
    accounts.unfinished.add(5);
    vault0(1010n, 5, 'a');
    const state = accounts.putFetched(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys), 4);
    const vault1 = accounts.putFetched(keys.vault1, TOKEN_PROGRAM, vaultData(2000n), 4);
    book.onAccountChanged(keys.pool, state, 'fetch');
    book.onAccountChanged(keys.vault1, vault1, 'fetch');
    expect(published).toHaveLength(0);
    book.onAccountChanged(
      keys.vault1,
      accounts.put(keys.vault1, TOKEN_PROGRAM, vaultData(1990n), 5, 'a'),
      'write',
    );
    book.onAccountChanged(
      keys.pool,
      accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys), 5, 'a'),
      'write',
    );
    expect(published.map(reserves)).toEqual([[1010n, 1990n]]);
    complete(5);
    expect(published).toHaveLength(1);
  });

  it('keeps a transaction of a slot in progress together, whatever other slot ends', () => {
    const { accounts, book, published, vault0, vault1, state } = setUp();
    accounts.unfinished.add(11);
    state(11, 'a');
    vault0(1010n, 11, 'a');
    book.onSlotComplete(asSlot(10));
    book.onSlotsLost([asSlot(9)]);
    book.onHead(asSlot(10));
    expect(published).toHaveLength(0);
    vault1(1990n, 11, 'a');
    expect(published.map(reserves)).toEqual([[1010n, 1990n]]);
  });

  it('settles a slot of which the end was never told as soon as a later one says that it is over', () => {
    const { accounts, book, published, vault0 } = setUp();
    accounts.unfinished.add(11);
    vault0(1500n, 11, 'donation');
    book.onSlotComplete(asSlot(12));
    expect(published).toHaveLength(0);
    accounts.unfinished.delete(11);
    book.onHead(asSlot(12));
    expect(published.map(reserves)).toEqual([[1500n, 2000n]]);
  });

  it('does not take half a transaction of a slot that joins the head', () => {
    const { accounts, book, keys, published, vault1, complete } = setUp();
    accounts.unfinished.add(11);
    const state = accounts.put(keys.pool, RAYDIUM_CPMM_PROGRAM, poolStateData(keys), 11, 'a');
    const vault0 = accounts.put(keys.vault0, TOKEN_PROGRAM, vaultData(1010n), 11, 'a');
    for (const version of [state, vault0]) book.onAccountChanged(version.address, version, 'rollback');
    expect(published).toHaveLength(0);
    vault1(1990n, 11, 'a');
    expect(published.map(reserves)).toEqual([[1010n, 1990n]]);
    vault1(1500n, 11, 'b');
    complete(11);
    expect(published.map(reserves)).toEqual([
      [1010n, 1990n],
      [1010n, 1500n],
    ]);
  });

  it('is of no age while what is known makes no state, and says so once', () => {
    const { accounts, book, keys, published, unsettled, setEpoch, complete } = setUp();
    accounts.unfinished.add(9);
    const fetched = accounts.putFetched(keys.vault1, TOKEN_PROGRAM, vaultData(1500n), 9);
    book.onAccountChanged(keys.vault1, fetched, 'fetch');
    const config = accounts.put(keys.ammConfig, RAYDIUM_CPMM_PROGRAM, configData(100n), 8);
    book.onAccountChanged(keys.ammConfig, config, 'write');
    setEpoch(1n);
    book.onHead(asSlot(9));
    expect(published).toHaveLength(0);
    expect(unsettled).toEqual([keys.pool]);
    expect(book.ageSlots(keys.pool)).toBe(Number.POSITIVE_INFINITY);
    complete(9);
    expect(published.map(reserves)).toEqual([[1000n, 1500n]]);
    expect(published[0]!.state.tradeFeeRate).toBe(100n);
    expect(book.ageSlots(keys.pool)).toBe(0);
  });

  it('publishes again after a roll-back, with a higher revision and the older numbers', () => {
    const { accounts, book, keys, published, vault0, vault1, state } = setUp();
    const before = [keys.pool, keys.vault0, keys.vault1].map((address) => accounts.get(address)!);
    vault0(1010n, 5, 'a');
    vault1(1990n, 5, 'a');
    state(5, 'a');
    for (const held of before) accounts.held.set(held.address, held);
    for (const held of before) book.onAccountChanged(held.address, held, 'rollback');
    book.onSlotsLost([asSlot(5)]);
    expect(published.map(reserves)).toEqual([
      [1010n, 1990n],
      [1000n, 2000n],
    ]);
    expect(published[1]!.revision).toBeGreaterThan(published[0]!.revision);
  });

  it('withdraws a pool of which nothing is known any more, and brings it back', () => {
    const { accounts, book, keys, lost, published } = setUp();
    const vault = accounts.get(keys.vault0)!;
    accounts.held.delete(keys.vault0);
    book.onAccountChanged(keys.vault0, undefined, 'rollback');
    expect(lost).toEqual([keys.pool]);
    expect(book.snapshotOf(keys.pool)).toBeUndefined();
    accounts.held.set(keys.vault0, vault);
    book.onAccountChanged(keys.vault0, vault, 'rollback');
    expect(published).toHaveLength(1);
  });

  it('refuses a foreign account in the pool’s place and a vault that owes more fees than it holds', () => {
    const { accounts, book, keys, lost, state } = setUp();
    state(5, 'x', { protocolFees0: 1001n });
    book.onSlotComplete(asSlot(5));
    expect(lost).toEqual([keys.pool]);
    expect(book.addPoolFromAccount(keys.pool, TOKEN_PROGRAM, accounts.get(keys.pool)!.data)).toBeUndefined();
  });

  it('takes a new fee rate at once and a new transfer fee at its epoch', () => {
    const { accounts, book, keys, published, setEpoch } = setUp();
    const config = accounts.put(keys.ammConfig, RAYDIUM_CPMM_PROGRAM, configData(100n), 6);
    book.onAccountChanged(keys.ammConfig, config, 'write');
    expect(published.at(-1)!.state.tradeFeeRate).toBe(100n);
    const mint = feeMintData({ epoch: 0n, maximum: 5n, bps: 1 }, { epoch: 3n, maximum: 9n, bps: 2 });
    book.onAccountChanged(keys.mint1, accounts.put(keys.mint1, TOKEN_2022_PROGRAM, mint, 6), 'fetch');
    expect(published.at(-1)!.state.transferFeeBps1).toBe(1);
    setEpoch(3n);
    book.onHead(asSlot(7));
    expect(published.at(-1)!.state.transferFeeBps1).toBe(2);
    expect(published.at(-1)!.state.maxTransferFee1).toBe(9n);
  });

  it('is as old as the worst of its accounts', () => {
    const { accounts, book, keys } = setUp();
    expect(book.ageSlots(keys.pool)).toBe(0);
    accounts.ages.set(keys.vault1, 3);
    expect(book.ageSlots(keys.pool)).toBe(3);
    accounts.ages.set(keys.mint0, Number.POSITIVE_INFINITY);
    expect(book.ageSlots(keys.pool)).toBe(Number.POSITIVE_INFINITY);
  });

  it('tells a late listener what stands', () => {
    const { book } = setUp();
    const seen: Told[] = [];
    book.listen({ onPool: (news) => seen.push(toldOf(news)) });
    expect(seen.map(reserves)).toEqual([[1000n, 2000n]]);
  });
});

describe('a burst of the stream', () => {
  const swap = (set: ReturnType<typeof setUp>, amount: bigint, slot: number, signature: string) => {
    set.vault0(amount, slot, signature);
    set.vault1(2000n, slot, signature);
    set.state(slot, signature);
  };

  it('has one publication for all states of a pool, at its end, which names every transaction', () => {
    const set = setUp();
    set.book.onBehind(true);
    swap(set, 1010n, 5, 'a');
    swap(set, 1020n, 5, 'b');
    swap(set, 1030n, 6, 'c');
    expect(set.published).toHaveLength(0);
    set.book.onBehind(false);
    expect(set.published.map(reserves)).toEqual([[1030n, 2000n]]);
    expect(set.published[0]).toMatchObject({ slot: 6, txnSignature: 'c', passedSignatures: ['a', 'b'] });
    swap(set, 1040n, 6, 'd');
    expect(set.published[1]).toMatchObject({ txnSignature: 'd', passedSignatures: [] });
  });

  it('leaves no one who asks with an older state', () => {
    const set = setUp();
    set.book.onBehind(true);
    swap(set, 1010n, 5, 'a');
    expect(reserves(set.book.snapshotOf(set.keys.pool))).toEqual([1010n, 2000n]);
    swap(set, 1020n, 5, 'b');
    set.book.catchUp(set.keys.pool);
    expect(set.published.map(({ txnSignature }) => txnSignature)).toEqual(['a', 'b']);
    set.book.onBehind(false);
    expect(set.published).toHaveLength(2);
  });

  it('joins only what is whole: the half of a swap waits for its end', () => {
    const set = setUp();
    set.book.onBehind(true);
    swap(set, 1010n, 5, 'a');
    set.vault0(1020n, 5, 'b');
    set.book.onBehind(false);
    expect(set.published.map(reserves)).toEqual([[1010n, 2000n]]);
  });

  it('publishes what was whole before accounts are taken that may make no state', () => {
    const set = setUp();
    set.book.onBehind(true);
    swap(set, 1010n, 5, 'a');
    set.accounts.unfinished.add(9);
    const fetched = set.accounts.putFetched(set.keys.vault0, TOKEN_PROGRAM, vaultData(7n), 9);
    set.book.onAccountChanged(set.keys.vault0, fetched, 'fetch');
    expect(set.published.map(reserves)).toEqual([[1010n, 2000n]]);
    set.book.onBehind(false);
    expect(set.published).toHaveLength(1);
    expect(set.unsettled).toEqual([set.keys.pool]);
  });

  it('joins no more states than its bound', () => {
    const set = setUp();
    set.book.onBehind(true);
    for (let index = 0; index <= MAX_JOINED_STATES; index++) swap(set, 1010n + BigInt(index), 5, `s${index}`);
    expect(set.published.map(({ txnSignature }) => txnSignature)).toEqual([`s${MAX_JOINED_STATES - 1}`]);
    set.book.onBehind(false);
    expect(set.published).toHaveLength(2);
  });
});
