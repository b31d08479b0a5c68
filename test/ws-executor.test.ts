/** `/ws` of a real executor on the embedded cluster: trades without a hole, slots, latencies, the queue, a stop. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import type { TradeData } from '../src/control/ws-data.js';
import { ExecutorUnderTest, eventually, orderFor, QUIET_CLUSTER } from './support/executor-under-test.js';
import { TestClient } from './support/ws-client.js';

let executor: ExecutorUnderTest;
let control: ControlClient;
const clients: TestClient[] = [];

beforeAll(async () => {
  executor = new ExecutorUnderTest(QUIET_CLUSTER);
  control = await executor.ready();
});
afterAll(async () => {
  for (const client of clients) client.close();
  await executor.dispose();
});

async function connect(options: ConstructorParameters<typeof TestClient>[1] = {}): Promise<TestClient> {
  const client = new TestClient(control.url, options);
  clients.push(client);
  return client.opened();
}

it('a trade is submitted, seen in every state with its evidence, and told the same to every format', async () => {
  const [json, packed] = await Promise.all([connect(), connect({ format: 'msgpack' })]);
  for (const client of [json, packed]) {
    client.send({ type: 'subscribe', topics: ['trades'] });
    expect(await client.snapshotOf('trades')).toMatchObject({ sequence: 0, data: { trades: [] } });
  }
  const order = await orderFor(control, 'by-websocket');
  packed.send({ type: 'submit', requestId: 'first', trade: order });
  const { id } = await packed.frame('accepted');
  for (const client of [json, packed])
    await client.frame('event', (frame) => isIn(frame.data, id, 'finalized'));
  expect(json.events('trades')).toEqual(packed.events('trades'));
  const events = json.events('trades').filter(({ data }) => data.id === id);
  const states = events.map(({ data }) => data.state);
  expect(states.slice(0, 3)).toEqual(['queued', 'signed', 'sent']);
  expect(states.at(-1)).toBe('finalized');
  const landed = events.find(({ data }) => data.state === 'confirmed');
  expect(landed?.data.evidence.source).toMatch(/^(stream|rpc):/);
  expect(landed?.data.outcome?.slotDelta).toBeGreaterThanOrEqual(0);
  for (const { atMs, knownAtMs } of events) expect(knownAtMs).toBeGreaterThanOrEqual(atMs);
  expect(json.events('trades').map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: json.events('trades').length }, (_, index) => index + 1),
  );
});

it('HTTP and WebSocket are one door: the same request is the same trade, another one is refused', async () => {
  const client = await connect();
  const order = await orderFor(control, 'by-both');
  const { body } = await control.ask('POST', '/api/trades', order);
  client.send({ type: 'submit', requestId: 'again', trade: order });
  expect((await client.frame('accepted')).id).toBe((body as { id: string }).id);
  client.send({ type: 'submit', requestId: 'other', trade: { ...order, amount: '1' } });
  expect(await client.frame('error')).toMatchObject({
    requestId: 'other',
    status: 409,
    code: 'CLIENT_ORDER_ID_REUSED',
  });
  client.send({ type: 'cancel', requestId: 'none', tradeId: 'no-such-trade' });
  const unknown = await client.frame('error', ({ requestId }) => requestId === 'none');
  expect(unknown).toMatchObject({ status: 404, code: 'TRADE_UNKNOWN' });
});

it('a snapshot has the newest trades as they are', async () => {
  const client = await connect();
  client.send({ type: 'subscribe', topics: ['trades'] });
  const { data } = await client.snapshotOf('trades');
  expect(data?.trades.map(({ clientOrderId }) => clientOrderId)).toEqual(['by-both', 'by-websocket']);
});

it('slots, latencies and the queue are told while somebody listens', async () => {
  const client = await connect();
  client.send({ type: 'subscribe', topics: ['slots', 'latency', 'queue'] });
  const { data: first } = await client.snapshotOf('slots');
  expect((await client.snapshotOf('queue')).data).toMatchObject({ queued: 0, paused: null });
  await eventually('a later slot', () =>
    client.events('slots').find(({ data }) => data.finalizedSlot > (first?.finalizedSlot ?? 0)),
  );
  const latency = await eventually('latencies', () => client.events('latency')[0]);
  expect(latency.data.spansUs.intentToConfirmed?.count).toBeGreaterThanOrEqual(1);
  expect(latency.data.stagesUs.signed?.p50).toBeGreaterThan(0);
  client.send({ type: 'unsubscribe', requestId: 'enough', topics: ['slots'] });
  await client.frame('unsubscribed');
  const count = client.events('slots').length;
  client.send({ type: 'ping', requestId: 'later' });
  await client.frame('pong');
  expect(client.events('slots')).toHaveLength(count);
});

it('a stop is told at once, and what is submitted then is denied with its code', async () => {
  const client = await connect();
  client.send({ type: 'subscribe', topics: ['alerts'] });
  const { data } = await client.snapshotOf('alerts');
  expect(data).toMatchObject({ killSwitch: { active: false, grade: 'off' } });
  const breaker = data?.breakers[0];
  await control.post('/api/kill-switch', { reason: 'tested' });
  const stop = await client.frame(
    'event',
    (frame) => frame.topic === 'alerts' && frame.data.kind === 'killSwitch',
  );
  expect(stop.data).toMatchObject({ kind: 'killSwitch', active: true, grade: 'stop', reason: 'tested' });
  client.send({ type: 'submit', requestId: 'stopped', trade: await orderFor(control, 'stopped') });
  expect(await client.frame('error')).toMatchObject({ status: 403, code: 'KILL_SWITCH_ACTIVE' });
  await control.post('/api/kill-switch', { active: false, reason: 'tested' });
  await control.post(`/api/circuit-breakers/${breaker!.name}/open`);
  await client.frame(
    'event',
    (frame) => frame.topic === 'alerts' && frame.data.kind === 'breaker' && frame.data.state === 'forcedOpen',
  );
  await control.post(`/api/circuit-breakers/${breaker!.name}/close`);
});

it('clients are told when the executor ends', async () => {
  const client = await connect();
  executor.signal('SIGTERM');
  expect(await client.closed()).toEqual({ code: 1001, reason: 'the executor ends' });
});

const isIn = (data: object, id: string, state: TradeData['state']) =>
  (data as TradeData).id === id && (data as TradeData).state === state;
