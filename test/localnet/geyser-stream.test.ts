import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, expect, test, vi } from 'vitest';
import { accountsFilter, grpcClient, serve, subscribe, summary, TestStream } from './geyser-harness.js';

afterEach(() => {
  vi.useRealTimers();
});

test('a ping comes at once, before any request, with no names and the time', async () => {
  const { port } = await serve({ nowMs: () => 1_700_000_000_250 });
  const stream = new TestStream(grpcClient(port));
  await stream.until(({ ping }) => ping !== undefined);
  expect(stream.received).toMatchObject([{ filters: [], ping: {}, createdAt: new Date(1_700_000_000_250) }]);
});

test('pings come every ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { port } = await serve();
  const stream = await subscribe(port, {});
  const pings = async () => {
    await stream.settle();
    return stream.received.filter(({ ping }) => ping !== undefined).length;
  };
  expect(await pings()).toBe(1);
  vi.advanceTimersByTime(9_999);
  expect(await pings()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await pings()).toBe(2);
  vi.advanceTimersByTime(10_000);
  expect(await pings()).toBe(3);
});

test('a request with a ping is answered by its pong only; its filters are ignored', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { slots: { kept: {} } });
  stream.send({ slots: { ignored: {} }, ping: { id: -7 } });
  await stream.until(({ pong }) => pong?.id === -7);
  feed.slot(1, 'processed');
  expect((await stream.updates()).map(({ filters }) => filters)).toEqual([['kept']]);
});

test('half-closing does not end the stream', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { slots: { f: {} } });
  stream.call.end();
  feed.slot(1, 'processed');
  await stream.until(({ slot }) => slot !== undefined);
  feed.slot(2, 'processed');
  await stream.until(({ slot }) => slot?.slot === '2');
});

test('a client that does not read is ended for lagging, and no other client with it', async () => {
  const { feed, port } = await serve({ queueLimit: 100 });
  const slow = await subscribe(port, { accounts: { f: accountsFilter() } });
  const other = await subscribe(port, { slots: { f: {} } });
  slow.call.pause();
  const data = new Uint8Array(64 * 1024);
  for (let index = 0; index < 300; index++) feed.accounts(1, [feed.write('alice', { data })]);
  feed.slot(1, 'processed');
  expect((await other.updates()).map(summary)).toHaveLength(1);
  slow.call.resume();
  expect(await slow.ended).toEqual({ code: status.INTERNAL, details: 'lagged to send an update' });
  expect(slow.received.filter(({ account }) => account !== undefined).length).toBeLessThan(300);
});

test('a cut names its reason', async () => {
  const { port, server } = await serve();
  const stream = await subscribe(port, {});
  server.cutStreams('for a reason');
  expect(await stream.ended).toEqual({ code: status.UNAVAILABLE, details: 'for a reason' });
});

test('shutdown ends streams with UNAVAILABLE and frees the port', async () => {
  const { port, server } = await serve();
  const stream = await subscribe(port, {});
  await server.close();
  expect(await stream.ended).toEqual({
    code: status.UNAVAILABLE,
    details: 'server is shutting down try again later',
  });
  await serve({ port });
});

test('a port that is taken is named', async () => {
  const { port } = await serve();
  await expect(serve({ port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
});

test('without the right token nothing is served', async () => {
  const { port } = await serve({ xToken: 'secret' });
  const denied = { code: status.UNAUTHENTICATED, details: 'No valid auth token' };
  expect(await new TestStream(grpcClient(port)).ended).toEqual(denied);
  const wrong = new Metadata();
  wrong.set('x-token', 'secre');
  expect(await new TestStream(grpcClient(port), wrong).ended).toEqual(denied);
  const right = new Metadata();
  right.set('x-token', 'secret');
  const stream = new TestStream(grpcClient(port), right);
  await stream.settle();
});

test('a request over 4 MiB is refused and the server goes on', async () => {
  const { port } = await serve();
  const stream = new TestStream(grpcClient(port));
  stream.sendBytes(new Uint8Array(4 * 1024 * 1024 + 1));
  expect(await stream.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  await subscribe(port, {});
});

test('gzip requests are understood', async () => {
  const { feed, port } = await serve();
  const metadata = new Metadata();
  metadata.set('grpc-internal-encoding-request', 'gzip');
  const client = grpcClient(port);
  const stream = new TestStream(client, metadata);
  stream.send({ slots: { f: {} } });
  await stream.settle();
  feed.slot(1, 'processed');
  expect((await stream.updates()).map(summary)).toHaveLength(1);
});

test('a client that is gone is forgotten', async () => {
  const { feed, port } = await serve();
  const gone = await subscribe(port, { slots: { f: {} } });
  gone.call.cancel();
  expect(await gone.ended).toMatchObject({ code: status.CANCELLED });
  const stream = await subscribe(port, { slots: { f: {} } });
  feed.slot(1, 'processed');
  expect(await stream.updates()).toHaveLength(1);
});

test('an empty filter whose value is left out on the wire is a filter all the same', async () => {
  const { feed, port } = await serve();
  const stream = new TestStream(grpcClient(port));
  // Tag of blocks_meta, an entry of three bytes: the key alone.
  stream.sendBytes(Uint8Array.of(0x2a, 3, 0x0a, 1, 0x6d));
  await stream.settle();
  feed.freeze(1);
  expect((await stream.updates()).map(({ filters }) => filters)).toEqual([['m']]);
});
