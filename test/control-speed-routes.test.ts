/** What measuring tools ask for: formats they read, and refusals that say what would be right. */
import { describe, expect, it } from 'vitest';
import type { Answer, Request } from '../src/control/http-exchange.js';
import { preferredType } from '../src/control/preferred-type.js';
import { type SpeedOperations, speedRoutes } from '../src/control/speed-routes.js';

const SENT = { count: 1, p50: 2, p90: 2, p95: 2, p99: 2, max: 2 };
const asked: unknown[] = [];
const operations: SpeedOperations = {
  latency: () => {
    throw new Error('not asked for here');
  },
  latencyStages: (of, name) => (of === 'lane' && name === 'rpc:a' ? { sent: SENT } : undefined),
  latencyNames: (of) => (of === 'lane' ? ['rpc:a', 'rpc:b'] : []),
  latencyLog: async () => '#log\n',
  latencyPercentiles: (name) => `percentiles of ${name}`,
  profile: async (durationMs) => {
    asked.push(durationMs);
    return { nodes: [] };
  },
};

async function ask(path: string, request: { query?: string; body?: unknown } = {}): Promise<Answer> {
  const route = speedRoutes(operations).find((one) => one.path === path);
  if (route === undefined) throw new Error(`no route ${path}`);
  return route.handler({
    query: new URLSearchParams(request.query ?? ''),
    body: request.body,
  } as Request);
}

describe('the latencies as files', () => {
  it('are plain text, of the histogram that was asked for', async () => {
    expect(await ask('/api/latency.hlog')).toMatchObject({ status: 200, body: '#log\n' });
    const answer = await ask('/api/latency.hgrm', { query: 'histogram=signed' });
    expect(answer.body).toBe('percentiles of signed');
    expect(answer.contentType).toMatch(/^text\/plain/);
    expect((await ask('/api/latency.hgrm')).body).toBe('percentiles of intentToConfirmed');
  });

  it('name what there is when a histogram is unknown', async () => {
    await expect(ask('/api/latency.hgrm', { query: 'histogram=nothing' })).rejects.toMatchObject({
      code: 'INTENT_FIELD_INVALID',
      field: 'histogram',
    });
  });
});

describe('the stages of one lane', () => {
  it('are told by its name, and a wrong one is answered with those that there are', async () => {
    const answer = await ask('/api/latency/stages', { query: 'of=lane&name=rpc%3Aa' });
    expect(answer.body).toEqual({ stagesUs: { sent: SENT } });
    await expect(ask('/api/latency/stages', { query: 'of=lane&name=rpc' })).rejects.toMatchObject({
      code: 'INTENT_FIELD_INVALID',
      field: 'name',
      message: expect.stringContaining('`name` must be one of rpc:a, rpc:b.'),
    });
    await expect(ask('/api/latency/stages', { query: 'of=wallet&name=x' })).rejects.toMatchObject({
      message: expect.stringContaining('No wallet has traded yet.'),
    });
    await expect(ask('/api/latency/stages', { query: 'of=pool&name=x' })).rejects.toMatchObject({
      field: 'of',
    });
  });
});

describe('the wanted type', () => {
  const offered = ['application/json', 'application/x-hlog', 'application/x-hgrm'];

  it.each([
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['text/html', 'application/json'],
    ['application/x-hlog', 'application/x-hlog'],
    ['Application/X-HGRM', 'application/x-hgrm'],
    ['application/json;q=0.4, application/x-hgrm ; q=0.5', 'application/x-hgrm'],
    ['application/*;q=0.9, application/json;q=0', 'application/x-hlog'],
    ['application/x-hlog;q=x', 'application/json'],
    [`${'a/b,'.repeat(256)}application/x-hlog`, 'application/json'],
  ])('of "%s" is %s', (accept, type) => {
    expect(preferredType(accept, offered)).toBe(type);
  });
});

describe('a profile', () => {
  it('takes ten seconds by default and a minute at most', async () => {
    await ask('/api/profile');
    await ask('/api/profile', { body: { seconds: 60 } });
    expect(asked).toEqual([10_000, 60_000]);
    await expect(ask('/api/profile', { body: { seconds: 60.1 } })).rejects.toMatchObject({
      field: 'seconds',
    });
    await expect(ask('/api/profile', { body: { minutes: 1 } })).rejects.toMatchObject({ field: 'minutes' });
  });

  it('is for an admin only: it slows the executor down', () => {
    const role = speedRoutes(operations).find(({ path }) => path === '/api/profile')?.role;
    expect(role).toBe('admin');
  });
});
