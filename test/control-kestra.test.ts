/** The runbook's two Kestra-shaped calls, and nothing else on that port. */
import { afterEach, describe, expect, it } from 'vitest';
import { Access } from '../src/control/access.js';
import { type ControlServer, startControlServer } from '../src/control/control-server.js';
import { kestraRoutes, SLIPPAGE_OVERRIDE_MS } from '../src/control/kestra-compat.js';
import type { Operations } from '../src/control/operations.js';
import { SlippageOverride } from '../src/control/slippage-override.js';
import { ManualClock } from './support/manual-clock.js';

const BASE = '/api/v1/executions/solana.trading';

let server: ControlServer | undefined;
afterEach(() => server?.close());

async function listen(tokens: { admin?: string; trade?: string } = {}) {
  const clock = new ManualClock();
  const slippage = new SlippageOverride(clock);
  const stops: string[] = [];
  const operations = {
    engageKillSwitch: async (grade: string, reason: string, source: string) => {
      stops.push(`${grade} ${reason} ${source}`);
      return { active: true, grade, reason, sinceMs: clock.nowMs(), cancelled: [], mayStillLand: [] };
    },
    overrideSlippage: (percent: number, forMs: number) => slippage.set(percent, forMs),
  } as unknown as Operations;
  server = await startControlServer({
    host: '127.0.0.1',
    port: 0,
    portSetting: 'KESTRA_COMPAT_PORT',
    routes: kestraRoutes(operations, clock),
    access: new Access({ admin: tokens.admin, trade: tokens.trade, read: undefined, loopback: true }),
    clock,
    onUnexpected: (error) => {
      throw error;
    },
    hidesMethods: true,
  });
  const ask = (path: string, init: RequestInit = { method: 'POST' }) =>
    fetch(`http://127.0.0.1:${server!.port}${path}`, init);
  return { clock, slippage, stops, ask };
}

describe('the Kestra-shaped port', () => {
  it('stops at once, whatever else a body says or leaves out', async () => {
    const { stops, ask } = await listen();
    const bodies = [
      '{"inputs": {"reason": "manual_emergency_stop"}}',
      '',
      '{"inputs": {"reason": 7}, "labels": []}',
      '[]',
    ];
    for (const body of bodies)
      expect((await ask(`${BASE}/emergency-stop`, { method: 'POST', body })).status).toBe(200);
    expect(stops).toEqual([
      'stop manual_emergency_stop kestra',
      'stop no reason given kestra',
      'stop no reason given kestra',
      'stop no reason given kestra',
    ]);
  });

  it('sets the slippage for fifteen minutes from JSON without its content type', async () => {
    const { clock, slippage, ask } = await listen();
    const response = await ask(`${BASE}/solana-trading-flow`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"inputs": {"slippage": 3.0}}',
    });
    expect(((await response.json()) as { state: unknown }).state).toMatchObject({ current: 'SUCCESS' });
    clock.advance(SLIPPAGE_OVERRIDE_MS - 1);
    expect(slippage.percent).toBe(3);
    clock.advance(1);
    expect(slippage.percent).toBe(undefined);
  });

  it.each(['{"inputs": {"slippage": -1}}', '{"inputs": {"slippage": 101}}', '{"inputs": {}}', ''])(
    'refuses the slippage of %s',
    async (body) => {
      const { slippage, ask } = await listen();
      const response = await ask(`${BASE}/solana-trading-flow`, { method: 'POST', body });
      expect(response.status).toBe(400);
      expect(slippage.percent).toBe(undefined);
    },
  );

  it('answers everything else 404', async () => {
    const { ask } = await listen();
    for (const path of [
      '/',
      '/api/status',
      '/api/kill-switch',
      BASE,
      `${BASE}/another-flow`,
      `${BASE}/emergency-stop/1`,
    ])
      expect((await ask(path)).status).toBe(404);
    expect((await ask(`${BASE}/emergency-stop`, { method: 'GET' })).status).toBe(404);
    expect((await ask(`${BASE}/emergency-stop`, { method: 'PUT' })).status).toBe(404);
  });

  it('wants a token for more than a stop where one is configured, and is nobody else’s page’s to call', async () => {
    const { stops, ask } = await listen({ admin: 'a', trade: 't' });
    const stop = (headers: Record<string, string>) =>
      ask(`${BASE}/emergency-stop`, { method: 'POST', headers });
    expect((await stop({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask(`${BASE}/solana-trading-flow`)).status).toBe(401);
    expect((await stop({ authorization: 'Bearer t', origin: 'http://evil.example' })).status).toBe(403);
    expect(stops).toEqual([]);
    expect((await stop({ authorization: 'Bearer t' })).status).toBe(200);
    const flow = await ask(`${BASE}/solana-trading-flow`, {
      method: 'POST',
      headers: { authorization: 'Bearer t' },
      body: '{"inputs": {"slippage": 3}}',
    });
    expect(flow.status).toBe(403);
  });
});
