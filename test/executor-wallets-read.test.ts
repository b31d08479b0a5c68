/** Readiness waits until it is known what the wallets hold, and does not go for the sake of one that comes later. */
import { expect, it, onTestFinished } from 'vitest';
import { MarketData } from '../src/executor/market-data.js';
import { asSlot } from '../src/model/brands.js';
import { testAddress } from './support/cpmm-accounts.js';
import { ManualClock } from './support/manual-clock.js';
import { gap, OWNER, slotUpdate } from './support/stream-updates.js';

const [FIRST, LATER] = [1, 2].map((seed) => ({ name: `wallet${seed}`, address: testAddress(seed) }));

it('is there once the first wallets are read, and stays while a later one is not', () => {
  const log = () => undefined;
  const market = new MarketData({
    endpoints: { yellowstone: ['http://127.0.0.1:1'], lookupTables: [] } as never,
    reader: {} as never,
    clock: new ManualClock(),
    random: { next: () => 0.5 } as never,
    log: { info: log, warn: log } as never,
    maxStreamAgeMs: 0,
    maxStreamLagSlots: 8,
    streamGuard: undefined as never,
  });
  onTestFinished(() => market.close());
  market.start([], [FIRST!]);
  expect(market.areWalletsRead()).toBe(false);
  const { cache } = market;
  cache.onGap(gap(9));
  cache.onSlot(slotUpdate(10, 'processed', 9));
  cache.onSlot(slotUpdate(10, 'confirmed', 9));
  cache.accept(asSlot(10), [FIRST!.address], [{ lamports: 1n, owner: OWNER, data: new Uint8Array(0) }]);
  expect(market.areWalletsRead()).toBe(true);
  market.addWallets([], [LATER!]);
  expect([cache.isUnread(LATER!.address), market.areWalletsRead()]).toEqual([true, true]);
});
