import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HotCache } from '../src/cache/hot-cache.js';
import type { CacheListener } from '../src/cache/types.js';
import { type Address, asSlot, type Slot } from '../src/model/brands.js';
import type { AccountUpdate, BlockMetaUpdate, SlotUpdate } from '../src/stream/types.js';
import { ManualClock } from './support/manual-clock.js';
import { asSlots, blockMeta, gap, liveSlot, OWNER, slotUpdate, write } from './support/stream-updates.js';

const ADDRESSES = ['a', 'b', 'c', 'd'] as Address[];
const A = ADDRESSES[0]!;
const noRandom = { next: () => 0 };

function newCache(): HotCache {
  const cache = new HotCache({ clock: new ManualClock(), random: noRandom });
  cache.track(ADDRESSES);
  return cache;
}

const value = (cache: HotCache, address = A): number | undefined => cache.get(address)?.data[0];

class Recorder implements CacheListener {
  readonly changes: string[] = [];
  readonly lost: Slot[] = [];
  readonly heads: Slot[] = [];
  onAccountChanged(
    address: Address,
    version: { data: Uint8Array } | undefined,
    cause: 'write' | 'rollback' | 'fetch',
  ): void {
    this.changes.push(`${cause} ${address}=${version?.data[0]}`);
  }
  onSlotsLost(slots: readonly Slot[]): void {
    this.lost.push(...slots);
  }
  onHead(head: Slot): void {
    this.heads.push(head);
  }
}

describe('what a dead slot or a lost fork wrote', () => {
  it('is seen while the slot is in progress, and falls away when it dies', () => {
    const cache = newCache();
    const seen = new Recorder();
    liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
    cache.addListener(seen);
    cache.onSlot(slotUpdate(11, 'createdBank', 10));
    cache.onAccount(write('a', 11, 2, 2));
    expect(value(cache)).toBe(2);
    cache.onSlot(slotUpdate(11, 'dead', 10));
    expect(value(cache)).toBe(1);
    expect(seen.changes).toEqual(['write a=2', 'rollback a=1']);
    expect(seen.lost).toEqual([11]);
    expect(cache.slots.statusOf(asSlot(11))).toBe('dead');
  });

  it('falls away when a later block names an earlier parent, though nobody announced it', () => {
    const cache = newCache();
    const seen = new Recorder();
    liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
    liveSlot(cache, 11, 10, [write('a', 11, 2, 2), write('b', 11, 3, 20)]);
    cache.addListener(seen);
    expect(cache.slots.statusOf(asSlot(11))).toBe('processed');
    liveSlot(cache, 12, 10, [write('c', 12, 4, 30)]);
    expect([value(cache), value(cache, ADDRESSES[1]), value(cache, ADDRESSES[2])]).toEqual([
      1,
      undefined,
      30,
    ]);
    expect(seen.lost).toEqual([11]);
    expect(seen.changes).toEqual(['rollback a=1', 'rollback b=undefined', 'rollback c=30']);
    expect(cache.slots.statusOf(asSlot(11))).toBe('lost');
    expect(cache.slots.isOnHeadFork(asSlot(11))).toBe(false);
    expect(cache.slots.isOnHeadFork(asSlot(10))).toBe(true);
  });

  it('comes back when its fork wins after all', () => {
    const cache = newCache();
    liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
    liveSlot(cache, 11, 10, [write('a', 11, 2, 2)]);
    liveSlot(cache, 12, 10);
    expect(value(cache)).toBe(1);
    liveSlot(cache, 13, 11);
    expect(value(cache)).toBe(2);
    expect(cache.slots.statusOf(asSlot(12))).toBe('lost');
  });

  it('is not seen before the fork that it is on is the head', () => {
    const cache = newCache();
    liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
    liveSlot(cache, 11, 10);
    cache.onSlot(slotUpdate(12, 'createdBank', 10));
    cache.onAccount(write('a', 12, 2, 2));
    expect(value(cache)).toBe(1);
    cache.onSlot(slotUpdate(12, 'processed', 10));
    expect(value(cache)).toBe(2);
  });

  it('does not become the head, however high its slot, when it passes beside the confirmed slot', () => {
    const cache = newCache();
    liveSlot(cache, 10, 9);
    liveSlot(cache, 11, 10);
    cache.onSlot(slotUpdate(11, 'confirmed', 10));
    liveSlot(cache, 12, 10);
    expect(cache.slots.head()).toBe(11);
    expect(cache.slots.statusOf(asSlot(12))).toBe('lost');
  });

  it('is forgotten below the root, where the newest rooted state stays for good', () => {
    const cache = newCache();
    liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
    liveSlot(cache, 11, 10, [write('a', 11, 2, 2)]);
    for (let slot = 12; slot < 1_000; slot++) {
      const parent = slot === 12 ? 10 : slot - 1;
      liveSlot(cache, slot, parent);
      cache.onSlot(slotUpdate(slot, 'confirmed', parent));
      cache.onSlot(slotUpdate(slot, 'finalized', parent));
    }
    expect(value(cache)).toBe(1);
    expect(cache.getConfirmed(A)?.data[0]).toBe(1);
    expect(cache.slots.statusOf(asSlot(10))).toBe('unknown');
    expect(cache.slots.isOnHeadFork(asSlot(10))).toBe(true);
  });
});

