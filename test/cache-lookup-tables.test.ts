import { base58 } from '@scure/base';
import { expect, it } from 'vitest';
import { HotCache } from '../src/cache/hot-cache.js';
import { LOOKUP_TABLE_PROGRAM } from '../src/cache/lookup-table-cache.js';
import { type Address, asSlot, U64_MAX } from '../src/model/brands.js';
import type { AccountUpdate } from '../src/stream/types.js';
import { ManualClock } from './support/manual-clock.js';
import { liveSlot, slotUpdate, write } from './support/stream-updates.js';

const TABLE = 'table' as Address;
const KEYS = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
const names = (count: number): string[] => KEYS.slice(0, count).map((key) => base58.encode(key));

function table(
  slot: number,
  count: number,
  lastExtended: number,
  firstNew: number,
  deactivation = U64_MAX,
): AccountUpdate {
  const data = Buffer.alloc(56 + 32 * count);
  data.writeUInt32LE(1, 0);
  data.writeBigUInt64LE(deactivation, 4);
  data.writeBigUInt64LE(BigInt(lastExtended), 12);
  data.writeUInt8(firstNew, 20);
  for (let index = 0; index < count; index++) data.set(KEYS[index]!, 56 + 32 * index);
  return { ...write(TABLE, slot, slot, 0), owner: LOOKUP_TABLE_PROGRAM, data };
}

function newCache(): HotCache {
  const cache = new HotCache({ clock: new ManualClock(), random: { next: () => 0 } });
  cache.track([TABLE]);
  return cache;
}

it('an extension is usable only when a slot after it is confirmed', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [table(10, 2, 10, 0)]);
  expect(cache.lookupTables.usable(TABLE)).toBeUndefined();
  liveSlot(cache, 11, 10);
  cache.onSlot(slotUpdate(11, 'confirmed', 10));
  expect(cache.lookupTables.usable(TABLE)?.addresses).toEqual(names(2));
  liveSlot(cache, 12, 11, [table(12, 3, 12, 2)]);
  expect(cache.lookupTables.usable(TABLE)?.addresses).toEqual(names(2));
  cache.onSlot(slotUpdate(12, 'confirmed', 11));
  expect(cache.lookupTables.usable(TABLE)?.addresses).toEqual(names(2));
  liveSlot(cache, 13, 12);
  cache.onSlot(slotUpdate(13, 'confirmed', 12));
  expect(cache.lookupTables.usable(TABLE)).toEqual({
    address: TABLE,
    addresses: names(3),
    slot: asSlot(12),
    deactivationSlot: undefined,
  });
});

it('an extension on a lost fork is never usable', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [table(10, 1, 5, 0)]);
  liveSlot(cache, 11, 10, [table(11, 3, 11, 1)]);
  liveSlot(cache, 12, 10);
  cache.onSlot(slotUpdate(12, 'confirmed', 10));
  expect(cache.lookupTables.usable(TABLE)?.addresses).toEqual(names(1));
});

it('a table that is being closed is not usable', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [table(10, 1, 5, 0)]);
  cache.onSlot(slotUpdate(10, 'confirmed', 9));
  expect(cache.lookupTables.usable(TABLE)).toBeDefined();
  liveSlot(cache, 11, 10, [table(11, 1, 5, 0, 11n)]);
  cache.onSlot(slotUpdate(11, 'confirmed', 10));
  expect(cache.lookupTables.usable(TABLE)).toBeUndefined();
});

it('an account of another owner or a cut one is no table', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [{ ...table(10, 1, 5, 0), owner: 'somebody' as Address }]);
  cache.onSlot(slotUpdate(10, 'confirmed', 9));
  expect(cache.lookupTables.usable(TABLE)).toBeUndefined();
  liveSlot(cache, 11, 10, [{ ...table(11, 1, 5, 0), data: new Uint8Array(55) }]);
  cache.onSlot(slotUpdate(11, 'confirmed', 10));
  expect(cache.lookupTables.usable(TABLE)).toBeUndefined();
});
