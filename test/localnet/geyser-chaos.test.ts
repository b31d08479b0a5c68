import { status } from '@grpc/grpc-js';
import { afterEach, expect, test, vi } from 'vitest';
import { type ChaosControls, createChaos } from '../../localnet/chaos/chaos.js';
import { serve, subscribe, unary } from './geyser-harness.js';

afterEach(() => {
  vi.useRealTimers();
});

async function disturbed(chaos: ChaosControls, now = { ms: 0 }) {
  const { feed, port } = await serve({ chaos, nowMs: () => 1_700_000_000_000 + now.ms });
  const stream = await subscribe(port, { slots: { f: {} } });
  const slots = async () => (await stream.updates()).map(({ slot }) => slot!.slot);
  const emit = (...numbers: number[]): void => {
    for (const slot of numbers) feed.slot(slot, 'processed');
  };
  return { stream, slots, emit, feed, port };
}

test('without chaos set nothing happens to a stream', async () => {
  const { slots, emit } = await disturbed(createChaos(1));
  emit(1, 2, 3);
  expect(await slots()).toEqual(['1', '2', '3']);
});

test('gaps swallow updates, but no pong', async () => {
  const chaos = createChaos(1, { streamGapRate: 1 });
  const { slots, emit } = await disturbed(chaos);
  emit(1, 2);
  expect(await slots()).toEqual([]);
  chaos.clear();
  emit(3);
  expect(await slots()).toEqual(['3']);
});

test('duplicates come twice in a row', async () => {
  const { slots, emit } = await disturbed(createChaos(1, { streamDuplicateRate: 1 }));
  emit(1, 2);
  expect(await slots()).toEqual(['1', '1', '2', '2']);
});

test('reordering lets an update change places with the next', async () => {
  const { slots, emit } = await disturbed(createChaos(1, { streamReorderRate: 1 }));
  emit(1, 2, 3, 4);
  expect(await slots()).toEqual(['2', '1', '4', '3']);
});

test('what waits to change places with the next leaves when reordering ends', async () => {
  const chaos = createChaos(1, { streamReorderRate: 1 });
  const { slots, emit } = await disturbed(chaos);
  emit(1);
  chaos.clear();
  expect(await slots()).toEqual(['1']);
  emit(2);
  expect(await slots()).toEqual(['2']);
});

test('a frozen stream stays open, says nothing and hears nothing, and goes on when thawed', async () => {
  const chaos = createChaos(1);
  const { stream, slots, emit, port } = await disturbed(chaos);
  stream.received.length = 0;
  chaos.set({ streamFrozen: true });
  emit(1, 2);
  const settled = stream.settle();
  // Another call's answer shows that the server has had the time to answer this stream.
  await unary(port, 'Ping', Buffer.alloc(0));
  expect(stream.received).toEqual([]);
  chaos.clear();
  await settled;
  expect(await slots()).toEqual(['1', '2']);
});

test('a slowed stream keeps its order', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const now = { ms: 0 };
  const chaos = createChaos(1);
  const { stream, emit } = await disturbed(chaos, now);
  stream.received.length = 0;
  chaos.set({ streamDelayMs: 500 });
  emit(1);
  now.ms = 300;
  emit(2);
  now.ms = 500;
  vi.advanceTimersByTime(500);
  await stream.until(({ slot }) => slot?.slot === '1');
  expect(stream.received.map(({ slot }) => slot?.slot)).toEqual(['1']);
  now.ms = 800;
  vi.advanceTimersByTime(300);
  await stream.until(({ slot }) => slot?.slot === '2');
});

test('a cut ends every stream with UNAVAILABLE', async () => {
  const chaos = createChaos(1);
  const { stream } = await disturbed(chaos);
  chaos.cutStreams();
  expect(await stream.ended).toMatchObject({ code: status.UNAVAILABLE });
});