it('a slot seen alive after its death makes everything suspect, for its updates are mixed', () => {
  const cache = newCache();
  cache.onGap(gap(9));
  liveSlot(cache, 10, 9);
  cache.onSlot(slotUpdate(10, 'confirmed', 9));
  cache.accept(
    asSlot(10),
    ADDRESSES,
    ADDRESSES.map(() => undefined),
  );
  expect(cache.suspectCount).toBe(0);
  cache.onSlot(slotUpdate(11, 'dead', 10));
  cache.onSlot(slotUpdate(11, 'processed', 10));
  expect(cache.suspectCount).toBe(ADDRESSES.length);
});

it('a write of lower write_version in the same slot changes nothing, whenever it comes', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [write('a', 10, 5, 5), write('a', 10, 4, 4)]);
  expect(value(cache)).toBe(5);
});

it('getConfirmed passes over what is only processed', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
  cache.onSlot(slotUpdate(10, 'confirmed', 9));
  liveSlot(cache, 11, 10, [write('a', 11, 2, 2)]);
  expect([value(cache), cache.getConfirmed(A)?.data[0]]).toEqual([2, 1]);
  cache.onSlot(slotUpdate(11, 'confirmed', 10));
  expect(cache.getConfirmed(A)?.data[0]).toBe(2);
});

it('keeps its own copy of the bytes', () => {
  const cache = newCache();
  const update = write('a', 10, 1, 1);
  liveSlot(cache, 10, 9, [update]);
  update.data[0] = 99;
  expect(value(cache)).toBe(1);
});

it('across a hole in the ancestry, only confirmed slots are taken to be on the chain', () => {
  const cache = newCache();
  liveSlot(cache, 10, 9, [write('a', 10, 1, 1)]);
  cache.onSlot(slotUpdate(10, 'confirmed', 9));
  liveSlot(cache, 11, 10, [write('a', 11, 2, 2)]);
  const seen = new Recorder();
  cache.addListener(seen);
  // Slot 12 never came; 13 builds on it.
  liveSlot(cache, 13, 12);
  expect(value(cache)).toBe(1);
  expect(cache.slots.statusOf(asSlot(11))).toBe('unknown');
  expect(seen.lost).toEqual([]);
  cache.onSlot(slotUpdate(11, 'confirmed', 10));
  expect(value(cache)).toBe(2);
});

// --- against a naive model --------------------------------------------------------------------------------------

type Event =
  | { readonly kind: 'slot'; readonly update: SlotUpdate }
  | { readonly kind: 'meta'; readonly update: BlockMetaUpdate }
  | { readonly kind: 'write'; readonly update: AccountUpdate }
  | { readonly kind: 'fetch'; readonly address: Address; readonly slot: Slot; readonly value: number };

interface NaiveNode {
  parent?: number;
  processed?: boolean;
  confirmed?: boolean;
  finalized?: boolean;
  dead?: boolean;
}

/** Everything from the beginning, at every question. */
class NaiveModel {
  readonly nodes = new Map<number, NaiveNode>();
  readonly states: { address: Address; slot: number; order: bigint; value: number; fetched: boolean }[] = [];
  readonly rooted = new Set<number>();
  root = 0;
  confirmed = 0;
  head = 0;
  visible = new Set<number>();

