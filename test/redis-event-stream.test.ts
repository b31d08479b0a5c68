/** The event stream on a real Redis: in order and whole, over an outage too; past its bound it says what is missing. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TradeEvent } from '../src/lifecycle/trade-desk.js';
import type { Log } from '../src/logging/log.js';
import { RedisConnection } from '../src/redis/connection.js';
import { EventStream, MAX_BUFFERED_EVENTS, MAX_EVENTS_A_TURN } from '../src/redis/event-stream.js';
import { BreakerRegistry } from '../src/risk/breakers.js';
import { systemClock } from '../src/time/clock.js';
import { systemRandom } from '../src/time/random.js';
import { eventually } from './support/executor-under-test.js';
import { RedisUnderTest } from './support/redis-under-test.js';

const KEY = 'aggregator:events';
const quiet = () => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let redis: RedisUnderTest;
let connection: RedisConnection;
let events: EventStream;

beforeEach(async () => {
  redis = await RedisUnderTest.start();
  const registry = new BreakerRegistry({ clock: systemClock });
  const breaker = registry.for('redis', { halfOpenAfterMs: 100, minCalls: 3, window: 8 });
  connection = new RedisConnection({ url: redis.url, breaker, random: systemRandom, log });
  events = new EventStream({ connection, key: KEY, executor: 'x-1', clock: systemClock });
});
afterEach(async () => {
  await events.close();
  connection.close();
  await redis.remove();
});

function tell(from: number, to: number): void {
  for (let index = from; index < to; index += 1) {
    const trade = {
      id: `t-${index}`,
      intent: { clientOrderId: `o-${index}` },
      wallet: 'w',
      pool: 'p',
      attempts: [{ signature: 's' }],
      outcome: { slot: 7, slotDelta: 2 },
    };
    const change = {
      state: 'confirmed',
      atMs: 1,
      knownAtMs: 2,
      evidence: { source: 'stream:a', slot: 7, commitment: 'confirmed' },
    };
    events.onTrade({ trade, change, attempts: 1 } as unknown as TradeEvent);
  }
}

const length = () => redis.client.xlen(KEY);
const holds = (count: number) =>
  eventually(`${count} events`, async () => ((await length()) >= count ? true : undefined));

it('has each change with both times and its evidence, in order', async () => {
  tell(0, 3 * MAX_EVENTS_A_TURN + 5);
  await holds(3 * MAX_EVENTS_A_TURN + 5);
  const entries = await redis.entries(KEY);
  expect(entries.map(({ tradeId }) => tradeId)).toEqual(entries.map((_, index) => `t-${index}`));
  expect(entries[0]).toMatchObject({
    type: 'trade',
    executor: 'x-1',
    clientOrderId: 'o-0',
    state: 'confirmed',
    atMs: '1',
    knownAtMs: '2',
    signature: 's',
    slot: '7',
    slotDelta: '2',
  });
  expect(JSON.parse(entries[0]!.evidence!)).toEqual({ source: 'stream:a', slot: 7, commitment: 'confirmed' });
  const seqs = entries.map(({ seq }) => Number(seq));
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
});

it('keeps what is told while Redis is gone, and writes it when it is back, each at least once', async () => {
  tell(0, 10);
  await holds(10);
  await redis.kill();
  tell(10, 200);
  await eventually('a turn without Redis', () => (connection.isConnected ? undefined : true));
  await redis.bringBack();
  await holds(190);
  const entries = await redis.entries(KEY);
  const told = Array.from({ length: 190 }, (_, index) => `t-${index + 10}`);
  expect([...new Set(entries.map(({ tradeId }) => tradeId))]).toEqual(told);
  expect(entries.some(({ type }) => type === 'gap')).toBe(false);
  expect(events.counts).toEqual({ buffered: 0, dropped: 0 });
});

it('drops the oldest past its bound, counts them, and says so before it goes on', async () => {
  await redis.kill();
  const over = 3 * MAX_EVENTS_A_TURN;
  tell(0, MAX_BUFFERED_EVENTS + over);
  const { buffered, dropped } = events.counts;
  expect(buffered).toBeLessThanOrEqual(MAX_BUFFERED_EVENTS);
  expect(buffered + dropped).toBe(MAX_BUFFERED_EVENTS + over);
  await redis.bringBack();
  await holds(buffered + 1);
  const [gap, ...rest] = await redis.entries(KEY);
  expect(gap).toMatchObject({ type: 'gap', executor: 'x-1', dropped: String(dropped) });
  expect(Number(gap!.toSeq) - Number(gap!.fromSeq) + 1).toBe(dropped);
  expect(Number(rest[0]!.seq)).toBe(Number(gap!.toSeq) + 1);
  expect(rest.map(({ tradeId }) => tradeId)).toEqual(rest.map((_, index) => `t-${index + dropped}`));
});
