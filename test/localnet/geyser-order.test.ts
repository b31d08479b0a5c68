import { CommitmentLevel, SlotStatus } from '@triton-one/yellowstone-grpc';
import { expect, test } from 'vitest';
import {
  accountsFilter,
  address,
  blocksFilter,
  serve,
  subscribe,
  summary,
  transactionsFilter,
} from './geyser-harness.js';

const everything = {
  accounts: { f: accountsFilter() },
  slots: { f: {} },
  transactions: { f: transactionsFilter() },
  blocks: { f: blocksFilter() },
  blocksMeta: { f: {} },
  entry: { f: {} },
};

type Feed = Awaited<ReturnType<typeof serve>>['feed'];

/** Slot 5: alice is written twice, bob once. */
function runSlot(feed: Feed): void {
  feed.slot(5, 'firstShred');
  feed.slot(5, 'createdBank');
  feed.transaction(5, 'one', ['alice', 'bob'], [feed.write('alice'), feed.write('bob')]);
  feed.transaction(5, 'two', ['alice', 'carol'], [feed.write('alice')], { index: 1 });
  feed.slot(5, 'completed');
  feed.block(5, { transactionCount: 2 });
  feed.slot(5, 'processed');
}

const batch = [
  'account bob v2 in 5',
  'account alice v3 in 5',
  'transaction in 5',
  'transaction in 5',
  'entry 0 of 5',
  'entry 1 of 5',
  'block 5',
  'meta 5',
];

test('processed: as it comes, every write, then block, meta, status', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, everything);
  runSlot(feed);
  expect((await stream.updates()).map(summary)).toEqual([
    'account alice v1 in 5',
    'account bob v2 in 5',
    'transaction in 5',
    'account alice v3 in 5',
    'transaction in 5',
    'entry 0 of 5',
    'entry 1 of 5',
    'block 5',
    'meta 5',
    `slot 5 ${SlotStatus.SLOT_PROCESSED}`,
  ]);
});

test('processed updates do not wait for the end of the slot', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, everything);
  feed.transaction(5, 'one', ['alice', 'bob'], [feed.write('alice')]);
  expect((await stream.updates()).map(summary)).toEqual(['account alice v1 in 5', 'transaction in 5']);
});

test.each([
  ['confirmed', CommitmentLevel.CONFIRMED, SlotStatus.SLOT_CONFIRMED],
  ['finalized', CommitmentLevel.FINALIZED, SlotStatus.SLOT_FINALIZED],
] as const)(
  '%s: the slot in one batch with the last write of each account',
  async (status, commitment, number) => {
    const { feed, port } = await serve();
    const stream = await subscribe(port, { ...everything, commitment });
    runSlot(feed);
    expect((await stream.updates()).map(summary)).toEqual([`slot 5 ${SlotStatus.SLOT_PROCESSED}`]);
    if (status === 'finalized') {
      feed.slot(5, 'confirmed');
      expect((await stream.updates()).map(summary)).toEqual([`slot 5 ${SlotStatus.SLOT_CONFIRMED}`]);
    }
    feed.slot(5, status);
    expect((await stream.updates()).map(summary)).toEqual([...batch, `slot 5 ${number}`]);
  },
);

test('a lost fork is PROCESSED and then silence at every commitment', async () => {
  const { feed, port } = await serve();
  const processed = await subscribe(port, everything);
  const confirmed = await subscribe(port, { ...everything, commitment: CommitmentLevel.CONFIRMED });
  runSlot(feed);
  feed.emit({ type: 'rollback', slots: [5] });
  feed.freeze(6, { parentSlot: 4 });
  feed.slot(6, 'confirmed', { parent: 4 });
  expect((await processed.updates()).map(summary)).toContain('block 5');
  expect((await confirmed.updates()).map(summary)).not.toContain('block 5');
});

test('a dead slot streams what it wrote, is never PROCESSED, and says DEAD only between slots', async () => {
  const { feed, port } = await serve();
  const plain = await subscribe(port, everything);
  const interslot = await subscribe(port, { slots: { f: { interslotUpdates: true } } });
  feed.slot(5, 'createdBank');
  feed.accounts(5, [feed.write('alice')]);
  feed.slot(5, 'dead', { deadError: 'too late' });
  expect((await plain.updates()).map(summary)).toEqual(['account alice v1 in 5']);
  const updates = await interslot.updates();
  expect(updates.map(({ slot }) => slot?.status)).toEqual([
    SlotStatus.SLOT_CREATED_BANK,
    SlotStatus.SLOT_DEAD,
  ]);
  expect(updates[1]!.slot).toMatchObject({ slot: '5', parent: '4', deadError: 'too late' });
});

