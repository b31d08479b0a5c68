/**
 * Who may do what, tried over every route of the tables, so that a new route is covered by itself: no token, tokens of
 * too few rights, pages of other sites, and names that were bent to this machine.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Access, type Role } from '../src/control/access.js';
import { type ControlServer, startControlServer } from '../src/control/control-server.js';
import { json } from '../src/control/http-exchange.js';
import { kestraRoutes } from '../src/control/kestra-compat.js';
import type { Operations } from '../src/control/operations.js';
import { riskRoutes } from '../src/control/risk-routes.js';
import type { Route } from '../src/control/route.js';
import { documentedRoutes } from '../src/docs/api-tables.js';
import { systemClock } from '../src/time/clock.js';
import { askRaw, pathOf, type RawAnswer } from './support/control-requests.js';

const TOKENS = { admin: 'token-a', trade: 'token-t', read: 'token-r' };
const NO_TOKENS = { admin: undefined, trade: undefined, read: undefined };
/** Any address: what a bind to another machine's reach is; the tests come over loopback all the same. */
const EVERYWHERE = '0.0.0.0';
const LOOPBACK = '127.0.0.1';

let server: ControlServer | undefined;
afterEach(() => server?.close());

/** The routes of both ports; the handlers only note that they were reached. */
async function serve(host: string, tokens: { [R in keyof typeof TOKENS]: string | undefined }) {
  const reached: string[] = [];
  const operations = {} as Operations;
  const routes = [...documentedRoutes(), ...kestraRoutes(operations, systemClock)].map((route) => ({
    ...route,
    handler: () => {
      reached.push(`${route.method} ${route.path}`);
      return json({});
    },
  }));
  server = await startControlServer({ ...serverOptions(host, tokens), routes });
  const ask = async (route: Route, headers: { readonly [name: string]: string } = {}, method?: string) => {
    reached.length = 0;
    const request = { method: method ?? route.method, path: pathOf(route), headers };
    return { ...(await askRaw(server!.port, request)), reached: reached.length > 0 };
  };
  return { routes: routes as readonly Route[], ask };
}

function serverOptions(host: string, tokens: { [R in keyof typeof TOKENS]: string | undefined }) {
  return {
    host,
    port: 0,
    portSetting: 'CONTROL_PORT',
    access: new Access({ ...tokens, loopback: host === LOOPBACK }),
    clock: systemClock,
    onUnexpected: (error: unknown) => {
      throw error;
    },
  };
}

const bearer = (role: keyof typeof TOKENS) => ({ authorization: `Bearer ${TOKENS[role]}` });
const codeOf = ({ text }: RawAnswer) => (text === '' ? undefined : JSON.parse(text).code);
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** Names of the routes that a handler answered. */
async function answered(
  routes: readonly Route[],
  ask: (route: Route) => Promise<RawAnswer & { reached: boolean }>,
  refusal: { readonly status: number; readonly code: string },
): Promise<string[]> {
  const names: string[] = [];
  for (const route of routes) {
    const answer = await ask(route);
    if (answer.reached) names.push(nameOf(route));
    else
      expect({ status: answer.status, code: codeOf(answer) }, nameOf(route)).toEqual({
        status: refusal.status,
        code: refusal.code,
      });
  }
  return names;
}