  apply(event: Event): void {
    if (event.kind === 'write') {
      const { address, slot, writeVersion, data } = event.update;
      this.states.push({ address, slot, order: writeVersion, value: data[0]!, fetched: false });
    } else if (event.kind === 'fetch') {
      this.states.push({
        address: event.address,
        slot: event.slot,
        order: 2n ** 64n,
        value: event.value,
        fetched: true,
      });
    } else {
      const node = this.nodes.get(event.update.slot) ?? {};
      this.nodes.set(event.update.slot, node);
      if (event.kind === 'meta') {
        node.parent = event.update.parentSlot;
        node.dead = false;
      } else {
        if (event.update.parent !== undefined) node.parent = event.update.parent;
        const status = event.update.status;
        if (status === 'dead') Object.assign(node, { dead: true, processed: false });
        if (status === 'processed') Object.assign(node, { dead: false, processed: true });
        if (status === 'confirmed') Object.assign(node, { dead: false, processed: true, confirmed: true });
        if (status === 'finalized') {
          Object.assign(node, { dead: false, processed: true, confirmed: true, finalized: true });
        }
      }
    }
    this.recompute();
  }

  get(address: Address): number | undefined {
    const counting = this.states.filter((state) => state.address === address && this.counts(state));
    counting.sort((x, y) => x.slot - y.slot || (x.order < y.order ? -1 : 1));
    return counting.at(-1)?.value;
  }

  counts(state: { slot: number; fetched: boolean }): boolean {
    if (this.visible.has(state.slot) || this.rooted.has(state.slot)) return true;
    return state.fetched && state.slot <= this.confirmed && !this.nodes.get(state.slot)?.dead;
  }

  /** A slot and its ancestors as far as their numbers are known. */
  path(from: number): number[] {
    const path = [from];
    for (
      let parent = this.nodes.get(from)?.parent;
      parent !== undefined;
      parent = this.nodes.get(parent)?.parent
    ) {
      path.push(parent);
    }
    return path;
  }

  private recompute(): void {
    const all = [...this.nodes.entries()];
    const highest = (test: (node: NaiveNode) => boolean | undefined): number =>
      Math.max(0, ...all.filter(([, node]) => !node.dead && test(node)).map(([slot]) => slot));
    this.root = Math.max(
      this.root,
      highest((node) => node.finalized),
    );
    this.confirmed = Math.max(
      this.root,
      highest((node) => node.confirmed),
    );
    for (const [slot, node] of all) {
      if (slot > this.root || node.dead || !(node.confirmed || this.rooted.has(slot))) continue;
      for (const ancestor of this.path(slot)) if (this.nodes.has(ancestor)) this.rooted.add(ancestor);
    }
    const beside = (path: readonly number[], slot: number): boolean =>
      path[0]! > slot && path.at(-1)! < slot && !path.includes(slot);
    const candidates = all
      .filter(([slot, node]) => node.processed && node.parent !== undefined && slot >= this.confirmed)
      .map(([slot]) => slot)
      .filter((slot) => {
        const path = this.path(slot);
        const toRoot = path.filter((ancestor) => ancestor >= this.root);
        if (toRoot.some((ancestor) => this.nodes.get(ancestor)?.dead)) return false;
        return !beside(path, this.root) && !beside(path, this.confirmed);
      });
    this.head = candidates.length > 0 ? Math.max(...candidates) : this.head;
    this.visible = new Set();
    const show = (slot: number): void => {
      for (const ancestor of this.path(slot)) {
        if (ancestor <= this.root || !this.nodes.has(ancestor) || this.nodes.get(ancestor)?.dead) break;
        this.visible.add(ancestor);
      }
    };
    show(this.head);
    for (const [slot, node] of all) if (node.confirmed && slot <= this.confirmed) show(slot);
    const tips = all
      .filter(([slot, node]) => slot > this.head && !node.processed)
      .map(([slot]) => slot)
      .filter((slot) => {
        const path = this.path(slot);
        const above = path.filter((ancestor) => ancestor > this.head);
        return path.includes(this.head) && above.every((ancestor) => !this.nodes.get(ancestor)?.dead);
      });
    if (tips.length > 0) show(Math.max(...tips));
  }
}

