/**
 * `test:trade` where networks fail: one reset connection among many offers once ended the command without an account,
 * one busy answer made a trade lost, and a paid endpoint, of which the executor shows no key, answered 401 and took the
 * account of trades with real money with it.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jsonOf, runHotslot } from './support/run-hotslot.js';

const KEY_PATH = '/a-paid-key';
const POOL = { pool: 'pool', mint0: 'a', mint1: 'b', reserve0: '1000000', reserve1: '1000000' };

interface Faults {
  /** What the second offer meets: a reset before the executor took it or after, or somebody in between. */
  readonly secondOffer?: 'resetBefore' | 'resetAfter' | 'badGateway';
  /** Of each trade the first time that it is asked for. */
  readonly firstReport?: 'reset' | 'busy';
  readonly forgets?: boolean;
}

let directory: string;
let executor: Server;
let node: Server;
let faults: Faults;
let offers: number;
/** By client order id. */
let taken: Map<string, string>;
let asked: Set<string>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-test-trade-'));
  executor = await listening(answerAsExecutor);
  node = await listening(answerAsNode);
});
afterAll(() => {
  executor.close();
  node.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  faults = {};
  offers = 0;
  taken = new Map();
  asked = new Set();
});

async function listening(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => answer(request, body, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function answerAsExecutor(request: IncomingMessage, body: string, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url!, 'http://executor');
  const [, tradeId] = /^\/api\/trades\/(.+)/.exec(pathname) ?? [];
  if (request.method === 'POST') takeOffer(JSON.parse(body).clientOrderId, request, response);
  else if (tradeId !== undefined) tell(tradeId, request, response);
  else if (pathname === '/api/trades') {
    const id = taken.get(searchParams.get('clientOrderId')!);
    reply(response, 200, { trades: id === undefined ? [] : [{ id }] });
  } else reply(response, 200, { endpoints: { rpc: [urlOf(node)] }, market: { pools: [POOL] } });
}

function takeOffer(clientOrderId: string, request: IncomingMessage, response: ServerResponse): void {
  offers += 1;
  const met = offers === 2 ? faults.secondOffer : undefined;
  const isTaken = met === undefined || met === 'resetAfter';
  if (isTaken) taken.set(clientOrderId, `t${offers}`);
  if (met === undefined) reply(response, 202, { id: `t${offers}` });
  else if (met === 'badGateway') response.writeHead(502).end();
  else request.socket.destroy();
}

function tell(id: string, request: IncomingMessage, response: ServerResponse): void {
  const met = asked.has(id) ? undefined : faults.firstReport;
  asked.add(id);
  if (met === 'reset') request.socket.destroy();
  else if (met === 'busy') reply(response, 429, { code: 'RATE_LIMITED' });
  else if (faults.forgets) reply(response, 404, { code: 'TRADE_UNKNOWN' });
  else {
    const attempts = [{ signature: `of ${id}` }];
    const timesUs = { sentUs: 90, confirmedUs: 900_000 };
    reply(response, 200, { id, state: 'confirmed', attempts, timesUs, outcome: { slotDelta: 1 } });
  }
}

/** Without its key it wants to see who asks, as a page. */
function answerAsNode(request: IncomingMessage, body: string, response: ServerResponse): void {
  if (request.url !== KEY_PATH) {
    response.writeHead(401, { 'content-type': 'text/html' }).end('<html>Who are you?</html>');
    return;
  }
  const [signatures] = JSON.parse(body).params as [string[]];
  reply(response, 200, { result: { value: signatures.map(() => ({ slot: 9, err: null })) } });
}

async function testTrades(settings: Readonly<Record<string, string>> = keyed()) {
  const args = ['test-trade', '--count', '3', '--rate', '5000', '--json'];
  const answer = await runHotslot(directory, args, { HOTSLOT_URL: urlOf(executor), ...settings });
  return { code: answer.code, stderr: answer.stderr, json: jsonOf(answer) };
}

const keyed = () => ({ RPC_ENDPOINTS: `http://127.0.0.1:1, ${urlOf(node)}${KEY_PATH}` });

describe('test:trade', () => {
  it('counts an offer that was taken and whose answer got lost among the accepted', async () => {
    faults = { secondOffer: 'resetAfter' };
    const { code, json } = await testTrades();
    expect(json).toMatchObject({ accepted: 3, landed: 3, unanswered: 0, denied: {}, lost: 0 });
    expect(code).toBe(0);
  });

  it.each(['resetBefore', 'badGateway'] as const)(
    'tells of an offer that met %s and has no trade as unanswered, never as denied',
    async (secondOffer) => {
      faults = { secondOffer };
      const { code, json } = await testTrades();
      expect(json).toMatchObject({ accepted: 2, landed: 2, unanswered: 1, denied: {}, lost: 0 });
      expect(code).toBe(1);
    },
  );

  it.each(['reset', 'busy'] as const)('asks again for a trade of which the answer was %s', async (first) => {
    faults = { firstReport: first };
    const { code, json } = await testTrades();
    expect(json).toMatchObject({ accepted: 3, landed: 3, unknown: 0, lost: 0 });
    expect(code).toBe(0);
  });

  it('tells a trade as lost that the executor does not know', async () => {
    faults = { forgets: true };
    const { code, json } = await testTrades();
    expect(json).toMatchObject({ accepted: 3, landed: 0, lost: 3 });
    expect(code).toBe(1);
  });

  it('asks the chain with the key of its own settings, and without one says that it could not', async () => {
    const [withKey, without] = [await testTrades(), await testTrades({})];
    expect([withKey.code, withKey.json.chainChecked, withKey.json.lost]).toEqual([0, true, 0]);
    expect(withKey.stderr).not.toContain('chain was not asked');
    expect(without.json).toMatchObject({
      accepted: 3,
      landed: 3,
      lost: 0,
      duplicates: 0,
      chainChecked: false,
    });
    expect(without.code).toBe(0);
    expect(without.stderr).toContain(`${urlOf(node)} does not tell what landed: HTTP 401`);
    expect(without.stderr).toContain('The chain was not asked');
  });
});
