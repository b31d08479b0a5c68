import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { asSignature } from '../src/model/brands.js';
import { HttpLane } from '../src/send/http-lane.js';
import { HttpFormatError, HttpResponseReader } from '../src/send/http-response.js';
import type { LaneOutcome } from '../src/send/lane.js';
import { systemClock } from '../src/time/clock.js';
import { ManualClock } from './support/manual-clock.js';

const WIRE = Uint8Array.from({ length: 644 }, (_, index) => index % 251);
const cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function serve(answer: (body: string, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => answer(body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/?key=k`;
}

async function openLane(url: string, timeoutMs = 2_000, reconnects = true): Promise<HttpLane> {
  const lane = new HttpLane({ url, timeoutMs, clock: systemClock, reconnects });
  cleanUps.push(() => lane.close());
  if (!lane.ready) await new Promise<void>((resolve) => lane.onReady(resolve));
  return lane;
}

function send(lane: HttpLane, wire = WIRE): Promise<LaneOutcome> {
  return new Promise((resolve) => lane.write(asSignature('s'), wire, resolve));
}

describe('a lane to an RPC node', () => {
  it('sends the bytes as sendTransaction takes them, of any length', async () => {
    const bodies: string[] = [];
    const url = await serve((body, response) => {
      bodies.push(body);
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'signature' }));
    });
    const lane = await openLane(url);
    for (const length of [1232, 1, 644]) {
      expect(
        await send(lane, WIRE.length >= length ? WIRE.subarray(0, length) : new Uint8Array(length).fill(9)),
      ).toMatchObject({
        outcome: 'acknowledged',
      });
    }
    const [largest] = bodies.map((body) => JSON.parse(body) as { method: string; params: [string, object] });
    expect(largest?.method).toBe('sendTransaction');
    expect(Buffer.from(largest!.params[0], 'base64').length).toBe(1232);
    expect(largest!.params[1]).toEqual({
      encoding: 'base64',
      skipPreflight: true,
      preflightCommitment: 'confirmed',
      maxRetries: 0,
    });
  });

  it('names what the node answered', async () => {
    const answers = [
      { error: { code: -32002, message: 'failed', data: { err: 'AlreadyProcessed' } } },
      { error: { code: -32002, message: 'failed', data: { err: 'BlockhashNotFound' } } },
      { error: { code: -32005, message: 'behind' } },
      { error: { code: -32603, message: 'internal' } },
      // Of a gateway before the node.
      null,
    ];
    const outcomes = ['alreadyProcessed', 'blockhashNotFound', 'refused', 'error', 'error'];
    const url = await serve((_body, response) => response.end(JSON.stringify(answers.shift())));
    const lane = await openLane(url);
    for (const outcome of outcomes) expect((await send(lane)).outcome).toBe(outcome);
  });

  it('takes 429 as pushing back and goes on with the same connection', async () => {
    const statuses = [429, 200];
    const url = await serve((_body, response) => {
      response.statusCode = statuses.shift() ?? 200;
      response.end('{"result":"x"}');
    });
    const lane = await openLane(url);
    expect((await send(lane)).outcome).toBe('refused');
    expect((await send(lane)).outcome).toBe('acknowledged');
  });

  it('gives up on an answer that does not come and connects again', async () => {
    let silent = true;
    const url = await serve((_body, response) => {
      if (!silent) response.end('{"result":"x"}');
    });
    const lane = await openLane(url, 100);
    expect((await send(lane)).outcome).toBe('timeout');
    expect(lane.ready).toBe(false);
    silent = false;
    await new Promise<void>((resolve) => lane.onReady(resolve));
    expect((await send(lane)).outcome).toBe('acknowledged');
  });

  it('ends with its connection where it is not to connect again', async () => {
    const url = await serve(() => undefined);
    const lane = await openLane(url, 100, false);
    expect(lane).toMatchObject({ ready: true, connecting: false, ended: false });
    expect((await send(lane)).outcome).toBe('timeout');
    expect(lane).toMatchObject({ ready: false, connecting: false, ended: true });
  });

  it('connects again at once when a connection of long standing is lost, and with a pause when it was short', async () => {
    const clock = new ManualClock();
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => sockets.push(socket));
    const connection = () => once(server, 'connection');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const first = connection();
    const lane = new HttpLane({ url, timeoutMs: 100, clock, reconnects: true });
    cleanUps.push(
      () => lane.close(),
      () => server.close(),
    );
    const ready = () => new Promise<void>((resolve) => lane.onReady(resolve));
    await Promise.all([first, ready()]);
    clock.advance(2_000);
    const second = connection();
    sockets[0]!.end();
    await Promise.all([second, ready()]);
    expect(clock.timerCount).toBe(0);
    const short = once(sockets[1]!, 'close');
    sockets[1]!.end();
    await short;
    expect(lane).toMatchObject({ ready: false, connecting: true });
    expect(clock.timerCount).toBe(1);
  });

  it('ends a connection itself whose end the server has announced and does not bring about', async () => {
    const clock = new ManualClock();
    const answer = '{"result":"x"}';
    const head = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${answer.length}\r\n\r\n`;
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(head + answer));
      cleanUps.push(() => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const open = async (reconnects: boolean) => {
      const lane = new HttpLane({ url, timeoutMs: 100, clock, reconnects });
      cleanUps.push(() => lane.close());
      await new Promise<void>((resolve) => lane.onReady(resolve));
      return lane;
    };
    const passing = await open(false);
    expect((await send(passing)).outcome).toBe('acknowledged');
    expect(passing).toMatchObject({ connecting: false, ended: true });
    const lasting = await open(true);
    expect((await send(lasting)).outcome).toBe('acknowledged');
    expect([lasting.ready, clock.timerCount]).toEqual([false, 1]);
    const again = new Promise<void>((resolve) => lasting.onReady(resolve));
    clock.advance(50);
    await again;
    expect((await send(lasting)).outcome).toBe('acknowledged');
  });

  it('gives up on a handshake that nobody answers, and tries again where it is to', async () => {
    let accepted = 0;
    const silent = createTcpServer((socket) => {
      accepted += 1;
      socket.on('error', () => {});
    });
    const hasAccepted = async (count: number) => {
      while (accepted < count) await new Promise((resolve) => setImmediate(resolve));
    };
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const clock = new ManualClock();
    const open = (reconnects: boolean) => new HttpLane({ url, timeoutMs: 100, clock, reconnects });
    const [lasting, passing] = [open(true), open(false)];
    cleanUps.push(
      () => lasting.close(),
      () => silent.close(),
    );
    await hasAccepted(2);
    clock.advance(100);
    expect([passing.ended, passing.connecting]).toEqual([true, false]);
    expect([lasting.ended, lasting.connecting]).toEqual([false, true]);
    clock.advance(50);
    await hasAccepted(3);
  });

  it('is not ready while an answer is due', async () => {
    const url = await serve((_body, response) => response.end('{"result":"x"}'));
    const lane = await openLane(url);
    const answered = send(lane);
    expect(lane.ready).toBe(false);
    await answered;
    expect(lane.ready).toBe(true);
  });
});

describe('reading HTTP answers', () => {
  const text =
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';

  it('gives the same answers however the bytes are cut', () => {
    for (let size = 1; size < text.length; size++) {
      const reader = new HttpResponseReader();
      const answers = [];
      for (let at = 0; at < text.length; at += size) {
        let answer = reader.push(Buffer.from(text.slice(at, at + size)));
        while (answer !== undefined) {
          answers.push(answer);
          answer = reader.next();
        }
      }
      expect(answers).toEqual([
        { status: 200, body: 'ok', closes: false },
        { status: 500, body: 'abc', closes: false },
      ]);
    }
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'],
    ['a body without a length', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'x'.repeat(20_000)}`],
    ['a body past the bound', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n'],
  ])('refuses %s', (_name, bytes) => {
    expect(() => new HttpResponseReader().push(Buffer.from(bytes))).toThrow(HttpFormatError);
  });
});
