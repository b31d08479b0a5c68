import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRpc } from '../../localnet/rpc/server.js';
import { post, startTestCluster, type TestCluster } from './rpc-cluster.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.close());

async function answerTo(body: string): Promise<unknown> {
  const text = await (await post(cluster.url, body)).text();
  return text === '' ? '' : JSON.parse(text);
}

const parseError = { jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null };
const invalidRequest = (id: unknown = null) => ({
  jsonrpc: '2.0',
  error: { code: -32600, message: 'Invalid request' },
  id,
});

describe('bodies that are no call', () => {
  it.each(['', '{', 'hello', '[1,', '{"a":}', '\u0000'])('%j is a parse error', async (body) => {
    expect(await answerTo(body)).toEqual(parseError);
  });

  it('nesting of 127 levels is read, one more is a parse error', async () => {
    const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
    expect(await answerTo(nested(127))).toEqual([invalidRequest()]);
    expect(await answerTo(nested(128))).toEqual(parseError);
    expect(await answerTo(nested(20_000))).toEqual(parseError);
  });

  it.each([
    ['1', null],
    ['{}', null],
    ['[]', null],
    ['{"jsonrpc":"2.0","id":7}', 7],
    ['{"jsonrpc":"1.0","id":7,"method":"getSlot"}', 7],
    ['{"jsonrpc":"2.0","id":7,"method":5}', 7],
    ['{"jsonrpc":"2.0","id":"x","method":"getSlot","params":"a"}', 'x'],
    ['{"jsonrpc":"2.0","id":7,"method":"getSlot","more":1}', 7],
    ['{"jsonrpc":"2.0","id":{},"method":"getSlot"}', null],
  ])('%s is an invalid request', async (body, id) => {
    expect(await answerTo(body)).toEqual(invalidRequest(id));
  });

  it('says so when the protocol version is missing', async () => {
    expect(await answerTo('{"id":1,"method":"getSlot"}')).toEqual({
      jsonrpc: '2.0',
      error: { code: -32600, message: 'Unsupported JSON-RPC protocol version' },
      id: 1,
    });
  });

  it.each(['nope', 'constructor', '__proto__', 'toString', ''])('%j is not a method', async (method) => {
    expect((await cluster.call(method)).error).toEqual({ code: -32601, message: 'Method not found' });
  });
});

describe('batches', () => {
  it('are answered in order, without the notifications', async () => {
    const answers = await answerTo(
      '[{"jsonrpc":"2.0","id":1,"method":"getHealth"},{"jsonrpc":"2.0","method":"getSlot"},5,{"jsonrpc":"2.0","id":"b","method":"nope"}]',
    );
    expect(answers).toEqual([
      { jsonrpc: '2.0', result: 'ok', id: 1 },
      invalidRequest(),
      { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: 'b' },
    ]);
  });

  it('of notifications only are answered with nothing', async () => {
    expect(await answerTo('[{"jsonrpc":"2.0","method":"getSlot"}]')).toBe('');
    expect(await answerTo('{"jsonrpc":"2.0","method":"getSlot"}')).toBe('');
  });

  it('of 1000 calls are answered, of 1001 refused', async () => {
    const batch = (size: number) => `[${Array(size).fill('1').join(',')}]`;
    expect(await answerTo(batch(1000))).toHaveLength(1000);
    expect(await answerTo(batch(1001))).toMatchObject({ error: { code: -32600 } });
  });
});

