/**
 * What a gap, a fetch and a fork leave on the board is one state of the pool or not trusted, and never for longer
 * than it takes until a later slot is complete. The cache, the book and the board are the real ones.
 */
import { describe, expect, it } from 'vitest';
import type { FetchedState } from '../src/cache/account-cache.js';
import { HotCache } from '../src/cache/hot-cache.js';
import { ADDRESSES_A_CALL, type FetchedAnswer } from '../src/cache/refetcher.js';
import { PoolBook } from '../src/market/pool-book.js';
import { RAYDIUM_CPMM_PROGRAM } from '../src/market/raydium-cpmm-program.js';
import { type Address, asSlot, type Signature } from '../src/model/brands.js';
import type { AccountUpdate } from '../src/stream/types.js';
import { BoardFeed } from '../src/threads/board-feed.js';
import { SharedBoard } from '../src/threads/shared-board.js';
import { configData, poolStateData, TOKEN_PROGRAM, testKeys, vaultData } from './support/cpmm-accounts.js';
import { ManualClock } from './support/manual-clock.js';
import { blockMeta, gap, liveSlot, slotUpdate, write } from './support/stream-updates.js';

type Answer = (answer: FetchedAnswer) => void;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Fixture {
  readonly keys = testKeys();
  readonly calls: { readonly addresses: readonly Address[]; readonly answer: Answer }[] = [];
  readonly cache: HotCache;
  /** What the board said whenever accounts were armed. */
  readonly whenArmed: string[] = [];
  readonly #board = SharedBoard.create(1);
  readonly #feed: BoardFeed;
  #writes = 0;

  constructor(fillers = 0) {
    const { keys } = this;
    this.cache = new HotCache({
      clock: new ManualClock(),
      random: { next: () => 0.5 },
      fetch: (addresses) =>
        new Promise((resolve) => {
          this.calls.push({ addresses, answer: resolve });
        }),
    });
    const book = new PoolBook({ accounts: this.cache, epochOf: () => 0n });
    this.cache.addListener(book);
    this.#feed = new BoardFeed(this.#board, this.cache.slots, book);
    // All but the hashes, which are none here.
    this.cache.addListener({
      onHead: (head) => this.#feed.onHead(head),
      onSuspect: (addresses) => this.#feed.onSuspect(addresses),
    });
    this.cache.addListener({
      onArmed: () => {
        this.#feed.refreshAges();
        this.whenArmed.push(this.trusted());
      },
      onSlotComplete: () => this.#feed.refreshAges(),
    });
    book.addPool(keys);
    const others = Array.from({ length: fillers }, (_, index) => `filler-${index}` as Address);
    this.cache.track([...others, ...book.watchedAccounts()]);
  }

  /** The reserves that a worker would quote on. */
  trusted(): string {
    const index = this.#feed.indexOf(this.keys.pool);
    if (this.#board.poolSuspect(index)) return 'suspect';
    const state = this.#board.pool(index)?.state;
    return state === undefined ? 'unknown' : `${state.reserve0}/${state.reserve1}`;
  }

  gap(repairFrom: number, fields = {}): void {
    this.cache.onGap(gap(repairFrom, fields));
    this.#feed.refreshAges();
  }

  confirm(slot: number): void {
    this.cache.onSlot(slotUpdate(slot, 'confirmed', slot - 1));
  }

  /** Answers the calls that are out, each with its context slot. */
  async answer(contextSlots: readonly number[], reserve0: bigint, reserve1: bigint): Promise<void> {
    const calls = this.calls.splice(0);
    expect(calls).toHaveLength(contextSlots.length);
    calls.forEach(({ addresses, answer }, index) => {
      const accounts = addresses.map((address) => this.#state(address, reserve0, reserve1));
      answer({ contextSlot: asSlot(contextSlots[index]!), accounts });
    });
    await settled();
  }

  state(slot: number, signature: string): AccountUpdate {
    return this.#write(this.keys.pool, slot, signature, RAYDIUM_CPMM_PROGRAM, poolStateData(this.keys));
  }

  vault0(amount: bigint, slot: number, signature: string): AccountUpdate {
    return this.#write(this.keys.vault0, slot, signature, TOKEN_PROGRAM, vaultData(amount));
  }

  vault1(amount: bigint, slot: number, signature: string): AccountUpdate {
    return this.#write(this.keys.vault1, slot, signature, TOKEN_PROGRAM, vaultData(amount));
  }

  #write(address: Address, slot: number, signature: string, owner: Address, data: Uint8Array): AccountUpdate {
    this.#writes++;
    return { ...write(address, slot, this.#writes, 0), owner, data, txnSignature: signature as Signature };
  }

  #state(address: Address, reserve0: bigint, reserve1: bigint): FetchedState | undefined {
    const { keys } = this;
    const token = (data: Uint8Array): FetchedState => ({ lamports: 1n, owner: TOKEN_PROGRAM, data });
    const own = (data: Uint8Array): FetchedState => ({ lamports: 1n, owner: RAYDIUM_CPMM_PROGRAM, data });
    if (address === keys.pool) return own(poolStateData(keys));
    if (address === keys.ammConfig) return own(configData());
    if (address === keys.vault0) return token(vaultData(reserve0));
    if (address === keys.vault1) return token(vaultData(reserve1));
    return address === keys.mint0 || address === keys.mint1 ? token(new Uint8Array(82)) : undefined;
  }
}

/** Armed at slot 10 with 1000/2000, then a gap to be repaired from slot 12 on; slots 13 and 14 came whole. */
async function afterGap(fillers = 0): Promise<Fixture> {
  const fixture = new Fixture(fillers);
  const { cache } = fixture;
  const calls = fillers === 0 ? 1 : 2;
  fixture.gap(9);
  liveSlot(cache, 10, 9);
  fixture.confirm(10);
  await fixture.answer(new Array<number>(calls).fill(10), 1000n, 2000n);
  expect(fixture.trusted()).toBe('1000/2000');
  fixture.gap(12, { reason: 'reconnect' });
  expect(fixture.trusted()).toBe('suspect');
  liveSlot(cache, 13, 12);
  liveSlot(cache, 14, 13);
  fixture.whenArmed.length = 0;
  return fixture;
}

/** Fetched after the gap while slot 15 is in progress, of which one vault was written. */
async function fetchedAmid(signature: string): Promise<Fixture> {
  const fixture = await afterGap();
  fixture.confirm(13);
  fixture.cache.onSlot(slotUpdate(15, 'createdBank', 14));
  fixture.cache.onAccount(fixture.vault0(1600n, 15, signature));
  await fixture.answer([13], 1500n, 1333n);
  return fixture;
}

describe('after a gap', () => {
  it('accounts that two calls brought are trusted together', async () => {
    const fixture = await afterGap(ADDRESSES_A_CALL - 2);
    fixture.confirm(13);
    expect(fixture.calls[1]!.addresses[0]).toBe(fixture.keys.vault1);
    await fixture.answer([13, 13], 1500n, 1333n);
    expect(fixture.whenArmed).toEqual(['suspect', '1500/1333']);
  });

  it('accounts of two slots wait until the stream has brought what lies between them', async () => {
    const fixture = await afterGap(ADDRESSES_A_CALL - 2);
    fixture.confirm(13);
    const { cache } = fixture;
    cache.onSlot(slotUpdate(15, 'createdBank', 14));
    // Another stream is ahead, and so is the node that answers the second call.
    fixture.confirm(15);
    await fixture.answer([13, 15], 1500n, 1333n);
    expect(fixture.whenArmed).toEqual(['suspect', 'suspect']);
    cache.onAccount(fixture.vault0(1600n, 15, 'T'));
    cache.onAccount(fixture.state(15, 'T'));
    expect(fixture.trusted()).toBe('suspect');
    cache.onBlockMeta(blockMeta(15, 14));
    expect(fixture.trusted()).toBe('1600/1333');
  });

  it('a fetch that falls into a transaction is trusted with its last account', async () => {
    const fixture = await fetchedAmid('T');
    const { cache } = fixture;
    cache.onAccount(fixture.state(15, 'T'));
    expect(fixture.trusted()).toBe('suspect');
    cache.onAccount(fixture.vault1(1250n, 15, 'T'));
    expect(fixture.trusted()).toBe('1600/1250');
  });

  it('or with the end of its slot, where no more accounts come', async () => {
    const fixture = await fetchedAmid('donation');
    const { cache } = fixture;
    expect(fixture.trusted()).toBe('suspect');
    cache.onBlockMeta(blockMeta(15, 14));
    expect(fixture.trusted()).toBe('1600/1333');
  });

  it('or with the death of its slot', async () => {
    const fixture = await fetchedAmid('T');
    const { cache } = fixture;
    cache.onSlot(slotUpdate(15, 'dead'));
    expect(fixture.trusted()).toBe('1500/1333');
  });

  it('or with a later slot, where the end of its own is told by another stream only', async () => {
    const fixture = await fetchedAmid('donation');
    const { cache } = fixture;
    cache.onBlockMeta({ ...blockMeta(15, 14), accountsPending: true });
    cache.onSlot({ ...slotUpdate(15, 'processed', 14), accountsPending: true });
    expect(fixture.trusted()).toBe('suspect');
    liveSlot(cache, 16, 15);
    expect(fixture.trusted()).toBe('1600/1333');
  });
});

describe('between the accounts of one transaction', () => {
  async function armed(): Promise<Fixture> {
    const fixture = await afterGap();
    fixture.confirm(13);
    await fixture.answer([13], 1500n, 1333n);
    expect(fixture.trusted()).toBe('1500/1333');
    return fixture;
  }

  it('the end of a slot of another fork changes nothing', async () => {
    const fixture = await armed();
    const { cache } = fixture;
    cache.onSlot(slotUpdate(17, 'createdBank', 14));
    cache.onAccount(fixture.state(17, 'T'));
    cache.onAccount(fixture.vault0(1600n, 17, 'T'));
    cache.onBlockMeta(blockMeta(15, 13));
    cache.onSlot(slotUpdate(16, 'dead'));
    expect(fixture.trusted()).toBe('1500/1333');
    cache.onAccount(fixture.vault1(1250n, 17, 'T'));
    expect(fixture.trusted()).toBe('1600/1250');
  });

  it('a head that flips to the slot gives nothing to trust until the rest has come', async () => {
    const fixture = await armed();
    const { cache } = fixture;
    cache.onSlot(slotUpdate(15, 'createdBank', 14));
    cache.onSlot(slotUpdate(16, 'createdBank', 14));
    for (const update of [fixture.state(16, 'A'), fixture.vault0(1700n, 16, 'A')]) cache.onAccount(update);
    cache.onAccount(fixture.vault1(1200n, 16, 'A'));
    expect(fixture.trusted()).toBe('1700/1200');
    cache.onAccount(fixture.state(15, 'T'));
    cache.onAccount(fixture.vault0(1600n, 15, 'T'));
    cache.onSlot(slotUpdate(16, 'dead'));
    expect(fixture.trusted()).toBe('suspect');
    cache.onAccount(fixture.vault1(1250n, 15, 'T'));
    expect(fixture.trusted()).toBe('1600/1250');
  });
});