describe('on an address that other machines reach', () => {
  const refusal = { status: 401, code: 'UNAUTHENTICATED' };

  it('nothing but /livez answers without the token', async () => {
    const { routes, ask } = await serve(EVERYWHERE, TOKENS);
    expect(await answered(routes, ask, refusal)).toEqual(['GET /livez']);
    for (const path of ['/', '/nowhere', '/api', '/api/status/', '/API/STATUS', '//api/status']) {
      const { status, headers } = await askRaw(server!.port, { path });
      expect(status, path).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer');
    }
  });

  it.each([
    'Bearer token',
    'Bearer ',
    'Bearer token-a token-a',
    'Basic token-a',
    'token-a',
    `Bearer ${'x'.repeat(3_072)}`,
    'Bearer token-A',
  ])('nothing but /livez answers to "%s"', async (authorization) => {
    const { routes, ask } = await serve(EVERYWHERE, TOKENS);
    const asked = (route: Route) => ask(route, { authorization });
    expect(await answered(routes, asked, refusal)).toEqual(['GET /livez']);
  });

  it('a head over 4 KiB is refused too: by uWebSockets itself on Node.js 22 and later, by us on 20', async () => {
    await serve(EVERYWHERE, TOKENS);
    const headers = { authorization: `Bearer ${'x'.repeat(4_096)}` };
    const { status } = await askRaw(server!.port, { path: '/api/status', headers });
    expect([401, 431]).toContain(status);
  });

  it('HEAD is refused as GET is', async () => {
    const { routes, ask } = await serve(EVERYWHERE, TOKENS);
    for (const route of routes.filter(({ method, path }) => method === 'GET' && path !== '/livez')) {
      const { status, reached } = await ask(route, {}, 'HEAD');
      expect({ status, reached }, nameOf(route)).toEqual({ status: 401, reached: false });
    }
  });

  it('a server without any token does not start', async () => {
    const start = startControlServer({ ...serverOptions(EVERYWHERE, NO_TOKENS), routes: [] });
    await expect(start).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const lax = new Access({ ...TOKENS, loopback: true });
    const mismatched = startControlServer({
      ...serverOptions(EVERYWHERE, TOKENS),
      access: lax,
      routes: [],
    });
    await expect(mismatched).rejects.toThrow('loopback');
  });
});

