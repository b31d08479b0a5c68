/** Who may connect to `/ws`, and what each may do there: as over HTTP, and no page of another site. */
import { afterEach, describe, expect, it } from 'vitest';
import { Access } from '../src/control/access.js';
import { type ControlServer, startControlServer } from '../src/control/control-server.js';
import { LiveHub } from '../src/control/live-hub.js';
import type { Operations } from '../src/control/operations.js';
import {
  IDLE_TIMEOUT_S,
  MAX_FRAME_BYTES,
  MAX_WS_CONNECTIONS,
  mountWebSocket,
  type WebSocketPlane,
} from '../src/control/websocket.js';
import { systemClock } from '../src/time/clock.js';
import { TestClient } from './support/ws-client.js';

const TOKENS = { admin: 'admin-token', trade: 'trade-token', read: 'read-token' };
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const inProtocol = (token: string) => ({
  protocols: ['hotslot.v1', `bearer.${Buffer.from(token).toString('base64url')}`],
});

let server: ControlServer | undefined;
let plane: WebSocketPlane | undefined;
let hub: LiveHub;
const clients: TestClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  plane?.close();
  server?.close();
});

const operations = {
  intentDefaults: () => ({ slippageBps: 100, deadlineMs: 1_000, validityBlocks: 150 }),
  submit: () => ({ id: 'trade-1', state: 'queued' }),
  cancel: () => ({ trade: { id: 'trade-1', state: 'cancelled', attempts: [] }, outcome: 'cancelled' }),
} as unknown as Operations;

const ORDER = {
  clientOrderId: 'order-1',
  inputMint: 'So11111111111111111111111111111111111111112',
  outputMint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  amount: '1000',
  mode: 'exactIn',
};

async function listen(tokens: Partial<typeof TOKENS> = {}, maxConnections?: number): Promise<string> {
  const access = new Access({
    admin: undefined,
    trade: undefined,
    read: undefined,
    ...tokens,
    loopback: true,
  });
  const onUnexpected = (error: unknown) => {
    throw error;
  };
  server = await startControlServer({
    host: '127.0.0.1',
    port: 0,
    portSetting: 'CONTROL_PORT',
    routes: [],
    access,
    clock: systemClock,
    onUnexpected,
    ...(maxConnections === undefined ? {} : { maxConnections }),
    extend: (app, onSocketGone) => {
      hub = new LiveHub({ clock: systemClock, defer: setImmediate });
      plane = mountWebSocket(app, {
        hub,
        operations,
        access,
        clock: systemClock,
        startedAtMs: 1,
        onSocketGone,
        onUnexpected,
      });
    },
  });
  return `http://127.0.0.1:${server.port}`;
}

async function connect(url: string, options: ConstructorParameters<typeof TestClient>[1] = {}) {
  const client = new TestClient(url, options);
  clients.push(client);
  return client.opened();
}

describe('connecting', () => {
  it('counts as a connection as long as the socket lives, and not after it', async () => {
    const url = await listen({}, 3);
    for (let number = 0; number < 10; number++) {
      const { socket } = await connect(url);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      if (number % 2 === 0) socket.close();
      else socket.terminate();
      await closed;
    }
    await connect(url);
  });

  it('needs a token where one is configured: in the header, or for browsers in a subprotocol', async () => {
    const url = await listen(TOKENS);
    expect(await TestClient.refusal(url)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(await TestClient.refusal(url, bearer('wrong'))).toMatchObject({ status: 401 });
    expect(await TestClient.refusal(url, inProtocol('wrong'))).toMatchObject({ status: 401 });
    expect(await TestClient.refusal(url, { query: '?token=admin-token' })).toMatchObject({ status: 401 });
    await connect(url, bearer(TOKENS.read));
    const client = await connect(url, inProtocol(TOKENS.read));
    // The token is not sent back.
    expect(client.socket.protocol).toBe('hotslot.v1');
  });

  it('is refused to a page of another site and to a rebound name, with or without a token', async () => {
    const url = await listen(TOKENS);
    const host = url.slice('http://'.length);
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `http://${host}0` },
      { host: `evil.example:${server!.port}` },
    ]) {
      const refusal = await TestClient.refusal(url, {
        headers: { ...bearer(TOKENS.admin).headers, ...headers },
      });
      expect(refusal).toEqual({ status: 403, code: 'ORIGIN_REFUSED' });
    }
    await connect(url, { headers: { ...bearer(TOKENS.read).headers, origin: url } });
  });

  it('names the formats that there are', async () => {
    const url = await listen();
    const refused = { status: 400, code: 'INTENT_FIELD_INVALID' };
    expect(await TestClient.refusal(url, { query: '?format=xml' })).toEqual(refused);
    expect(await TestClient.refusal(url, { protocols: ['graphql-ws'] })).toEqual(refused);
  });

  it('is bounded', async () => {
    const url = await listen();
    await Promise.all(Array.from({ length: MAX_WS_CONNECTIONS }, () => connect(url)));
    expect(await TestClient.refusal(url)).toEqual({ status: 429, code: 'TOO_MANY_CONNECTIONS' });
    clients.pop()!.close();
    await connect(url);
  });
});