describe('parameters', () => {
  it.each([
    ['getSlot', [{}, {}], 'Invalid parameters: Expected from 0 to 1 parameters.'],
    ['getHealth', [1], 'Invalid parameters: No parameters were expected'],
    ['getBalance', [], '`params` should have at least 1 argument(s)'],
    ['getBalance', [5], 'Invalid params: invalid type: integer `5`, expected a string.'],
    ['getBalance', [null], 'Invalid params: invalid type: null, expected a string.'],
    ['getBalance', ['0OIl'], 'Invalid param: Invalid'],
    ['getBalance', ['abc'], 'Invalid param: WrongSize'],
    ['getBalance', ['1'.repeat(50_00)], 'Invalid param: WrongSize'],
    [
      'getSlot',
      ['confirmed'],
      'Invalid params: invalid type: string "confirmed", expected struct RpcContextConfig.',
    ],
    [
      'getSlot',
      [{ commitment: 'max' }],
      'Invalid params: unknown variant `max`, expected one of `processed`, `confirmed`, `finalized`.',
    ],
    ['getSlotLeaders', [0, 5001], 'Invalid limit; max 5000'],
    ['getSlotLeaders', [0, -1], 'Invalid params: invalid value: integer `-1`, expected u64.'],
    ['getSlotLeaders', [432 * 2 - 1, 2], 'Invalid slot range: leader schedule for epoch 2 is unavailable'],
    ['getBlock', [1.5], 'Invalid params: invalid type: floating point `1.5`, expected u64.'],
    ['isBlockhashValid', ['abc'], 'WrongSize'],
  ] as const)('%s %j: %s', async (method, params, message) => {
    const body = await cluster.call(method, ...params);
    expect(body.error).toMatchObject({ code: -32602, message });
  });

  it('by name are refused', async () => {
    const body = await answerTo('{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{"a":1}}');
    expect(body).toMatchObject({ error: { code: -32602, message: '`params` should be an array' } });
  });

  it('minContextSlot ahead of the node is refused with the slot that it has', async () => {
    const body = await cluster.call('getSlot', { commitment: 'processed', minContextSlot: 1_000_000 });
    expect(body.error).toEqual({
      code: -32016,
      message: 'Minimum context slot has not been reached',
      data: { contextSlot: 0 },
    });
  });
});

describe('HTTP', () => {
  it('GET /health answers ok', async () => {
    const response = await fetch(`${cluster.url}/health`);
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
  });

  it('a body of 50 KiB is read, one byte more is 413', async () => {
    const body = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    expect((await post(cluster.url, body(50 * 1024))).status).toBe(200);
    const refused = await post(cluster.url, body(50 * 1024 + 1));
    expect([refused.status, await refused.text()]).toEqual([
      413,
      'request body size exceeds allowed maximum',
    ]);
  });

  it('a chunked body beyond the limit is 413 too', async () => {
    const text = await exchange(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${'4000\r\n'}${'x'.repeat(0x4000)}\r\n4000\r\n${'x'.repeat(0x4000)}\r\n4000\r\n${'x'.repeat(0x4000)}\r\n4000\r\n${'x'.repeat(0x4000)}\r\n0\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  it('wants JSON', async () => {
    const response = await post(cluster.url, '{}', 'text/plain');
    expect(response.status).toBe(415);
    expect(await response.text()).toBe(
      'Supplied content type is not allowed. Content-Type: application/json is required\n',
    );
  });

  it('knows POST, OPTIONS and GET /health only', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(cluster.url, { method })).status).toBe(405);
    }
    expect((await fetch(cluster.url, { method: 'OPTIONS' })).status).toBe(200);
  });

  it('names the byte that is no UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('"ä\uFFFD'), Buffer.from([0xff, 0x22])]);
    const response = await post(cluster.url, body);
    expect([response.status, await response.text()]).toEqual([
      400,
      'utf-8 encoding error at byte 6 in request body',
    ]);
  });

  it('answers pipelined calls in their order, also when the first one waits for the engine', async () => {
    const { address } = cluster.genesis.wallets[0]!;
    const text = await exchange(
      request('requestAirdrop', [address, 5], 1) + request('getHealth', [], 2),
      '"id":2}',
    );
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(['1', '2']);
  });

  it.each(['\u0000\u0001garbage\r\n\r\n', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n'])(
    'closes the connection on %j and serves the others',
    async (bytes) => {
      expect(await exchange(bytes)).toMatch(/^HTTP\/1.1 (400|505) /);
      expect((await cluster.call('getHealth')).result).toBe('ok');
    },
  );

  it('refuses to start on a port that is taken', async () => {
    const { ledger, feed } = cluster.running;
    const start = startRpc({
      ledger,
      feed,
      engine: cluster.engine,
      host: '127.0.0.1',
      rpcPort: cluster.rpc.rpcPort,
      wsPort: 0,
    });
    await expect(start).rejects.toThrow(`127.0.0.1:${cluster.rpc.rpcPort}`);
  });
});

it('met no fault of its own', () => {
  expect(cluster.faults).toEqual([]);
});

function request(method: string, params: readonly unknown[], id: number): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
  return `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Writes raw bytes; answers what came until the server closed, or until `end` came. */
function exchange(bytes: string, end?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(cluster.rpc.rpcPort, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (end !== undefined && received.includes(end)) socket.destroy();
    });
    socket.on('close', () => resolve(received));
    // A reset after the answer is how an overlong body ends.
    socket.on('error', (error) => (received === '' ? reject(error) : resolve(received)));
  });
}
