/** Every route of a running executor answers as its schemas say, and with no field that they do not name. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { ControlClient } from '../src/cli/control-client.js';
import type { Route } from '../src/control/route.js';
import { PROBLEM_TYPE, problemSchema } from '../src/control/schemas/problem.js';
import { documentedRoutes } from '../src/docs/api-tables.js';
import {
  ExecutorUnderTest,
  orderFor,
  poolsOf,
  QUIET_CLUSTER,
  tradeIn,
} from './support/executor-under-test.js';

interface Visit {
  readonly path?: string;
  readonly body?: unknown;
  readonly accept?: string;
}

interface Facts {
  readonly control: ControlClient;
  readonly tradeId: string;
  readonly breaker: string;
}

/** How each route is asked that needs more than its path. The later routes of the table are asked first. */
const VISITS: { readonly [route: string]: (facts: Facts) => Promise<readonly Visit[]> | readonly Visit[] } = {
  'GET /api/trades': ({ tradeId }) => [
    {},
    { path: '/api/trades?limit=1' },
    { path: `/api/trades?before=${tradeId}&state=failed,expired&wallet=trading-key-1` },
  ],
  'GET /api/latency': () => [
    {},
    { accept: '*/*' },
    { accept: 'application/x-hlog' },
    { path: '/api/latency?histogram=signed', accept: 'application/x-hgrm, application/json;q=0.5' },
  ],
  'GET /api/latency/stages': () => [{ path: '/api/latency/stages?of=wallet&name=trading-key-1' }],
  'GET /api/trades/:id': ({ tradeId }) => [{ path: `/api/trades/${tradeId}` }],
  'POST /api/trades': async ({ control }) => [{ body: await orderFor(control, 'second') }],
  'POST /api/trades/:id/cancel': ({ tradeId }) => [{ path: `/api/trades/${tradeId}/cancel` }],
  'POST /api/kill-switch': () => [{ body: { grade: 'reduce' } }, { body: { active: false, reason: 'over' } }],
  'POST /api/circuit-breakers/:name/open': ({ breaker }) => [
    { path: `/api/circuit-breakers/${breaker}/open`, body: { reason: 'a look' } },
  ],
  'POST /api/circuit-breakers/:name/close': ({ breaker }) => [
    { path: `/api/circuit-breakers/${breaker}/close` },
  ],
  'GET /api/prices/:mint': async ({ control }) => [
    { path: `/api/prices/${(await poolsOf(control))[0]?.mint0}` },
  ],
  'POST /api/queue/clear': () => [{}],
  'PUT /api/config/max-concurrent-trades': () => [{ body: { value: 'auto' } }, { body: { value: 32 } }],
  'PUT /api/config/default-slippage': () => [{ body: { percent: 2, minutes: 1 } }],
  'POST /api/accounts/restart': () => [{}],
  'POST /api/keys/reload': () => [{}],
  'POST /api/mint-lists/reload': () => [{}],
  'POST /api/profile': () => [{ body: { seconds: 0.1 } }],
};

const routes = documentedRoutes();
let executor: ExecutorUnderTest;
let facts: Facts;

beforeAll(async () => {
  executor = new ExecutorUnderTest(QUIET_CLUSTER);
  const control = await executor.ready();
  const { id } = (await control.post('/api/trades', await orderFor(control, 'first'))) as { id: string };
  await tradeIn(control, id, ['confirmed', 'finalized']);
  const { breakers } = (await control.get('/api/circuit-breakers')) as { breakers: { name: string }[] };
  facts = { control, tradeId: id, breaker: breakers.find(({ name }) => name.startsWith('rpc:'))?.name ?? '' };
});
afterAll(() => executor.dispose());

async function ask(method: string, { path = '/', body, accept }: Visit) {
  const response = await fetch(facts.control.url + path, {
    method,
    headers: accept === undefined ? {} : { accept },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  return { status: response.status, type, body: /[/+]json$/.test(type) ? JSON.parse(text) : text };
}

/** Schemas let unknown fields be and leave them out of what they give back. */
function expectAsDeclared(schema: z.ZodType | undefined, body: unknown, what: string): void {
  if (schema === undefined) throw new Error(`${what} is not declared`);
  expect(schema.parse(body), what).toEqual(body);
}

async function visit(route: Route): Promise<void> {
  const name = `${route.method} ${route.path}`;
  const visits = VISITS[name]?.(facts) ?? (route.method === 'GET' ? [{}] : undefined);
  if (visits === undefined) throw new Error(`nothing here asks ${name}`);
  for (const one of await visits) {
    const { status, type, body } = await ask(route.method, { path: route.path, ...one });
    expectAsDeclared(route.answers[status]?.content[type], body, `${name} ${status} ${type}`);
  }
}

describe('of every route', () => {
  it.each(routes.toReversed().map((route) => [`${route.method} ${route.path}`, route] as const))(
    'the answer of %s is as declared',
    async (_name, route) => visit(route),
  );

  it('a refusal is a problem document with a code that the route declares', async () => {
    const [pool] = await poolsOf(facts.control);
    const refusals = [
      ['POST', { path: '/api/trades', body: { clientOrderId: 'x' } }, 'INTENT_FIELD_MISSING', 'inputMint'],
      ['GET', { path: '/api/trades?limit=1001' }, 'INTENT_FIELD_INVALID', 'limit'],
      ['GET', { path: '/api/latency.hgrm?histogram=x' }, 'INTENT_FIELD_INVALID', 'histogram'],
      ['GET', { path: `/api/trades/${pool?.pool}` }, 'TRADE_UNKNOWN', undefined],
      ['POST', { path: '/api/kill-switch', body: { active: false } }, 'INTENT_FIELD_MISSING', 'reason'],
      ['POST', { path: '/api/circuit-breakers/none/open' }, 'BREAKER_UNKNOWN', undefined],
      ['GET', { path: '/api/prices/nobody' }, 'INTENT_FIELD_INVALID', 'mint'],
      ['POST', { path: '/api/profile', body: { minutes: 1 } }, 'INTENT_UNKNOWN_FIELD', 'minutes'],
      ['GET', { path: '/nowhere' }, 'NOT_FOUND', undefined],
      ['PUT', { path: '/api/status' }, 'METHOD_NOT_ALLOWED', undefined],
    ] as const;
    for (const [method, request, code, field] of refusals) {
      const { status, type, body } = await ask(method, request);
      expect(type, code).toBe(PROBLEM_TYPE);
      expectAsDeclared(problemSchema, body, code);
      expect(body).toMatchObject(field === undefined ? { status, code } : { status, code, field });
    }
  });
});
