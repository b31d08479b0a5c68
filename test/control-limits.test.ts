/** What is too much: bodies, heads, requests a second, connections, and clients that say nothing (L6). */
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Access } from '../src/control/access.js';
import {
  type ControlServer,
  type ControlServerOptions,
  startControlServer,
} from '../src/control/control-server.js';
import { json, MAX_ADDRESS_LENGTH, MAX_BODY_BYTES } from '../src/control/http-exchange.js';
import { MAX_RATED_ADDRESSES, RequestRate, ratedAddress } from '../src/control/request-rate.js';
import type { Route } from '../src/control/route.js';
import { jsonAnswer } from '../src/control/route.js';
import { queryInteger } from '../src/control/schemas/common.js';
import { systemClock } from '../src/time/clock.js';
import { askRaw } from './support/control-requests.js';
import { ManualClock } from './support/manual-clock.js';

const SECOND_US = 1_000_000;

let server: ControlServer | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

const any = jsonAnswer('Anything.', z.unknown());
const routes: Route[] = [
  {
    method: 'GET',
    path: '/number',
    role: 'read',
    summary: 'Reads a query',
    request: { query: z.object({ n: queryInteger(1, 9, 'Any.').optional() }) },
    answers: { 200: any },
    handler: ({ query }) => json({ n: query.get('n') }),
  },
  {
    method: 'GET',
    path: '/named/:name',
    role: 'read',
    summary: 'Reads a name',
    answers: { 200: any },
    handler: ({ parameters }) => json(parameters),
  },
  {
    method: 'POST',
    path: '/body',
    role: 'trade',
    summary: 'Takes a body',
    answers: { 200: any },
    handler: ({ body }) => json({ length: String(body).length }),
  },
  {
    method: 'POST',
    path: '/stop',
    role: 'stop',
    summary: 'Stops',
    answers: { 200: any },
    handler: () => json({}),
  },
];

async function listen(options: Partial<ControlServerOptions> = {}, admin?: string): Promise<number> {
  server = await startControlServer({
    host: '127.0.0.1',
    port: 0,
    portSetting: 'CONTROL_PORT',
    routes,
    access: new Access({ admin, trade: undefined, read: undefined, loopback: true }),
    clock: systemClock,
    onUnexpected: (error) => {
      throw error;
    },
    ...options,
  });
  return server.port;
}

/** A connection on which bytes are written as they are; `closed` has all that came. */
function dial(port: number, ...parts: readonly string[]) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // A server that closes while bytes are on their way resets.
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  for (const part of parts) socket.write(part);
  return { socket, closed, text: () => text };
}

const posting = (length: number, path = '/body') =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;