describe.each([EVERYWHERE, LOOPBACK])('on %s', (host) => {
  const refusal = { status: 403, code: 'FORBIDDEN' };

  it('a read token changes nothing, and reads everything', async () => {
    const { routes, ask } = await serve(host, TOKENS);
    const reached = await answered(routes, (route) => ask(route, bearer('read')), refusal);
    expect(reached).toEqual(routes.filter(({ method }) => method === 'GET').map(nameOf));
  });

  it('a part of a token is none, nor is one with more behind it, whatever was asked before', () => {
    const access = new Access({ ...TOKENS, admin: 'A'.repeat(1_024), loopback: false });
    const roleOf = (token: string) => {
      const headers = { host: 'h', origin: '', authorization: `Bearer ${token}` };
      try {
        return access.assertMay({ headers }, 'read');
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(roleOf('A'.repeat(1_024))).toBe('admin');
    const wrong = ['A'.repeat(1_023), 'A'.repeat(1_025), 'token-', 'token-tA', 'token-t\0', 'TOKEN-T', ''];
    expect(wrong.map(roleOf)).toEqual(wrong.map(() => 'UNAUTHENTICATED'));
    expect(roleOf('token-t')).toBe('trade');
    expect(roleOf('token-r')).toBe('read');
  });

  it('says of a wrong token that it is that, and of none that one is needed', () => {
    const access = new Access({ ...TOKENS, loopback: true });
    const ask = (authorization: string) => () =>
      access.assertMay({ headers: { host: '', origin: '', authorization } }, 'read');
    expect(ask('')).toThrow(/^A bearer token is required\.$/);
    expect(ask('Bearer token-x')).toThrow(
      'A bearer token is required. The one that came is none of those configured.',
    );
  });

  it('each token reaches the routes of its rank and no other', async () => {
    const { routes, ask } = await serve(host, TOKENS);
    const within: { readonly [R in keyof typeof TOKENS]: readonly Role[] } = {
      read: ['open', 'read'],
      trade: ['open', 'read', 'stop', 'trade'],
      admin: ['open', 'read', 'stop', 'trade', 'admin'],
    };
    for (const token of ['read', 'trade', 'admin'] as const) {
      const reached = await answered(routes, (route) => ask(route, bearer(token)), refusal);
      const allowed = routes.filter(({ role }) => within[token].includes(role));
      expect(reached, token).toEqual(allowed.map(nameOf));
    }
  });
});

describe('a page of another site', () => {
  const refusal = { status: 403, code: 'ORIGIN_REFUSED' };

  it.each(['http://evil.example', 'https://127.0.0.1.evil.example', 'null', 'http://127.0.0.1:1', 'file://'])(
    'at %s can neither read nor write',
    async (origin) => {
      const open = await serve(LOOPBACK, NO_TOKENS);
      expect(await answered(open.routes, (route) => open.ask(route, { origin }), refusal)).toEqual([]);
      server?.close();
      const guarded = await serve(LOOPBACK, TOKENS);
      const asked = (route: Route) => guarded.ask(route, { origin, ...bearer('admin') });
      expect(await answered(guarded.routes, asked, refusal)).toEqual([]);
    },
  );

  it('gets no leave from a preflight, and no answer that it could embed', async () => {
    const { routes, ask } = await serve(LOOPBACK, NO_TOKENS);
    for (const route of routes) {
      const asked = { origin: 'http://evil.example', 'access-control-request-method': route.method };
      const { status, headers } = await ask(route, asked, 'OPTIONS');
      expect(status).toBe(403);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const { headers } = await ask(routes[0]!);
    expect(headers).toMatchObject({
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });

  it.each([
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
  ])('whose name %s was bent to this machine can neither read nor write', async (host) => {
    const { routes, ask } = await serve(LOOPBACK, NO_TOKENS);
    const rebound = (route: Route) => ask(route, { host, origin: `http://${host}` });
    expect(await answered(routes, rebound, refusal)).toEqual([]);
    // A plain GET of the same site has no Origin.
    expect(await answered(routes, (route) => ask(route, { host }), refusal)).toEqual([]);
  });

  it('is refused however often good hosts were seen before, and our own page is not', async () => {
    const { routes, ask } = await serve(LOOPBACK, NO_TOKENS);
    const status = routes.find(({ path }) => path === '/api/status')!;
    for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000', '127.9.9.9']) {
      expect((await ask(status, { host, origin: `http://${host}` })).reached).toBe(true);
      expect((await ask(status, { host: 'evil.example' })).reached).toBe(false);
    }
  });
});

describe('the kill switch', () => {
  async function listen(host: string) {
    const done: string[] = [];
    const operations = {
      engageKillSwitch: async (grade: string) => done.push(grade),
      releaseKillSwitch: async () => done.push('release'),
    } as unknown as Operations;
    const routes = [...riskRoutes(operations), ...kestraRoutes(operations, systemClock)];
    server = await startControlServer({ ...serverOptions(host, TOKENS), routes });
    const post = async (body: string, headers = {}, path = '/api/kill-switch') =>
      (await askRaw(server!.port, { method: 'POST', path, headers, body })).status;
    return { done, post };
  }
  const EMERGENCY = '/api/v1/executions/solana.trading/emergency-stop';
  const RELEASE = '{"active": false, "reason": "over"}';

  it('is stopped on loopback without a token, and nothing else is done with it so', async () => {
    const { done, post } = await listen(LOOPBACK);
    expect([await post(''), await post('{"grade": "stop"}'), await post('', {}, EMERGENCY)]).toEqual([
      200, 200, 200,
    ]);
    for (const body of ['{"grade": "reduce"}', '{"grade": "drain"}', RELEASE])
      expect(await post(body), body).toBe(401);
    expect(done).toEqual(['stop', 'stop', 'stop']);
  });

  it('is judged by the token where one is shown: a read token does not stop, a wrong one neither', async () => {
    const { done, post } = await listen(LOOPBACK);
    expect(await post('', bearer('read'))).toBe(403);
    expect(await post('', { authorization: 'Bearer wrong' })).toBe(401);
    expect(done).toEqual([]);
  });

  it('is released by an admin alone', async () => {
    const { done, post } = await listen(LOOPBACK);
    expect(await post('{"grade": "drain"}', bearer('trade'))).toBe(200);
    expect(await post(RELEASE, bearer('trade'))).toBe(403);
    expect(await post(RELEASE, bearer('admin'))).toBe(200);
    expect(done).toEqual(['drain', 'release']);
  });

  it('wants a token for a stop too where other machines reach it', async () => {
    const { done, post } = await listen(EVERYWHERE);
    expect(await post('')).toBe(401);
    expect(await post('', {}, EMERGENCY)).toBe(401);
    expect(await post('', bearer('trade'))).toBe(200);
    expect(done).toEqual(['stop']);
  });
});
