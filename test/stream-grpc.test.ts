/** The stream against real gRPC servers: the embedded cluster's Yellowstone, and misbehaving ones. */
import { createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { base58 } from '@scure/base';
import { SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import { expect, it, onTestFinished } from 'vitest';
import type { Address } from '../src/model/brands.js';
import { createTransport } from '../src/stream/transport.js';
import { type StreamLimits, YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { systemClock } from '../src/time/clock.js';
import { address, serve, signatureOf } from './localnet/geyser-harness.js';
import { WordSink } from './support/fake-stream.js';
import { ManualClock } from './support/manual-clock.js';

/** Short pauses; no expectation rests on them. */
const LIMITS: Partial<StreamLimits> = { backoffFirstMs: 10, backoffMostMs: 50, pingPeriodMs: 50 };

function follow(endpoint: string, options: { xToken?: string; limits?: Partial<StreamLimits> } = {}) {
  const sink = new WordSink();
  const stream = new YellowstoneStream({
    endpoint,
    name: 'one',
    clock: systemClock,
    random: { next: () => 0.5 },
    ...options,
    limits: { ...LIMITS, ...options.limits },
  });
  stream.start(sink, { accounts: [address('pool') as Address], wallets: [address('alice') as Address] });
  onTestFinished(() => stream.close());
  return { sink, stream };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

it('follows slots, metas, accounts and transactions of the embedded Yellowstone server', async () => {
  const { feed, port } = await serve();
  const { sink, stream } = follow(`127.0.0.1:${port}`);
  await until(() => stream.status === 'live');
  const activities = sink.activities;
  await until(() => sink.activities > activities + 2);
  sink.take();
  feed.slot(20, 'firstShred');
  feed.slot(20, 'createdBank');
  feed.transaction(20, 'swap', ['alice', 'pool'], [feed.write('pool'), feed.write('bob')]);
  feed.transaction(20, 'strangers', ['bob', 'carol']);
  feed.freeze(20);
  await until(() => sink.words.includes('processed 20'));
  const words = sink.take();
  expect(words).toContain('gap start repair 19');
  expect(words).toContain(`account ${address('pool')} 20 1`);
  expect(words).toContain(`transaction ${signatureOf('swap')} 20`);
  expect(words.filter((word) => /^(account|transaction)/.test(word))).toHaveLength(2);
  expect(words.slice(-2)).toEqual(['meta 20', 'processed 20']);
});

it('resumes after a cut: what happened meanwhile is replayed, the slot in progress is known to be in part', async () => {
  const { feed, server, port } = await serve();
  const { sink, stream } = follow(`127.0.0.1:${port}`);
  await until(() => stream.status === 'live');
  const activities = sink.activities;
  await until(() => sink.activities > activities + 2);
  const slot = (number: number): void => {
    feed.slot(number, 'createdBank');
    feed.accounts(number, [feed.write('pool')]);
    feed.freeze(number);
  };
  for (let number = 20; number < 30; number++) slot(number);
  await until(() => sink.words.includes('processed 29'));
  server.cutStreams();
  for (let number = 30; number < 33; number++) slot(number);
  feed.slot(33, 'createdBank');
  feed.accounts(33, [feed.write('pool')]);
  sink.take();
  await until(() => sink.words.includes('processed 32'));
  feed.freeze(33);
  feed.slot(34, 'createdBank');
  await until(() => sink.words.includes('createdBank 34'));
  const words = sink.take();
  expect(words[0]).toBe('gap reconnect open');
  for (const number of [30, 31, 32])
    expect(words).toContain(`account ${address('pool')} ${number} ${number - 19}`);
  expect(words.filter((word) => word.startsWith('gap'))).toEqual([
    'gap reconnect open',
    'gap reconnect repair 33',
  ]);
  expect(words.some((word) => word.startsWith(`account ${address('pool')} 33`))).toBe(false);
});

it('reads a burst in turns between which others have theirs', async () => {
  const messages = 2_000;
  const server = createHttp2Server();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    // Each is a flag, a length of four bytes, and the message: all at once, as a node sends what a slot has written.
    stream.write(Buffer.concat(Array.from({ length: messages }, () => Buffer.of(0, 0, 0, 0, 1, 7))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  const perTurn = [0];
  let read = 0;
  const session = createTransport({ endpoint: `127.0.0.1:${port}`, clock })({
    onMessage: () => {
      read += 1;
      perTurn[perTurn.length - 1]! += 1;
      clock.advance(0.25);
    },
    onBehind: () => undefined,
    onEnd: () => undefined,
  });
  onTestFinished(() => {
    session.cancel();
    server.close();
  });
  session.send(Buffer.of());
  while (read < messages) {
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(0);
  }
  expect(Math.max(...perTurn)).toBe(4);
});

it('brings its token, and reports its refusal without showing it', async () => {
  const { port } = await serve({ xToken: 'the-right-secret' });
  const right = follow(`http://127.0.0.1:${port}`, { xToken: 'the-right-secret' });
  await until(() => right.stream.status === 'live');
  const wrong = follow(`http://127.0.0.1:${port}`, { xToken: 'a-wrong-secret' });
  await until(() => wrong.sink.statuses.some(([status]) => status === 'down'));
  const details = wrong.sink.statuses.map(([, detail]) => detail).join();
  expect(details).toMatch(/gRPC status 16: No valid auth token/);
  expect(details).not.toMatch(/secret/);
});

it('reports an endpoint where nothing listens, and one that accepts and says nothing', async () => {
  const silent = createServer();
  const sockets = new Set<Socket>();
  silent.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const mute = follow(`127.0.0.1:${port}`, { limits: { connectTimeoutMs: 100 } });
  await until(() => mute.sink.statuses.filter(([status]) => status === 'down').length >= 2);
  expect(mute.sink.statuses.find(([status]) => status === 'down')![1]).toBe(
    'one: nothing came within 100 ms',
  );
  mute.stream.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
  const nobody = follow(`127.0.0.1:${port}`);
  await until(() => nobody.sink.statuses.filter(([status]) => status === 'down').length >= 2);
  expect(nobody.sink.statuses.find(([status]) => status === 'down')![1]).toMatch(/^one: gRPC status 14: /);
});

it('sends a filter for block metas, and takes updates of any size', async () => {
  const requests: Buffer[] = [];
  const big = Buffer.alloc(6 * 1024 * 1024, 7);
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const bytes = (buffer: Buffer): Buffer => buffer;
  server.addService(
    {
      Subscribe: {
        path: '/geyser.Geyser/Subscribe',
        requestStream: true,
        responseStream: true,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Subscribe: (call: import('@grpc/grpc-js').ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (request: Buffer) => requests.push(request));
        call.on('error', () => {});
        const account = {
          pubkey: base58.decode(address('pool')),
          lamports: '1',
          owner: Buffer.alloc(32),
          executable: false,
          rentEpoch: '0',
          data: big,
          writeVersion: '3',
        };
        const update = {
          account: { account, slot: '20', isStartup: false },
          filters: [],
          createdAt: undefined,
        };
        call.write(Buffer.from(SubscribeUpdate.encode(update).finish()));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  onTestFinished(() => server.forceShutdown());
  const { sink } = follow(`127.0.0.1:${port}`);
  await until(() => sink.words.some((word) => word.startsWith('account')) && requests.length > 0);
  expect(sink.words).toContain(`account ${address('pool')} 20 3`);
  // blocksMeta is field 5: an entry that names the filter; its empty value may be written or left out.
  const entry = /2a(09|0b)0a07(.{14})/.exec(requests[0]!.toString('hex'));
  expect(Buffer.from(entry?.[2] ?? '', 'hex').toString()).toBe('hotslot');
});

it('offers gzip to the server', async () => {
  const headers: IncomingHttpHeaders[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream, received) => {
    headers.push(received);
    stream.on('error', () => {});
    stream.respond(
      { ':status': 200, 'grpc-status': '14', 'content-type': 'application/grpc' },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { stream } = follow(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  await until(() => headers.length > 0);
  stream.close();
  expect(headers[0]!['grpc-accept-encoding']).toMatch(/gzip/);
  expect(headers[0]![':path']).toBe('/geyser.Geyser/Subscribe');
});
