/** A stream that is open and silent is noticed in under two seconds, and trading does not stop for it. */
import { expect, it } from 'vitest';
import { HotCache } from '../src/cache/hot-cache.js';
import type { Address } from '../src/model/brands.js';
import { asSlot } from '../src/model/brands.js';
import { StreamSet } from '../src/stream/stream-set.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { addressOf, ChainModel, STEPS_A_SLOT } from './support/chain-model.js';
import { ManualClock } from './support/manual-clock.js';
import { ModelNode } from './support/model-node.js';
import { OWNER } from './support/stream-updates.js';

const SLOT_MS = 400;
const STEP_MS = SLOT_MS / STEPS_A_SLOT;
/** The defaults of MAX_POOL_AGE_SLOTS and MAX_STREAM_AGE_MS: beyond them nothing is signed. */
const MAX_POOL_AGE_SLOTS = 4;
const MAX_STREAM_AGE_MS = 1_800;
const ACCOUNT = addressOf(0);

function world(nodeCount: number) {
  const clock = new ManualClock();
  const model = new ChainModel(1);
  const nodes = Array.from({ length: nodeCount }, (_, index) => new ModelNode(clock, index * 1_000));
  const cache: HotCache = new HotCache({
    clock,
    random: { next: () => 0.5 },
    fetch: async (addresses: readonly Address[], minContextSlot) => {
      const contextSlot = asSlot(Math.max(minContextSlot, cache.slots.slot('confirmed')));
      const data = Buffer.alloc(4);
      data.writeUInt32LE(model.stateAt(0, contextSlot)!.value);
      return { contextSlot, accounts: addresses.map(() => ({ lamports: 1n, owner: OWNER, data })) };
    },
  });
  cache.track([ACCOUNT]);
  const ends: { readonly name: string; readonly atMs: number; readonly detail: string }[] = [];
  const sources: string[] = [];
  const set = new StreamSet({
    streams: nodes.map(
      ({ transport }, index) =>
        new YellowstoneStream({
          endpoint: 'localhost:1',
          name: `node-${index}`,
          clock,
          random: { next: () => 0.5 },
          transport,
        }),
    ),
    clock,
    onEndpoint: (name, status, detail) => {
      if (status === 'down') ends.push({ name, atMs: clock.nowMs(), detail });
    },
    onSource: (name, covered) => sources.push(`${name} ${covered}`),
  });
  set.start(cache, { accounts: [ACCOUNT], wallets: [] });
  let fed = 0;
  const worst = { ageSlots: 0, streamAgeMs: 0 };
  /** Tells the cluster's time on to the model's end. */
  const run = async (slots: number): Promise<void> => {
    model.quiet(slots);
    for (let slot = 0; slot < slots; slot++) {
      for (; fed < model.events.length && model.events[fed]!.at <= model.last - slots + slot + 1; fed++) {
        for (const node of nodes) node.enqueue(model.events[fed]!, clock.nowMs(), STEP_MS);
      }
      for (let step = 0; step < STEPS_A_SLOT; step++) {
        for (const node of nodes) node.tell();
        clock.advance(STEP_MS);
        await new Promise((resolve) => setImmediate(resolve));
        worst.ageSlots = Math.max(worst.ageSlots, cache.ageSlots(ACCOUNT));
        worst.streamAgeMs = Math.max(worst.streamAgeMs, cache.streamAgeMs());
      }
    }
  };
  const isTradable = () =>
    cache.ageSlots(ACCOUNT) <= MAX_POOL_AGE_SLOTS && cache.streamAgeMs() <= MAX_STREAM_AGE_MS;
  return { clock, model, nodes, cache, set, ends, sources, worst, run, isTradable };
}

it.each([0, 1])('with two endpoints trading goes on when node %i freezes', async (frozen) => {
  const { clock, nodes, cache, set, ends, sources, worst, run, isTradable } = world(2);
  await run(12);
  expect(isTradable()).toBe(true);
  worst.ageSlots = 0;
  worst.streamAgeMs = 0;
  const sourceIs = set.endpoints().findIndex(({ isAccountSource }) => isAccountSource);
  nodes[frozen]!.freeze();
  const frozenAtMs = clock.nowMs();
  await run(12);
  expect(ends[0]).toMatchObject({ name: `node-${frozen}` });
  expect(ends[0]!.detail).toMatch(/no pong/);
  expect(ends[0]!.atMs - frozenAtMs).toBeLessThan(2_000);
  expect(worst.ageSlots).toBeLessThanOrEqual(MAX_POOL_AGE_SLOTS);
  expect(worst.streamAgeMs).toBeLessThanOrEqual(MAX_STREAM_AGE_MS);
  expect(cache.suspectCount).toBe(0);
  expect(isTradable()).toBe(true);
  expect(sources.slice(1)).toEqual(sourceIs === frozen ? [`node-${1 - frozen} true`] : []);
});

it('with one endpoint the state turns too old to trade on in under two seconds, and comes back', async () => {
  const { clock, nodes, ends, run, isTradable } = world(1);
  await run(12);
  expect(isTradable()).toBe(true);
  nodes[0]!.freeze();
  const frozenAtMs = clock.nowMs();
  await run(5);
  expect(ends).toHaveLength(1);
  expect(ends[0]!.atMs - frozenAtMs).toBeLessThan(2_000);
  expect(isTradable()).toBe(false);
  nodes[0]!.thaw();
  await run(20);
  expect(isTradable()).toBe(true);
});