/** A true history with forks and dead slots, told with losses and out of order. */
function tell(next: () => number, length: number): Event[] {
  const events: { at: number; event: Event }[] = [];
  const lossRate = next() < 0.5 ? 0 : next() * 0.15;
  const disorder = next() < 0.3 ? 0 : next() * 25;
  let time = 0;
  let writeVersion = 0;
  const push = (event: Event, delay = 0): void => {
    if (next() >= lossRate) events.push({ at: time++ + delay + next() * disorder, event });
  };
  let canonical = 1;
  let fork: number | undefined;
  for (let slot = 2; slot < length; slot++) {
    const fate = next();
    if (fate < 0.1) continue;
    const kind = fate < 0.2 ? 'dead' : fate < 0.4 ? 'lost' : 'canonical';
    const parent = kind === 'lost' && fork !== undefined && next() < 0.5 ? fork : canonical;
    push({ kind: 'slot', update: slotUpdate(slot, 'firstShred') });
    push({ kind: 'slot', update: slotUpdate(slot, 'createdBank', parent) });
    for (let count = next() * 5; count > 1; count--) {
      const address = ADDRESSES[Math.floor(next() * ADDRESSES.length)]!;
      writeVersion++;
      push({ kind: 'write', update: write(address, slot, writeVersion, writeVersion) });
    }
    if (kind === 'dead') {
      push({ kind: 'slot', update: slotUpdate(slot, 'dead', parent) });
      continue;
    }
    push({ kind: 'meta', update: blockMeta(slot, parent) });
    push({ kind: 'slot', update: slotUpdate(slot, 'processed', next() < 0.8 ? parent : undefined) });
    if (kind === 'lost') {
      fork = slot;
      continue;
    }
    canonical = slot;
    if (next() < 0.9) push({ kind: 'slot', update: slotUpdate(slot, 'confirmed', parent) }, 15);
    if (next() < 0.9) push({ kind: 'slot', update: slotUpdate(slot, 'finalized', parent) }, 45);
    if (next() < 0.2) {
      writeVersion++;
      const address = ADDRESSES[Math.floor(next() * ADDRESSES.length)]!;
      push({ kind: 'fetch', address, slot: asSlot(slot), value: writeVersion }, 10 + next() * 30);
    }
  }
  return events.sort((x, y) => x.at - y.at).map(({ event }) => event);
}

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function deliver(cache: HotCache, event: Event): void {
  if (event.kind === 'slot') cache.onSlot(event.update);
  else if (event.kind === 'meta') cache.onBlockMeta(event.update);
  else if (event.kind === 'write') cache.onAccount(event.update);
  else {
    cache.onGap(gap(0, { accounts: [event.address] }));
    const state = { lamports: 1n, owner: OWNER, data: Uint8Array.of(event.value & 0xff) };
    cache.accept(event.slot, [event.address], [state]);
  }
}

describe('property: random trees, dead slots, lost forks, losses and disorder', () => {
  it('get() equals the naive recomputation after every event, and listeners were told of every change', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 3, max: 60 }), (seed, length) => {
        const cache = newCache();
        cache.onGap(gap(0));
        const model = new NaiveModel();
        const mirror = new Map<Address, number | undefined>();
        cache.addListener({ onAccountChanged: (address, version) => mirror.set(address, version?.data[0]) });
        for (const event of tell(generator(seed), length)) {
          deliver(cache, event);
          model.apply(event);
          const expected = ADDRESSES.map((address) => {
            const found = model.get(address);
            return found === undefined ? undefined : found & 0xff;
          });
          expect(ADDRESSES.map((address) => value(cache, address))).toEqual(expected);
          expect(ADDRESSES.map((address) => mirror.get(address))).toEqual(expected);
          expect(cache.slots.head()).toBe(model.head);
        }
      }),
      { seed: 20_240_607, numRuns: 150 },
    );
  });
});

it('reports as lost what left the head, once for each time', () => {
  const cache = newCache();
  const seen = new Recorder();
  cache.addListener(seen);
  liveSlot(cache, 10, 9);
  liveSlot(cache, 11, 10);
  liveSlot(cache, 12, 11);
  liveSlot(cache, 13, 10);
  expect(seen.lost).toEqual(asSlots(11, 12));
  liveSlot(cache, 14, 13);
  expect(seen.lost).toEqual(asSlots(11, 12));
  expect(seen.heads).toEqual(asSlots(10, 11, 12, 13, 14));
});
