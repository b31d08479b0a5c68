// What users point at the cluster: the official package's own client, which is Rust underneath.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { CommitmentLevel, type SubscribeRequest, type SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import { expect, onTestFinished, test } from 'vitest';
import {
  accountsFilter,
  address,
  blocksFilter,
  request,
  serve,
  signatureOf,
  summary,
  transactionsFilter,
} from './geyser-harness.js';

const require = createRequire(import.meta.url);
/** The package is CommonJS with a default export, which Node's ESM loader hides one level deeper. */
const { default: Client } =
  require('@triton-one/yellowstone-grpc') as typeof import('@triton-one/yellowstone-grpc');
type Client = InstanceType<typeof Client>;

async function connect(port: number, token?: string): Promise<Client> {
  const client = new Client(`http://127.0.0.1:${port}`, token, {});
  await client.connect();
  return client;
}

/** Opens a stream whose filter is in force; `take` resolves with the next so many updates. */
async function open(client: Client, fields: Partial<SubscribeRequest>) {
  const stream = await client.subscribe();
  onTestFinished(() => {
    stream.destroy();
  });
  const received: SubscribeUpdate[] = [];
  let wake = (): void => undefined;
  stream.on('data', (update: SubscribeUpdate) => {
    received.push(update);
    wake();
  });
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const write = async (message: SubscribeRequest): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      stream.write(message, (error: Error | null | undefined) => (error ? reject(error) : resolve()));
    });
  };
  let pingId = 100;
  const settle = async (): Promise<void> => {
    const id = ++pingId;
    await write(request({ ping: { id } }));
    await until(() => received.some(({ pong }) => pong?.id === id));
  };
  await write(request(fields));
  await settle();
  return {
    stream,
    updates: async () => {
      await settle();
      const updates = received.filter(({ ping, pong }) => ping === undefined && pong === undefined);
      received.length = 0;
      return updates;
    },
    pinged: () => until(() => received.some(({ ping }) => ping !== undefined)),
    until,
    received,
  };
}

test('every filter kind reaches it', async () => {
  const { feed, port } = await serve();
  const client = await connect(port);
  const stream = await open(client, {
    accounts: { a: accountsFilter({ account: [address('alice')] }) },
    slots: { s: { interslotUpdates: true } },
    transactions: { t: transactionsFilter({ accountInclude: [address('alice')] }) },
    transactionsStatus: { ts: transactionsFilter({ signature: signatureOf('one') }) },
    blocks: { b: blocksFilter({ includeAccounts: true }) },
    blocksMeta: { m: {} },
    entry: { e: {} },
  });
  feed.slot(5, 'firstShred');
  feed.transaction(5, 'one', ['alice', 'bob'], [feed.write('alice'), feed.write('bob')]);
  feed.freeze(5, { transactionCount: 1, entryCount: 1 });
  expect((await stream.updates()).map((update) => [update.filters.join(), summary(update)])).toEqual([
    ['s', 'slot 5 3'],
    ['a', 'account alice v1 in 5'],
    ['t', 'transaction in 5'],
    ['ts', 'status in 5'],
    ['e', 'entry 0 of 5'],
    ['b', 'block 5'],
    ['m', 'meta 5'],
    ['s', 'slot 5 0'],
  ]);
});

test('a request given at once, pings, commitments and filter replacement', async () => {
  const { feed, port } = await serve();
  const client = await connect(port);
  const stream = await open(client, { slots: { s: {} }, commitment: CommitmentLevel.CONFIRMED });
  await stream.pinged();
  const atOnce = await client.subscribe(request({ slots: { now: {} } }));
  onTestFinished(() => {
    atOnce.destroy();
  });
  const [first] = (await once(atOnce, 'data')) as [SubscribeUpdate];
  expect(first.ping).toBeDefined();
  feed.freeze(6);
  feed.slot(6, 'confirmed');
  expect((await stream.updates()).map(summary)).toEqual(['slot 6 0', 'slot 6 1']);
});

test('after a cut it replays from the next slot without a gap', async () => {
  const { feed, port, server } = await serve();
  const client = await connect(port);
  const before = await open(client, { blocksMeta: { m: {} } });
  const failed = once(before.stream, 'error');
  feed.freeze(1);
  expect((await before.updates()).map(summary)).toEqual(['meta 1']);
  server.cutStreams();
  await failed;
  feed.freeze(2);
  feed.freeze(3);
  const after = await open(client, { blocksMeta: { m: {} }, fromSlot: '2' });
  await after.until(() => after.received.some(({ blockMeta }) => blockMeta?.slot === '3'));
  expect((await after.updates()).map(summary)).toEqual(['meta 2', 'meta 3']);
  expect(await client.subscribeReplayInfo()).toEqual({ firstAvailable: '1' });
});

test('every unary call', async () => {
  const { port } = await serve();
  const client = await connect(port);
  expect(await client.ping(7)).toEqual({ count: 7 });
  expect(await client.getLatestBlockhash()).toEqual({
    slot: '12',
    blockhash: address('processed'),
    lastValidBlockHeight: '161',
  });
  expect(await client.getLatestBlockhash(CommitmentLevel.FINALIZED)).toMatchObject({ slot: '10' });
  expect(await client.getBlockHeight()).toEqual({ blockHeight: '11' });
  expect(await client.getSlot(CommitmentLevel.CONFIRMED)).toEqual({ slot: '10' });
  expect(await client.isBlockhashValid(address('processed'))).toEqual({ slot: '12', valid: true });
  expect(await client.isBlockhashValid('nonsense')).toEqual({ slot: '12', valid: false });
  expect(JSON.parse((await client.getVersion()).version)).toMatchObject({
    version: { version: expect.any(String) },
  });
  expect(await client.subscribeReplayInfo()).toEqual({ firstAvailable: undefined });
});

test('the token opens the door', async () => {
  const { port } = await serve({ xToken: 'secret' });
  expect(await (await connect(port, 'secret')).ping(1)).toEqual({ count: 1 });
  await expect((await connect(port, 'wrong')).ping(1)).rejects.toThrow();
});