test('statuses of all commitments go to everyone unless filter_by_commitment', async () => {
  const { feed, port } = await serve();
  const all = await subscribe(port, { slots: { f: {} } });
  const own = await subscribe(port, {
    slots: { f: { filterByCommitment: true } },
    commitment: CommitmentLevel.CONFIRMED,
  });
  const both = await subscribe(port, { slots: { f: { filterByCommitment: true, interslotUpdates: true } } });
  for (const status of ['firstShred', 'processed', 'confirmed', 'finalized'] as const) feed.slot(5, status);
  const { SLOT_PROCESSED, SLOT_CONFIRMED, SLOT_FINALIZED } = SlotStatus;
  const statuses = async (stream: typeof all) => (await stream.updates()).map(({ slot }) => slot?.status);
  expect(await statuses(all)).toEqual([SLOT_PROCESSED, SLOT_CONFIRMED, SLOT_FINALIZED]);
  expect(await statuses(own)).toEqual([SLOT_CONFIRMED]);
  expect(await statuses(both)).toEqual([SLOT_PROCESSED]);
});

test('a slot without a parent says so', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { slots: { f: {} } });
  feed.slot(0, 'processed', { parent: null });
  const [update] = await stream.updates();
  expect(update!.slot).toMatchObject({ slot: '0', parent: undefined });
});

test('each block filter gets a block of its own with what it asked for', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, {
    blocks: {
      plain: blocksFilter(),
      full: blocksFilter({ includeAccounts: true, includeEntries: true }),
      bob: blocksFilter({ accountInclude: [address('bob')], includeAccounts: true }),
      bare: blocksFilter({ includeTransactions: false }),
    },
  });
  runSlot(feed);
  const blocks = new Map((await stream.updates()).map(({ filters, block }) => [filters.join(), block!]));
  const sizes = (name: string) => {
    const { transactions, accounts, entries } = blocks.get(name)!;
    return [transactions.length, accounts.length, entries.length];
  };
  expect([...blocks.keys()].sort()).toEqual(['bare', 'bob', 'full', 'plain']);
  expect(sizes('plain')).toEqual([2, 0, 0]);
  expect(sizes('full')).toEqual([2, 2, 2]);
  expect(sizes('bob')).toEqual([1, 1, 0]);
  expect(sizes('bare')).toEqual([0, 0, 0]);
  expect(blocks.get('full')).toMatchObject({
    slot: '5',
    blockhash: address('block 5'),
    parentSlot: '4',
    parentBlockhash: address('block 4'),
    blockHeight: { blockHeight: '5' },
    blockTime: { timestamp: '1700000005' },
    executedTransactionCount: '2',
    updatedAccountCount: '2',
    entriesCount: '2',
    rewards: { rewards: [] },
  });
});

test('block meta and entries tell the same as the block', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { blocksMeta: { m: {} }, entry: { e: {} } });
  feed.freeze(5, { transactionCount: 5, entryCount: 3 });
  const updates = await stream.updates();
  const entries = updates.slice(0, 3).map(({ entry }) => entry!);
  expect(entries.map((entry) => [entry.startingTransactionIndex, entry.executedTransactionCount])).toEqual([
    ['0', '3'],
    ['3', '2'],
    ['5', '0'],
  ]);
  expect(updates[3]!.blockMeta).toMatchObject({
    slot: '5',
    executedTransactionCount: '5',
    entriesCount: '3',
  });
});

test('a new request replaces the old one whole, and may change the commitment', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { accounts: { old: accountsFilter() }, slots: { old: {} } });
  stream.send({
    accounts: { fresh: accountsFilter({ account: [address('bob')] }) },
    commitment: CommitmentLevel.CONFIRMED,
  });
  await stream.settle();
  runSlot(feed);
  expect(await stream.updates()).toEqual([]);
  feed.slot(5, 'confirmed');
  const updates = await stream.updates();
  expect(updates.map((update) => [update.filters, summary(update)])).toEqual([
    [['fresh'], 'account bob v2 in 5'],
  ]);
});

test('an empty request silences the stream', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, everything);
  stream.send({});
  await stream.settle();
  runSlot(feed);
  expect(await stream.updates()).toEqual([]);
});
