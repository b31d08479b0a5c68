/** How a gRPC call ends, against real HTTP/2 servers that end it in every way that there is. */
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { GrpcCall } from '../src/stream/grpc-call.js';
import type { GrpcEnd } from '../src/stream/grpc-status.js';
import { frameOf } from '../src/stream/message-frames.js';
import { ManualClock } from './support/manual-clock.js';

const OK = { ':status': 200, 'content-type': 'application/grpc' };

/** A clock that can be seen to have stood still, as it does for a process that was stopped. */
class SleepyClock extends ManualClock {
  sleptMs = 0;

  override monotonicUs(): number {
    return super.monotonicUs() + this.sleptMs * 1_000;
  }
}

interface Reached {
  readonly stream: ServerHttp2Stream;
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
}

/** Serves one call; the answer is the port. */
async function serve(act: (reached: Reached) => void): Promise<number> {
  const server = createServer();
  let socket: Socket | undefined;
  const sessions = new Set<ServerHttp2Session>();
  server.on('connection', (opened) => {
    socket = opened.on('error', () => {});
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.resume();
    act({ stream, session: stream.session as ServerHttp2Session, socket: socket! });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Called {
  readonly call: GrpcCall;
  readonly messages: Buffer[];
  /** What `onBehind` told, with the messages before it. */
  readonly bursts: [boolean, number][];
  readonly ended: Promise<GrpcEnd>;
  /** Resolves with the first message. */
  readonly begun: Promise<void>;
}

function callTo(port: number, clock: ManualClock = new ManualClock()): Called {
  const messages: Buffer[] = [];
  const bursts: [boolean, number][] = [];
  let call: GrpcCall | undefined;
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = new Promise<GrpcEnd>((resolve) => {
    call = new GrpcCall({
      origin: `http://127.0.0.1:${port}`,
      path: '/test.Service/Call',
      metadata: {},
      clock,
      onMessage: (bytes) => {
        messages.push(Buffer.from(bytes));
        begin();
      },
      onBehind: (isBehind) => bursts.push([isBehind, messages.length]),
      onEnd: resolve,
    });
  });
  onTestFinished(() => call!.cancel());
  call!.send(Buffer.of(1));
  return { call: call!, messages, bursts, ended, begun };
}

const one = frameOf(Buffer.of(7));
/** Sends one message, and ends with these trailers. */
const endWith =
  (trailers: { [name: string]: string }) =>
  ({ stream }: Reached): void => {
    stream.respond(OK, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(one);
  };

const ENDS: readonly [string, (reached: Reached) => void, GrpcEnd][] = [
  ['a status of zero', endWith({ 'grpc-status': '0' }), { code: 0, detail: '' }],
  [
    'a status behind its messages',
    endWith({ 'grpc-status': '13', 'grpc-message': 'lagged%20to send' }),
    { code: 13, detail: 'lagged to send' },
  ],
  [
    'a message that is not percent-encoded',
    endWith({ 'grpc-status': '3', 'grpc-message': '100% wrong' }),
    { code: 3, detail: '100% wrong' },
  ],
  ['a status that is no number', endWith({ 'grpc-status': 'bad' }), { code: 2, detail: '' }],
  [
    'a status and nothing else',
    ({ stream }) => stream.respond({ ...OK, 'grpc-status': '16' }, { endStream: true }),
    { code: 16, detail: '' },
  ],
  [
    'no status at all',
    ({ stream }) => {
      stream.respond(OK);
      stream.end(one);
    },
    { code: 13, detail: 'ended without a status' },
  ],
  [
    "a proxy's page",
    ({ stream }) => {
      stream.respond({ ':status': 503, 'content-type': 'text/html' });
      stream.end('<html>');
    },
    { code: 14, detail: 'HTTP status 503' },
  ],
  ['a refusal', ({ stream }) => stream.close(7), { code: 14, detail: 'reset with HTTP/2 code 7' }],
  ['too many calls', ({ stream }) => stream.close(11), { code: 8, detail: 'reset with HTTP/2 code 11' }],
  [
    'a broken connection',
    ({ stream, session }) => {
      stream.respond(OK);
      stream.write(one, () => session.destroy());
    },
    { code: 14, detail: 'the connection was closed' },
  ],
  [
    'a reset connection',
    ({ stream, socket }) => {
      stream.respond(OK);
      stream.write(one, () => socket.resetAndDestroy());
    },
    { code: 14, detail: expect.any(String) },
  ],
];

it.each(ENDS)('tells the end of a call that ends with %s', async (_name, act, end) => {
  const { ended } = callTo(await serve(act));
  expect(await ended).toEqual(end);
});

it('gives what the server compressed as it was', async () => {
  const { messages, ended } = callTo(
    await serve(({ stream }) => {
      const frame = frameOf(gzipSync(Buffer.from('many many many bytes')));
      frame[0] = 1;
      stream.respond({ ...OK, 'grpc-encoding': 'gzip' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(frame);
    }),
  );
  await ended;
  expect(messages.map(String)).toEqual(['many many many bytes']);
});

it('ends a call whose server sends what is no message', async () => {
  const { ended } = callTo(
    await serve(({ stream }) => {
      stream.respond(OK);
      stream.write('an answer that is not of gRPC');
    }),
  );
  expect(await ended).toMatchObject({ code: 13, detail: expect.stringMatching(/malformed/) });
});

it('says nothing after it was cancelled, and lets the server know', async () => {
  let closed = (): void => {};
  const serverSaw = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const port = await serve(({ stream }) => {
    stream.on('close', closed);
    stream.respond(OK);
    stream.write(one);
  });
  const { call, begun, ended } = callTo(port);
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  await begun;
  call.cancel();
  call.send(Buffer.of(2));
  await serverSaw;
  await new Promise((resolve) => setImmediate(resolve));
  expect(isEnded).toBe(false);
});

/** A connection in between that can be made to stand still. */
async function freezableProxy(port: number): Promise<{ readonly port: number; freeze(): void }> {
  const sockets: Socket[] = [];
  const proxy = createTcpServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}));
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const freeze = (): void => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  return { port: (proxy.address() as AddressInfo).port, freeze };
}

const silent = ({ stream }: Reached): void => {
  stream.respond(OK);
  stream.write(one);
};

it('cuts a server that does not answer its pings', async () => {
  const proxy = await freezableProxy(await serve(silent));
  const clock = new ManualClock();
  const { begun, ended } = callTo(proxy.port, clock);
  await begun;
  proxy.freeze();
  clock.advance(2_000);
  expect(await ended).toEqual({ code: 14, detail: 'no answer to a ping within 1000 ms' });
  expect(clock.timerCount).toBe(0);
});

it('does not take its own sleep for silence', async () => {
  const clock = new SleepyClock();
  const { begun, ended } = callTo(await serve(silent), clock);
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  await begun;
  // The ping goes out; its answer lies unread while the process sleeps.
  clock.advance(1_000);
  clock.sleptMs = 10_000;
  clock.advance(1_000);
  expect(isEnded).toBe(false);
  expect(clock.timerCount).toBe(1);
});

it('does not take for silence an answer that it could not read, because its thread was held', async () => {
  const clock = new ManualClock();
  let pings = 0;
  const port = await serve((reached) => {
    silent(reached);
    reached.session.on('ping', () => {
      pings += 1;
      // The answer is on its way, and is not read before the look that comes now.
      if (pings === 1) setImmediate(() => clock.advance(1_000));
    });
  });
  const { begun, ended } = callTo(port, clock);
  let end: GrpcEnd | undefined;
  void ended.then((told) => {
    end = told;
  });
  await begun;
  clock.advance(1_000);
  while (pings === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(end).toBeUndefined();
  clock.advance(1_000);
  while (pings === 1) await new Promise((resolve) => setImmediate(resolve));
});

const sends =
  (count: number) =>
  ({ stream }: Reached): void => {
    stream.respond(OK, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat(Array.from({ length: count }, () => one)));
  };

it('tells of a burst when a turn has brought many messages, and of its end with the turn', async () => {
  const { messages, bursts, ended } = callTo(await serve(sends(40)));
  await ended;
  expect(messages).toHaveLength(40);
  expect(bursts).toEqual([
    [true, 15],
    [false, 40],
  ]);
});

it('calls a few messages no burst', async () => {
  const { bursts, ended } = callTo(await serve(sends(10)));
  await ended;
  expect(bursts).toEqual([]);
});

it('tells the end of a burst in which it was cancelled', async () => {
  const called = callTo(await serve(sends(40)));
  const { call, messages, bursts } = called;
  const push = messages.push.bind(messages);
  messages.push = (message) => {
    if (messages.length === 20) call.cancel();
    return push(message);
  };
  while (bursts.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(bursts).toEqual([
    [true, 15],
    [false, 21],
  ]);
});
