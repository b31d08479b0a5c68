import { status } from '@grpc/grpc-js';
import { CommitmentLevel, SlotStatus } from '@triton-one/yellowstone-grpc';
import { expect, test } from 'vitest';
import {
  accountsFilter,
  blocksFilter,
  grpcClient,
  serve,
  subscribe,
  summary,
  TestStream,
} from './geyser-harness.js';

type Feed = Awaited<ReturnType<typeof serve>>['feed'];

const wanted = {
  accounts: { f: accountsFilter() },
  slots: { f: {} },
  blocks: { f: blocksFilter() },
  blocksMeta: { f: {} },
};

function runSlots(feed: Feed, from: number, to: number, confirmedUpTo = 0): void {
  for (let slot = from; slot <= to; slot++) {
    feed.accounts(slot, [feed.write('alice')]);
    feed.freeze(slot);
    if (slot <= confirmedUpTo) feed.slot(slot, 'confirmed');
  }
}

const processed = (slot: number) => [
  `account alice v${slot} in ${slot}`,
  `block ${slot}`,
  `meta ${slot}`,
  `slot ${slot} ${SlotStatus.SLOT_PROCESSED}`,
];

test('a new stream gets the kept slots from from_slot on, then the live ones', async () => {
  const { feed, port } = await serve();
  runSlots(feed, 1, 3);
  const stream = await subscribe(port, { ...wanted, fromSlot: '2' });
  await stream.until(({ slot }) => slot?.slot === '3');
  runSlots(feed, 4, 4);
  expect((await stream.updates()).map(summary)).toEqual([...processed(2), ...processed(3), ...processed(4)]);
});

test('at processed the earlier updates of the slot in progress are lost', async () => {
  const { feed, port } = await serve();
  runSlots(feed, 1, 1);
  feed.accounts(2, [feed.write('alice')]);
  const stream = await subscribe(port, { ...wanted, fromSlot: '1' });
  await stream.until(({ slot }) => slot?.slot === '1');
  feed.accounts(2, [feed.write('alice')]);
  feed.freeze(2);
  expect((await stream.updates()).map(summary)).toEqual([
    ...processed(1),
    'account alice v3 in 2',
    'block 2',
    'meta 2',
    `slot 2 ${SlotStatus.SLOT_PROCESSED}`,
  ]);
});

test('at confirmed there is no such hole, and nothing comes twice', async () => {
  const { feed, port } = await serve();
  runSlots(feed, 1, 3, 1);
  const commitment = CommitmentLevel.CONFIRMED;
  const stream = await subscribe(port, { accounts: wanted.accounts, commitment, fromSlot: '1' });
  await stream.until(({ account }) => account !== undefined);
  feed.slot(2, 'confirmed');
  feed.slot(3, 'confirmed');
  expect((await stream.updates()).map(summary)).toEqual(
    [1, 2, 3].map((slot) => `account alice v${slot} in ${slot}`),
  );
});

test('a slot that is too old is refused with the oldest that there is', async () => {
  const { feed, port } = await serve();
  runSlots(feed, 1, 200);
  const stream = new TestStream(grpcClient(port));
  stream.send({ ...wanted, fromSlot: '50' });
  expect(await stream.ended).toEqual({
    code: status.OUT_OF_RANGE,
    details: 'broadcast from 50 is not available, last available: 51',
  });
});

test('exactly 150 slots are kept', async () => {
  const { feed, port } = await serve();
  runSlots(feed, 1, 200);
  const stream = await subscribe(port, { blocksMeta: { f: {} }, fromSlot: '51' });
  await stream.until(({ blockMeta }) => blockMeta?.slot === '200');
  expect(await stream.updates()).toHaveLength(150);
});

test('from_slot in the future replays nothing', async () => {
  const { feed, port } = await serve();
  runSlots(feed, 1, 2);
  const stream = await subscribe(port, { blocksMeta: { f: {} }, fromSlot: '18446744073709551615' });
  feed.freeze(3);
  expect((await stream.updates()).map(summary)).toEqual(['meta 3']);
});

test('a stream that was cut goes on without a gap from the last whole slot', async () => {
  const { feed, port, server } = await serve();
  const first = await subscribe(port, wanted);
  runSlots(feed, 1, 2);
  const before = (await first.updates()).map(summary);
  server.cutStreams();
  expect(await first.ended).toMatchObject({ code: status.UNAVAILABLE });
  runSlots(feed, 3, 5);
  const second = await subscribe(port, { ...wanted, fromSlot: '3' });
  await second.until(({ slot }) => slot?.slot === '5');
  const after = (await second.updates()).map(summary);
  expect([...before, ...after]).toEqual([1, 2, 3, 4, 5].flatMap(processed));
});

test('live updates wait until a long replay is through, and a new filter after it', async () => {
  const { feed, port } = await serve();
  const count = 3_000;
  for (let index = 0; index < count; index++) feed.accounts(1, [feed.write(`a${index}`)]);
  feed.freeze(1);
  const stream = new TestStream(grpcClient(port));
  stream.send({ accounts: { f: accountsFilter() }, fromSlot: '1' });
  await stream.until(({ account }) => account !== undefined);
  feed.accounts(2, [feed.write('alice')]);
  stream.send({ slots: { f: {} } });
  await stream.until(({ account }) => account?.slot === '2');
  await stream.settle();
  feed.slot(3, 'processed');
  const updates = await stream.updates();
  expect(updates).toHaveLength(count + 2);
  expect(updates.slice(-2).map(summary)).toEqual([
    `account alice v${count + 1} in 2`,
    `slot 3 ${SlotStatus.SLOT_PROCESSED}`,
  ]);
});
