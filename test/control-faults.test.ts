/** A handler that fails in a way that nobody foresaw is answered, told to the log, and costs nobody else anything. */
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { Access } from '../src/control/access.js';
import { type ControlServer, startControlServer } from '../src/control/control-server.js';
import { type Handler, json } from '../src/control/http-exchange.js';
import { jsonAnswer, type Method, type Route } from '../src/control/route.js';
import { systemClock } from '../src/time/clock.js';
import { askRaw } from './support/control-requests.js';

let server: ControlServer | undefined;
afterEach(() => server?.close());

const circular: { self?: unknown } = {};
circular.self = circular;
const fail = () => {
  throw new Error('a secret of the inside');
};

const FAULTS: readonly (readonly [path: string, handler: Handler])[] = [
  ['/throws', fail],
  ['/throws-later', async () => fail()],
  ['/cannot-be-told', () => json(circular)],
  ['/cannot-be-told-later', async () => json(circular)],
];

const route = (method: Method, path: string, handler: Handler): Route => ({
  method,
  path,
  role: 'read',
  summary: 'For the test',
  answers: { 200: jsonAnswer('Anything.', z.unknown()) },
  handler,
});

it.each(['GET', 'HEAD', 'POST'] as const)(
  'a fault in %s is a problem document without its inside',
  async (method) => {
    const unexpected: string[] = [];
    const mounted = method === 'HEAD' ? 'GET' : method;
    server = await startControlServer({
      host: '127.0.0.1',
      port: 0,
      portSetting: 'CONTROL_PORT',
      routes: [
        ...FAULTS.map(([path, handler]) => route(mounted, path, handler)),
        route('GET', '/fine', () => json('fine')),
      ],
      access: new Access({ admin: undefined, trade: undefined, read: undefined, loopback: true }),
      clock: systemClock,
      onUnexpected: (_error, path) => unexpected.push(path),
    });
    for (const [path] of FAULTS) {
      const { status, text } = await askRaw(server.port, { method, path });
      // What has no body need not be put into words.
      const isTold = method === 'HEAD' && path.startsWith('/cannot');
      expect(status, path).toBe(isTold ? 200 : 500);
      expect(text).not.toContain('secret');
      if (method !== 'HEAD') expect(JSON.parse(text)).toMatchObject({ code: 'WORKER_FAILED', status: 500 });
      expect((await askRaw(server.port, { path: '/fine' })).text).toBe('fine');
    }
    const failing = FAULTS.map(([path]) => path).filter(
      (path) => method !== 'HEAD' || path.startsWith('/throws'),
    );
    expect(unexpected).toEqual(failing);
  },
);
