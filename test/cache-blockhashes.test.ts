import { describe, expect, it } from 'vitest';
import { HotCache } from '../src/cache/hot-cache.js';
import { asBlockHeight, asSlot } from '../src/model/brands.js';
import { ManualClock } from './support/manual-clock.js';
import { blockMeta, gap, liveSlot, slotUpdate } from './support/stream-updates.js';

function newCache(): HotCache {
  return new HotCache({ clock: new ManualClock(), random: { next: () => 0 } });
}

/** Slots 2, 4, 6, …: every other one is skipped, so that heights and slots part company. */
function chain(cache: HotCache, length: number, confirmedBehind: number): void {
  for (let height = 1; height <= length; height++) {
    const slot = height * 2;
    cache.onSlot(slotUpdate(slot, 'createdBank', slot - 2));
    cache.onBlockMeta(blockMeta(slot, slot - 2, height, height * 100_000));
    cache.onSlot(slotUpdate(slot, 'processed', slot - 2));
    const confirmed = slot - confirmedBehind * 2;
    if (confirmed > 0) cache.onSlot(slotUpdate(confirmed, 'confirmed', confirmed - 2));
  }
}

describe('blockhashes', () => {
  it('become usable when their slot is reported confirmed, not before', () => {
    const cache = newCache();
    const usable: string[] = [];
    cache.addListener({ onBlockhash: (entry) => usable.push(entry.blockhash) });
    liveSlot(cache, 10, 9);
    expect(cache.blockhashes.newest()).toBeUndefined();
    cache.onSlot(slotUpdate(10, 'confirmed', 9));
    expect(cache.blockhashes.newest()).toEqual({
      blockhash: 'hash-10',
      slot: 10,
      blockHeight: 10,
      lastValidBlockHeight: 160,
    });
    liveSlot(cache, 11, 10);
    cache.onSlot(slotUpdate(11, 'confirmed', 10));
    expect(usable).toEqual(['hash-10', 'hash-11']);
  });

  it('become usable also when the block meta comes after the confirmation', () => {
    const cache = newCache();
    cache.onSlot(slotUpdate(10, 'confirmed', 9));
    cache.onBlockMeta(blockMeta(10, 9));
    expect(cache.blockhashes.newest()?.blockhash).toBe('hash-10');
  });

  it('of a lost fork are never offered', () => {
    const cache = newCache();
    liveSlot(cache, 10, 9);
    liveSlot(cache, 11, 10);
    liveSlot(cache, 12, 10);
    cache.onSlot(slotUpdate(12, 'confirmed', 10));
    expect(cache.blockhashes.newest()?.slot).toBe(12);
    expect(cache.blockhashes.withValidity(149)?.slot).toBe(10);
  });

  it('with a given life left are counted in blocks', () => {
    const cache = newCache();
    chain(cache, 200, 2);
    expect(cache.blockhashes.newest()?.blockHeight).toBe(198);
    expect(cache.blockhashes.withValidity(150)?.blockHeight).toBe(198);
    expect(cache.blockhashes.withValidity(20)?.blockHeight).toBe(68);
    expect(cache.blockhashes.withValidity(1)?.blockHeight).toBe(49);
  });

  it('old enough may not be known yet', () => {
    const cache = newCache();
    chain(cache, 10, 2);
    expect(cache.blockhashes.withValidity(20)).toBeUndefined();
  });
});

describe('heights', () => {
  it('stand beside slots at each commitment', () => {
    const cache = newCache();
    expect(cache.slots.blockHeight('processed')).toBeUndefined();
    chain(cache, 100, 2);
    cache.onSlot(slotUpdate(140, 'finalized', 138));
    expect([cache.slots.slot('processed'), cache.slots.blockHeight('processed')]).toEqual([200, 100]);
    expect([cache.slots.slot('confirmed'), cache.slots.blockHeight('confirmed')]).toEqual([196, 98]);
    expect([cache.slots.slot('finalized'), cache.slots.blockHeight('finalized')]).toEqual([140, 70]);
  });

  it('tell the first slot above one, once it has the commitment', () => {
    const cache = newCache();
    chain(cache, 100, 2);
    cache.onSlot(slotUpdate(140, 'finalized', 138));
    const first = (height: number, commitment: 'confirmed' | 'finalized') =>
      cache.slots.firstSlotAboveHeight(asBlockHeight(height), commitment);
    expect(first(69, 'finalized')).toBe(140);
    expect(first(70, 'finalized')).toBeUndefined();
    expect(first(70, 'confirmed')).toBe(142);
    expect(first(97, 'confirmed')).toBe(196);
    expect(first(98, 'confirmed')).toBeUndefined();
  });
});

describe('statuses', () => {
  it('hold for ancestors too', () => {
    const cache = newCache();
    chain(cache, 50, 2);
    cache.onSlot(slotUpdate(80, 'finalized', 78));
    const statuses = [78, 80, 82, 96, 98, 100, 81, 102].map((slot) => cache.slots.statusOf(asSlot(slot)));
    expect(statuses).toEqual([
      'finalized',
      'finalized',
      'confirmed',
      'confirmed',
      'processed',
      'processed',
      'unknown',
      'unknown',
    ]);
  });
});

describe('observed block time', () => {
  it('follows the blocks, and forgets what a gap distorts', () => {
    const cache = newCache();
    expect(cache.slots.observedBlockMs()).toBe(400);
    chain(cache, 20, 2);
    expect(cache.slots.observedBlockMs()).toBeCloseTo(100);
    cache.onGap(gap(40, { open: true }));
    expect(cache.slots.observedBlockMs()).toBe(400);
  });
});