describe('a connected client', () => {
  it('with a read token listens and can change nothing', async () => {
    const url = await listen(TOKENS);
    const client = await connect(url, bearer(TOKENS.read));
    expect(client.frames[0]).toMatchObject({ type: 'welcome', mayTrade: false });
    client.send({ type: 'subscribe', requestId: '1', topics: ['trades'] });
    await client.snapshotOf('trades');
    client.send({ type: 'submit', requestId: '2', trade: ORDER });
    client.send({ type: 'cancel', requestId: '3', tradeId: 'trade-1' });
    for (const requestId of ['2', '3']) {
      const error = await client.frame('error', (frame) => frame.requestId === requestId);
      expect(error).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    }
  });

  it('with a trade token submits and cancels, and each answer has its request id', async () => {
    const url = await listen(TOKENS);
    const client = await connect(url, inProtocol(TOKENS.trade));
    client.send({ type: 'submit', requestId: 'one', trade: ORDER });
    expect(await client.frame('accepted')).toMatchObject({
      requestId: 'one',
      id: 'trade-1',
      state: 'queued',
    });
    client.send({ type: 'cancel', requestId: 'two', tradeId: 'trade-1' });
    expect(await client.frame('cancel')).toMatchObject({ requestId: 'two', outcome: 'cancelled' });
  });

  it('is told what is wrong with a frame, in the codes of HTTP, and stays', async () => {
    const client = await connect(await listen());
    const { amount: _amount, ...incomplete } = ORDER;
    const cases = [
      ['[]', 'INTENT_MALFORMED', undefined],
      ['{', 'INTENT_MALFORMED', undefined],
      ['{"type":"sell","requestId":"x"}', 'INTENT_FIELD_INVALID', 'type'],
      ['{"type":"subscribe","topics":["news"]}', 'INTENT_FIELD_INVALID', 'topics'],
      ['{"type":"subscribe","topics":[]}', 'INTENT_FIELD_INVALID', 'topics'],
      ['{"type":"ping","more":1}', 'INTENT_UNKNOWN_FIELD', 'more'],
      ['{"type":"cancel","tradeId":"1"}', 'INTENT_FIELD_INVALID', 'requestId'],
      [
        JSON.stringify({ type: 'submit', requestId: 'x', trade: incomplete }),
        'INTENT_FIELD_MISSING',
        'amount',
      ],
    ] as const;
    for (const [index, [text, code, field]] of cases.entries()) {
      client.socket.send(text);
      const errors = () => client.frames.filter(({ type }) => type === 'error');
      await client.frame('error', (frame) => errors().indexOf(frame) === index);
      expect(errors()[index]).toMatchObject({ code, ...(field === undefined ? {} : { field }) });
    }
    expect(client.frames.filter(({ type }) => type === 'error')[2]).toMatchObject({ requestId: 'x' });
    client.send({ type: 'ping', requestId: 'still here' });
    expect(await client.frame('pong')).toMatchObject({ requestId: 'still here' });
  });

  it('speaks MessagePack both ways where it asked for it', async () => {
    const url = await listen();
    const client = await connect(url, { format: 'msgpack' });
    client.send({ type: 'submit', requestId: 'packed', trade: ORDER });
    expect(await client.frame('accepted')).toMatchObject({ requestId: 'packed' });
    client.socket.send(Buffer.from([0x92, 0x01]));
    expect(await client.frame('error')).toMatchObject({ code: 'INTENT_MALFORMED' });
    const negotiated = await connect(url, {
      format: 'msgpack',
      query: '',
      protocols: ['hotslot.v1.msgpack'],
    });
    expect(negotiated.socket.protocol).toBe('hotslot.v1.msgpack');
  });

  it('that sends too long a frame is closed with 1009', async () => {
    const client = await connect(await listen());
    client.socket.send(`{"type":"ping","requestId":"${'x'.repeat(MAX_FRAME_BYTES)}"}`);
    expect(await client.closed()).toMatchObject({ code: 1009 });
  });

  it('that reads late is told the newest of everything, and what each frame stands for', async () => {
    const client = await connect(await listen());
    client.send({ type: 'subscribe', topics: ['alerts'] });
    await client.snapshotOf('alerts');
    client.socket.pause();
    const keys = 20;
    const count = keys * 100;
    for (let index = 0; index < count; index++) {
      publishAlert(`alert ${index % keys}`, index);
      // Each round leaves on its own, so that the system's buffers fill up.
      if (index % keys === keys - 1) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    client.socket.resume();
    await client.frame('event', ({ sequence }) => sequence === count);
    const events = client.events('alerts');
    expect(events.length).toBeLessThan(count);
    expect(events.reduce((sum, { conflated }) => sum + 1 + (conflated ?? 0), 0)).toBe(count);
    expect(events.map(({ sequence }) => sequence)).toEqual(
      events.map(({ sequence }) => sequence).sort((a, b) => a - b),
    );
  });

  it('is told when the executor ends', async () => {
    const client = await connect(await listen());
    plane!.close();
    expect(await client.closed()).toMatchObject({ code: 1001 });
  });

  it('is pinged: silence is no end, but a dead connection is', () => {
    expect(IDLE_TIMEOUT_S % 4).toBe(0);
    expect(IDLE_TIMEOUT_S).toBeGreaterThan(8);
  });
});

const PADDING = 'x'.repeat(16_000);

function publishAlert(name: string, value: number): void {
  const data = { kind: 'alert', name, level: 'warn', state: 'raised', message: PADDING, value, sinceMs: 1 };
  hub.publish('alerts', { key: name, atMs: 1, knownAtMs: 1, render: () => data });
}