describe('a body', () => {
  it('is taken up to its limit', async () => {
    const port = await listen();
    const asked = (bytes: number) =>
      askRaw(port, { method: 'POST', path: '/body', body: `"${'x'.repeat(bytes - 2)}"` });
    expect((await asked(MAX_BODY_BYTES)).status).toBe(200);
    const { status, text } = await asked(MAX_BODY_BYTES + 1);
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  it('past its limit ends the connection, however much more is announced', async () => {
    const port = await listen();
    const text = await dial(port, posting(1e12), 'x'.repeat(MAX_BODY_BYTES + 1)).closed;
    expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*Connection: close[\s\S]*BODY_TOO_LARGE/);
  });

  it('that nobody will read ends the connection with the refusal', async () => {
    const port = await listen({}, 'token');
    expect(await dial(port, posting(1e12)).closed).toMatch(/^HTTP\/1\.1 401 [\s\S]*Connection: close/);
    expect(await dial(port, posting(1e12, '/nowhere')).closed).toMatch(
      /^HTTP\/1\.1 401 [\s\S]*Connection: close/,
    );
  });
});

describe('a head', () => {
  it('has a query and names up to their limit', async () => {
    const port = await listen();
    const status = async (path: string) => (await askRaw(port, { path })).status;
    expect(await status(`/number?x=${'a'.repeat(MAX_ADDRESS_LENGTH - 2)}`)).toBe(200);
    expect(await status(`/number?x=${'a'.repeat(MAX_ADDRESS_LENGTH - 1)}`)).toBe(431);
    expect(await status(`/named/${'a'.repeat(MAX_ADDRESS_LENGTH)}`)).toBe(200);
    expect(await status(`/named/${'a'.repeat(MAX_ADDRESS_LENGTH + 1)}`)).toBe(431);
  });

  it('that goes on and on ends the connection', async () => {
    const port = await listen();
    const { socket, closed } = dial(port, 'GET /number HTTP/1.1\r\nHost: localhost\r\nX: ');
    const more = setInterval(() => socket.write('x'.repeat(1_000)), 1);
    expect(await closed).toMatch(/^HTTP\/1\.1 431 /);
    clearInterval(more);
  });
});

describe('a request', () => {
  it('over the rate is answered 429 with when to come back; a stop is heard at any rate', async () => {
    const clock = new ManualClock();
    const port = await listen({ clock, rate: new RequestRate(3) }, 'token');
    const authorization = 'Bearer token';
    const ask = (path: string, method = 'GET', headers: { [name: string]: string } = { authorization }) =>
      askRaw(port, { path, method, headers });
    for (let count = 0; count < 3; count += 1) expect((await ask('/number')).status).toBe(200);
    const refused = await ask('/number');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect((await ask('/nowhere')).status).toBe(429);
    expect((await ask('/stop', 'POST')).status).toBe(200);
    expect((await ask('/stop', 'POST', {})).status).toBe(200);
    // One that may not stop counts like any other.
    expect((await ask('/stop', 'POST', { authorization: 'Bearer wrong' })).status).toBe(429);
    clock.advance(1_000);
    expect((await ask('/number')).status).toBe(200);
  });
});

describe('the rate of an address', () => {
  it('has a second’s worth at once, and then one at a time', () => {
    const rate = new RequestRate(4);
    const at = (us: number) => rate.retryAfterS('one', us);
    expect([at(0), at(0), at(0), at(0), at(0)]).toEqual([0, 0, 0, 0, 1]);
    expect(at(SECOND_US / 4 - 1)).toBe(1);
    expect(at(SECOND_US / 4)).toBe(0);
    expect(at(SECOND_US / 4)).toBe(1);
    expect([9, 9, 9, 9, 9].map((s) => at(s * SECOND_US))).toEqual([0, 0, 0, 0, 1]);
  });

  it('is nobody else’s, and the table of addresses is bounded', () => {
    const rate = new RequestRate(1);
    expect(rate.retryAfterS('one', 0)).toBe(0);
    expect(rate.retryAfterS('two', 0)).toBe(0);
    expect(rate.retryAfterS('one', 0)).toBe(1);
    for (let index = 0; index < 2 * MAX_RATED_ADDRESSES; index += 1) rate.retryAfterS(`a${index}`, 0);
    expect(rate.addressCount).toBe(MAX_RATED_ADDRESSES);
  });

  it('is that of an IPv4 address, however it is written, and of a whole /64 of IPv6', () => {
    const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex')).buffer;
    expect(ratedAddress(bytes('c0a80001'))).toBe('c0a80001');
    expect(ratedAddress(bytes('00000000000000000000ffffc0a80001'))).toBe('c0a80001');
    const one = ratedAddress(bytes('20010db8000000010000000000000001'));
    expect(ratedAddress(bytes('20010db80000000100000000ffff0002'))).toBe(one);
    expect(ratedAddress(bytes('20010db8000000020000000000000001'))).not.toBe(one);
  });
});

describe('connections', () => {
  it('past the limit are closed as they come, and one that ends makes room', async () => {
    const port = await listen({ maxConnections: 2 });
    const asking = 'GET /number HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const answer = async (dialled: ReturnType<typeof dial>) => {
      while (dialled.text() === '') await new Promise((resolve) => setTimeout(resolve, 2));
      return dialled.text().slice(0, 12);
    };
    const first = dial(port, asking);
    expect(await answer(first)).toBe('HTTP/1.1 200');
    expect(await answer(dial(port, asking))).toBe('HTTP/1.1 200');
    expect(await dial(port, asking).closed).toBe('');
    first.socket.end();
    await first.closed;
    expect(await answer(dial(port, asking))).toBe('HTTP/1.1 200');
  });

  it('that say nothing, stop within a head or within a body are ended', async () => {
    const port = await listen();
    const quiet = [
      dial(port),
      dial(port, 'GET /number HTTP/1.1\r\nHost: localhost\r\n\r\n'),
      dial(port, 'GET /number HTTP/1.1\r\nHo'),
      dial(port, posting(100), 'x'),
    ];
    await Promise.all(quiet.map(({ closed }) => closed));
  }, 40_000);
});
