/** Whatever clients send, they get an answer of theirs, and the server meets no fault of its own. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { TOKEN_PROGRAM } from '../../localnet/engine/well-known.js';
import { methods } from '../../localnet/rpc/methods/index.js';
import { post, startTestCluster, type TestCluster } from './rpc-cluster.js';

const SEED = 20;
const RUNS = 40;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.step(40);
});
afterAll(async () => {
  await cluster.close();
});

/** Values that come near to what methods expect, and values that do not. */
const likely = fc.constantFrom<unknown>(
  0,
  1,
  41,
  -1,
  2 ** 53,
  1e300,
  '',
  'confirmed',
  '11111111111111111111111111111111',
  TOKEN_PROGRAM,
  '1'.repeat(64),
  'AAAA',
  { commitment: 'processed' },
  { commitment: 'confirmed', maxSupportedTransactionVersion: 0 },
  { encoding: 'base64' },
  { encoding: 'jsonParsed', commitment: 'processed' },
  { encoding: 'base58', dataSlice: { offset: 1e15, length: 3 } },
  { dataSlice: { offset: 3 } },
  { filters: [{}] },
  { filters: [{ memcmp: { offset: 0, bytes: [1, 2] } }] },
  { programId: TOKEN_PROGRAM },
  { mint: '11111111111111111111111111111111' },
  { mentions: ['11111111111111111111111111111111'] },
  ['11111111111111111111111111111111'],
  null,
);
const values = fc.oneof(
  { weight: 3, arbitrary: likely },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
const params = fc.array(values, { maxLength: 4 });

describe('any parameters', () => {
  it.each([...methods.keys()])('of %s', async (method) => {
    await fc.assert(
      fc.asyncProperty(params, async (given) => {
        const { result, error } = await cluster.call(method, ...given);
        const answered = error === undefined ? result !== undefined : error.message.length > 0;
        expect(answered && cluster.faults.length === 0).toBe(true);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

it('any bytes over HTTP', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const response = await post(cluster.url, bytes);
      expect([200, 400]).toContain(response.status);
      await response.arrayBuffer();
    }),
    { seed: SEED, numRuns: 200 },
  );
  expect(cluster.faults).toEqual([]);
});

it('any message over the WebSocket', async () => {
  const socket = new WebSocket(cluster.wsUrl);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const names = ['account', 'program', 'logs', 'signature', 'slot', 'root', 'slotsUpdates', 'block', 'vote'];
  const calls = fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.nat(),
    method: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom('Subscribe', 'Unsubscribe'))
      .map(([name, action]) => name + action),
    params,
  });
  const messages = fc.oneof(
    calls.map((call) => JSON.stringify(call)),
    fc.string(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(messages, async (message) => {
      const answered = new Promise<string>((resolve) =>
        socket.once('message', (data) => resolve(data.toString())),
      );
      socket.send(message);
      expect(JSON.parse(await answered)).toMatchObject({ jsonrpc: '2.0' });
    }),
    { seed: SEED, numRuns: 300 },
  );
  await cluster.step(3);
  socket.terminate();
  expect(cluster.faults).toEqual([]);
});
