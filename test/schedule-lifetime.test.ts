/** When locks end decides both what quotes may rest on and how long a lost transaction blocks a pool. */
import { describe, expect, it } from 'vitest';
import { asAddress, asSlot, asTradeId } from '../src/model/brands.js';
import { AdaptiveLimit } from '../src/schedule/adaptive-limit.js';
import { LockLifetime, type LockRelease } from '../src/schedule/lock-lifetime.js';
import type { LockSet } from '../src/schedule/lock-set.js';
import { LockTable } from '../src/schedule/lock-table.js';
import { WalletChooser } from '../src/schedule/wallet-chooser.js';

const pool = asAddress('pool');
const id = asTradeId('t1');
const [WALLET, VENUE] = [1, 2];
const locks: LockSet = {
  accounts: Int32Array.of(WALLET, VENUE),
  writable: Uint8Array.of(1, 1),
  venue: Uint8Array.of(0, 1),
};

function setUp(release: LockRelease) {
  const table = new LockTable();
  const lifetime = new LockLifetime({ locks: table, release, venueLockSlots: 4 });
  const ticket = table.request(locks, 4, id);
  lifetime.start(id, ticket, pool);
  return { table, lifetime, held: () => ticket.heldCount };
}

describe('LockLifetime', () => {
  it.each([
    ['sent', 0, 0, 0],
    ['processed', 2, 0, 0],
    ['confirmed', 2, 2, 0],
  ] as const)('LOCK_RELEASE=%s lets go at its point', (release, atSent, atReflected, atConfirmed) => {
    const { lifetime, held } = setUp(release);
    lifetime.sent(id, asSlot(10));
    expect(held()).toBe(atSent);
    lifetime.reflected(id);
    expect(held()).toBe(atReflected);
    lifetime.confirmed(id);
    expect(held()).toBe(atConfirmed);
  });

  it('lets the venue go VENUE_LOCK_SLOTS after the first send, and names the trade to later quotes', () => {
    const { lifetime, held } = setUp('processed');
    lifetime.sent(id, asSlot(10));
    lifetime.sent(id, asSlot(12));
    lifetime.head(asSlot(13));
    expect(held()).toBe(2);
    lifetime.head(asSlot(14));
    expect(held()).toBe(1);
    expect(lifetime.unreflectedOn(pool)).toEqual([id]);
    expect(lifetime.unreflectedOn(pool, id)).toEqual([]);
    lifetime.reflected(id);
    expect([held(), lifetime.unreflectedOn(pool).length]).toEqual([0, 0]);
  });

  it('takes everything back when the fork is lost, for VENUE_LOCK_SLOTS more as to the venue', () => {
    const { lifetime, held } = setUp('processed');
    lifetime.sent(id, asSlot(10));
    lifetime.reflected(id);
    lifetime.forkLost(id, asSlot(20));
    expect(held()).toBe(2);
    lifetime.head(asSlot(24));
    expect(held()).toBe(1);
    lifetime.finish(id);
    expect([held(), lifetime.size]).toEqual([0, 0]);
  });
});

describe('WalletChooser', () => {
  const wallets = ['a', 'b', 'c'].map((name) => ({ name, address: asAddress(`address-${name}`) }));
  const mint = asAddress('mint');
  const facts = (over: object = {}) => ({
    liveTrades: () => 0,
    isFunded: () => true,
    isReconciling: () => false,
    ...over,
  });
  const wish = { inputMint: mint, amountIn: 5n };

  it('spreads trades over free wallets in turn', () => {
    const chooser = new WalletChooser(wallets, facts());
    expect([1, 2, 3, 4].map(() => chooser.choose(wish).name)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('takes the one with the fewest live trades among those that hold what is sold', () => {
    const live: Record<string, number> = { 'address-a': 0, 'address-b': 3, 'address-c': 2 };
    const chooser = new WalletChooser(
      wallets,
      facts({
        liveTrades: (wallet: string) => live[wallet],
        isFunded: (wallet: string) => wallet !== 'address-a',
      }),
    );
    expect(chooser.choose(wish).name).toBe('c');
    expect(chooser.choose({ ...wish, named: 'address-b' }).name).toBe('b');
  });

  it('says why there is none', () => {
    const code = (over: object, named?: string) => {
      try {
        new WalletChooser(wallets, facts(over)).choose({
          ...wish,
          ...(named === undefined ? {} : { named }),
        });
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    expect(code({}, 'nobody')).toBe('WALLET_UNKNOWN');
    expect(code({ isFunded: () => false })).toBe('INSUFFICIENT_FUNDS');
    expect(code({ isReconciling: () => true })).toBe('RECONCILING');
    expect(code({ isReconciling: (wallet: string) => wallet === 'address-a' })).toBe('none');
  });
});

describe('AdaptiveLimit', () => {
  /** A server that takes `capacity` at once: more queue behind them. */
  const drive = (limit: AdaptiveLimit, capacity: number, rounds: number): void => {
    for (let round = 0; round < rounds; round += 1) {
      const inFlight = limit.limit;
      limit.sample(1000 * Math.max(1, inFlight / capacity), inFlight);
    }
  };

  it('settles a little above what can be served at once, from below and from above', () => {
    for (const initial of [2, 200]) {
      const limit = new AdaptiveLimit({ initial, max: 512, window: 5 });
      limit.sample(1000, 1);
      for (let index = 0; index < 4; index += 1) limit.sample(1000, 1);
      drive(limit, 50, 3000);
      expect(limit.limit).toBeGreaterThanOrEqual(48);
      expect(limit.limit).toBeLessThanOrEqual(60);
    }
  });

  it('does not grow while nobody uses it, stays within its bounds, and steps down on overload', () => {
    const limit = new AdaptiveLimit({ initial: 10, min: 2, max: 12, window: 1 });
    for (let index = 0; index < 50; index += 1) limit.sample(100, 1);
    expect(limit.limit).toBe(10);
    for (let index = 0; index < 50; index += 1) limit.sample(100, 12);
    expect(limit.limit).toBe(12);
    const seen: number[] = [];
    limit.onChange((value) => seen.push(value));
    for (let index = 0; index < 20; index += 1) limit.overloaded();
    expect([seen[0], limit.limit]).toEqual([9, 2]);
    limit.sample(Number.NaN, 5);
    limit.sample(-1, 5);
    expect(limit.limit).toBe(2);
  });
});
