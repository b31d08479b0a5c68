// Whatever comes in on the port, the server answers it as gRPC does and goes on serving everybody else.
import { once } from 'node:events';
import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accountsFilter,
  address,
  grpcClient,
  serve,
  subscribe,
  TestStream,
  unary,
} from './geyser-harness.js';

async function expectServing({ feed, port }: Awaited<ReturnType<typeof serve>>): Promise<void> {
  const stream = await subscribe(port, { slots: { f: {} } });
  feed.slot(1, 'processed');
  expect(await stream.updates()).toHaveLength(1);
}

const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

test.each([
  ['nothing', ''],
  ['HTTP/1.1', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['noise', 'x'.repeat(10_000)],
  ['a preface and noise', `${HTTP2_PREFACE}${'\0\xff'.repeat(1_000)}`],
  ['half a preface', HTTP2_PREFACE.slice(0, 10)],
])('%s on the socket is survived', async (_name, bytes) => {
  const served = await serve();
  const socket = connect(served.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume();
  socket.end(bytes, 'latin1');
  await once(socket, 'close');
  await expectServing(served);
});

// Fuzzing left sessions behind for ever: frames that make no sense keep the server from noticing that a client is gone.
test('a connection that no longer answers HTTP/2 is given up', async () => {
  const served = await serve({ keepaliveMs: 50 });
  const socket = connect(served.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume();
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const halfAFrame = Buffer.from([0, 0xff, 0xff, 6, 0, 0, 0, 0, 0]);
  socket.write(Buffer.concat([Buffer.from(HTTP2_PREFACE), settings, halfAFrame]));
  await once(socket, 'close');
  await expectServing(served);
});

test('any message on Subscribe ends in a status or in silence, never in the process', async () => {
  const served = await serve();
  const client = grpcClient(served.port);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const stream = new TestStream(client);
      stream.sendBytes(bytes);
      // What decodes as a request leaves the stream open, where the pong comes; what does not ends it.
      const outcome = await Promise.race([stream.ended, stream.settle()]);
      const codes = [status.INTERNAL, status.INVALID_ARGUMENT, status.OUT_OF_RANGE];
      if (outcome !== undefined) expect(codes).toContain(outcome.code);
      stream.call.cancel();
    }),
    { numRuns: 300, seed: 7 },
  );
  await expectServing(served);
});

test('bytes that are no request are INTERNAL', async () => {
  const { port } = await serve();
  const stream = new TestStream(grpcClient(port));
  stream.sendBytes(Uint8Array.of(0x0a, 0xff));
  expect(await stream.ended).toEqual({ code: status.INTERNAL, details: 'Error deserializing request' });
});

test('names that mean something to JavaScript are names like any other', async () => {
  const { feed, port } = await serve();
  const names = ['__proto__', 'constructor', 'toString', ''];
  const stream = new TestStream(grpcClient(port));
  const entries = names.map((name) => {
    const key = Buffer.from(name);
    const entry = Buffer.concat([Buffer.from([0x0a, key.length]), key, Buffer.from([0x12, 0])]);
    return Buffer.concat([Buffer.from([0x2a, entry.length]), entry]);
  });
  stream.sendBytes(Buffer.concat(entries));
  await stream.settle();
  feed.freeze(1);
  expect((await stream.updates()).map(({ filters }) => [...filters].sort())).toEqual([[...names].sort()]);
});

test('a request as full of addresses as 4 MiB allow is served', async () => {
  const { feed, port } = await serve();
  const account = Array.from({ length: 80_000 }, (_, index) => address(`a${index}`));
  const stream = await subscribe(port, { accounts: { f: accountsFilter({ account }) } });
  feed.accounts(1, [feed.write('a79999'), feed.write('stranger')]);
  expect(await stream.updates()).toHaveLength(1);
});

test('more filters than the bound are refused, not served slowly', async () => {
  const { port } = await serve();
  const stream = new TestStream(grpcClient(port));
  const slots = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`${index}`, {}]));
  stream.send({ slots });
  expect(await stream.ended).toEqual({
    code: status.INVALID_ARGUMENT,
    details: 'failed to create filter: Max amount of filters/data_slices reached, only 10000 allowed',
  });
});

test('unary calls answer what they cannot read or do not know', async () => {
  const { port } = await serve();
  expect(await unary(port, 'Nothing', Buffer.alloc(0))).toMatchObject({ code: status.UNIMPLEMENTED });
  expect(await unary(port, 'Ping', Uint8Array.of(0xff))).toMatchObject({ code: status.INTERNAL });
  expect(await unary(port, 'GetSlot', Uint8Array.of(8, 9))).toMatchObject({
    code: status.UNKNOWN,
    details: 'failed to create CommitmentLevel from 9',
  });
});

test.each(['SubscribeDeshred', 'SubscribeGossip'])('%s says that this server has none', async (method) => {
  const { port } = await serve();
  const bytes = (message: Buffer) => message;
  const call = grpcClient(port).makeServerStreamRequest(
    `/geyser.Geyser/${method}`,
    bytes,
    bytes,
    Buffer.alloc(0),
  );
  call.on('data', () => undefined);
  const [error] = await once(call, 'error');
  expect(error).toMatchObject({
    code: status.UNIMPLEMENTED,
    details: `${method} is not available on this server`,
  });
});
