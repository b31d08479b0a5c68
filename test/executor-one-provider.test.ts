/** Two keys of one provider share host and port: each is an endpoint of its own, and neither key is ever shown. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../src/config/config.js';
import { breakerViews, nodeGuard, openBreakers } from '../src/executor/endpoint-breakers.js';
import { rpcNames } from '../src/executor/endpoints.js';
import { openChain } from '../src/executor/open-chain.js';
import { openLanes } from '../src/executor/open-lanes.js';
import type { Log } from '../src/logging/log.js';
import { asSignature } from '../src/model/brands.js';
import type { Lane } from '../src/send/lane.js';
import { systemClock } from '../src/time/clock.js';

const silent = () => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const config = { RPC_POOL_SIZE: 4, RPC_TIMEOUT_MS: 2_000 } as Config;

/** The keys of the requests that came. */
let asked: string[];
let server: Server;
let host: string;
let urls: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const key = new URL(request.url!, 'http://none').searchParams.get('key')!;
    asked.push(key);
    request.resume().on('end', () => {
      response.statusCode = key === 'bad' ? 401 : 200;
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'answer' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  urls = [`http://${host}/?key=bad`, `http://${host}/?key=good`];
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('names them by number, and an endpoint elsewhere by its host', () => {
  expect(rpcNames(['https://a.example/?k=1', 'https://b.example/x', 'https://a.example/y'])).toEqual([
    'a.example',
    'b.example',
    'a.example#2',
  ]);
});

it('gives each a breaker, health and answers of its own', async () => {
  const endpoints = { rpc: urls, yellowstone: [] };
  const chain = openChain({ config, endpoints, clock: systemClock, log } as never);
  onTestFinished(async () => {
    for (const client of chain.clients) await client.close();
  });
  expect(breakerViews(chain.breakers).map(({ name }) => name)).toEqual([`rpc:${host}`, `rpc:${host}#2`]);
  for (let index = 0; index < 5; index++) await chain.rpc.call('getSlot', [], { host }).catch(silent);
  await new Promise((resolve) => setImmediate(resolve));
  expect(breakerViews(chain.breakers).map(({ state }) => state)).toEqual(['open', 'closed']);
  expect(await chain.rpc.call('getSlot', [])).toEqual({ result: 'answer', host: `${host}#2` });
  expect(chain.rpc.health().map((node) => [node.host, node.failureShare])).toEqual([
    [host, 1],
    [`${host}#2`, 0],
  ]);
  expect(asked).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', 'good']);
});

it('opens more lanes to the endpoint that needs them', async () => {
  const { lanes, growth } = openLanes(config, urls, systemClock);
  const grown = [growth.open(`rpc:${host}`), growth.open(`rpc:${host}#2`)];
  onTestFinished(() => {
    for (const lane of [...lanes, ...grown]) lane.close();
  });
  expect(lanes.map(({ name }) => name)).toEqual([0, 1, 0, 1].map((at) => `rpc:${rpcNames(urls)[at]}`));
  for (const lane of [...lanes, ...grown]) await send(lane);
  expect(asked).toEqual(['bad', 'good', 'bad', 'good', 'bad', 'good']);
});

it('shows no key', () => {
  const registry = openBreakers({ rpc: urls, yellowstone: [] }, systemClock, log);
  nodeGuard(registry).failed(`${host}#2`, 1);
  expect(JSON.stringify(registry.list())).not.toMatch(/good|bad/);
});

async function send(lane: Lane): Promise<void> {
  if (!lane.ready) await new Promise<void>((resolve) => lane.onReady(resolve));
  await new Promise((resolve) => lane.write(asSignature('s'), Uint8Array.of(1), resolve));
}
