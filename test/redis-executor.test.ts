/**
 * Executors as processes with a real Redis: prices and events appear, Redis killed under a load of trades harms none of
 * them, and a stop is everybody's until an operator releases it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ControlClient } from '../src/cli/control-client.js';
import { killSwitchAnswerSchema } from '../src/control/schemas/risk.js';
import { statusSchema } from '../src/control/schemas/status.js';
import {
  ExecutorUnderTest,
  eventually,
  orderFor,
  poolsOf,
  problemOf,
  QUIET_CLUSTER,
  tradeIn,
} from './support/executor-under-test.js';
import { RedisUnderTest } from './support/redis-under-test.js';

const MINT = '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr';
const SOL = 'So11111111111111111111111111111111111111112';
const PASSWORD = 'correct-horse';
const EVENTS = 'aggregator:events';
/** Two executors and their clusters, on a machine that has other work too. */
const START_MS = 150_000;
const DENIED = { status: 403, code: 'KILL_SWITCH_ACTIVE' };

let redis: RedisUnderTest;
let a: ExecutorUnderTest;
let b: ExecutorUnderTest;
let toA: ControlClient;
let toB: ControlClient;

const started: ExecutorUnderTest[] = [];

function start(onLoss: string, directory?: string): ExecutorUnderTest {
  const executor = new ExecutorUnderTest(settings(onLoss), directory);
  started.push(executor);
  return executor;
}

/** One that trades on without Redis, and one that reduces. */
const settings = (onLoss: string) => ({ ...QUIET_CLUSTER, REDIS_URL: redis.url, ON_REDIS_LOSS: onLoss });

beforeAll(async () => {
  redis = await RedisUnderTest.start('--requirepass', PASSWORD);
  // One after the other: two clusters that start at once take a small machine's processors from each other.
  a = start('continue');
  toA = await a.ready();
  b = start('reduce');
  toB = await b.ready();
}, START_MS);
afterAll(async () => {
  await Promise.all(started.map((executor) => executor.dispose()));
  await redis.remove();
});

const submit = async (control: ControlClient, id: string) =>
  control.ask('POST', '/api/trades', await orderFor(control, id));
const idOf = ({ body }: { body: unknown }) => (body as { id: string }).id;

interface Status {
  readonly risk: { readonly killSwitch: { readonly grade: string; readonly reason: string } };
  readonly health: { readonly checks: readonly { readonly name: string; readonly level: string }[] };
}
const statusOf = async (control: ControlClient) => (await control.ask('GET', '/api/status')).body as Status;
const reaches = (control: ControlClient, grade: string) =>
  eventually(`the grade ${grade}`, async () =>
    (await statusOf(control)).risk.killSwitch.grade === grade ? true : undefined,
  );

async function redisBreaker(control: ControlClient): Promise<string> {
  const { body } = await control.ask('GET', '/api/circuit-breakers');
  const { breakers } = body as { breakers: { name: string; state: string }[] };
  return breakers.find(({ name }) => name === 'redis')?.state ?? 'none';
}

it('prices of the hot pools are in Redis, with source, slot and age', async () => {
  const found = await eventually(
    'a price',
    async () => (await redis.client.get(`aggregator:price:${MINT}`)) ?? undefined,
  );
  const price = JSON.parse(found);
  const pool = (await poolsOf(toA)).find(({ mint0, mint1 }) => mint0 === MINT || mint1 === MINT)!;
  expect(price).toMatchObject({ mint: MINT, quoteMint: SOL, source: `raydium-cpmm:${pool.pool}` });
  expect(Number(price.price)).toBeGreaterThan(0);
  expect(price.atMs).toBeGreaterThanOrEqual(price.changedAtMs);
  expect(price.slot).toBeGreaterThan(0);
  expect(await redis.client.ttl(`aggregator:price:${MINT}`)).toBeGreaterThan(0);
  await eventually('pools, and the status of both executors', async () => {
    const found = await redis.client.keys('aggregator:*');
    const statuses = found.filter((key) => key.startsWith('aggregator:status:'));
    const texts = await Promise.all(statuses.map((key) => redis.client.get(key)));
    const areOff = texts.every((text) => JSON.parse(text ?? '{}').killSwitch === 'off');
    return areOff && statuses.length === 2 && found.includes('aggregator:pools') ? true : undefined;
  });
});

it('every change of a trade is on the event stream, with both times and its evidence', async () => {
  const id = idOf(await submit(toA, 'told'));
  await tradeIn(toA, id, ['finalized']);
  const changes = await eventually('its events', async () => {
    const found = (await redis.entries(EVENTS)).filter(({ tradeId }) => tradeId === id);
    return found.at(-1)?.state === 'finalized' ? found : undefined;
  });
  const { body } = await toA.ask('GET', `/api/trades/${id}`);
  const { history } = body as {
    history: { state: string; atMs: number; knownAtMs: number; evidence: unknown }[];
  };
  expect(
    changes.map(({ state, atMs, knownAtMs, evidence }) => ({
      state,
      atMs: Number(atMs),
      knownAtMs: Number(knownAtMs),
      evidence: JSON.parse(evidence!),
    })),
  ).toEqual(history.filter(({ state }) => state !== 'accepted'));
});

it(
  'trades go on to their ends while Redis is dead, and are all told of when it is back',
  async () => {
    const before = await Promise.all(['l1', 'l2', 'l3', 'l4'].map((id) => submit(toA, id)));
    await redis.kill();
    const during = await Promise.all(['l5', 'l6', 'l7', 'l8'].map((id) => submit(toA, id)));
    const ids = [...before, ...during].map(idOf);
    // With Redis dead: that it is waited for nowhere is seen by the states that they reach.
    for (const id of ids) await tradeIn(toA, id, ['finalized']);
    expect(await redisBreaker(toA)).not.toBe('closed');
    expect((await statusOf(toA)).health.checks).toContainEqual(
      expect.objectContaining({ name: 'redis', level: 'warn' }),
    );
    await reaches(toB, 'reduce');
    expect((await statusOf(toB)).risk.killSwitch).toMatchObject({ reason: 'redisLost' });
    // The one that was told to trades on even now.
    expect((await statusOf(toA)).risk.killSwitch.grade).toBe('off');
    await tradeIn(toA, idOf(await submit(toA, 'l9')), ['finalized']);

    await redis.bringBack();
    await reaches(toB, 'off');
    await eventually('the breaker', async () => ((await redisBreaker(toA)) === 'closed' ? true : undefined));
    await eventually('the ends on the stream', async () => {
      const ends = (await redis.entries(EVENTS)).filter(({ state }) => state === 'finalized');
      return during.map(idOf).every((id) => ends.some(({ tradeId }) => tradeId === id)) ? true : undefined;
    });
    await tradeIn(toB, idOf(await submit(toB, 'again')), ['finalized']);
  },
  START_MS,
);

it(
  'a stop on one is a stop on both, whatever becomes of Redis and of the executor',
  async () => {
    // All on one pool, so that most of them wait.
    const order = await orderFor(toA, 'q');
    const queued = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        toA.ask('POST', '/api/trades', { ...order, clientOrderId: `q${index}` }),
      ),
    );
    const stop = await toB.ask('POST', '/api/kill-switch', { reason: 'losing' });
    expect(stop).toMatchObject({ status: 200, body: { grade: 'stop', shared: true } });
    killSwitchAnswerSchema.strict().parse(stop.body);
    await reaches(toA, 'stop');
    expect((await statusOf(toA)).risk.killSwitch).toMatchObject({ reason: 'losing' });
    expect(problemOf(await submit(toA, 'stopped'))).toMatchObject(DENIED);
    // What waited on the other executor is over as well.
    await tradeIn(toA, idOf(queued.at(-1)!), ['cancelled']);
    expect((await toA.ask('GET', '/api/queue/status')).body).toMatchObject({ queued: 0 });
    const told = await eventually('the change on the stream', async () =>
      (await redis.entries(EVENTS)).find(({ grade, source }) => grade === 'stop' && source === 'redis'),
    );
    expect(told).toMatchObject({ type: 'killSwitch', action: 'trip' });
    expect(Number(told.knownAtMs)).toBeGreaterThanOrEqual(Number(told.atMs));

    await a.stop();
    await redis.client.flushall();
    a = start('continue', a.directory);
    // From its first answer on, long before it is ready; and that early it hears of the release.
    toA = await a.control();
    expect((await statusOf(toA)).risk.killSwitch.grade).toBe('stop');

    const release = await toB.ask('POST', '/api/kill-switch', { active: false, reason: 'checked' });
    expect(release).toMatchObject({ status: 200, body: { active: false, shared: true } });
    await reaches(toA, 'off');
    await tradeIn(toB, idOf(await submit(toB, 'after')), ['finalized']);
  },
  START_MS,
);

it(
  'a trade that ends as the next life of its executor takes it up is told of as well',
  async () => {
    const order = await orderFor(toA, 'left');
    const left = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        toA.ask('POST', '/api/trades', { ...order, clientOrderId: `left${index}` }),
      ),
    );
    a.signal('SIGKILL');
    await a.exited();
    await toB.ask('POST', '/api/kill-switch', { reason: 'meanwhile' });
    a = start('continue', a.directory);
    toA = await a.ready();
    const last = await tradeIn(toA, idOf(left.at(-1)!), ['cancelled']);
    await eventually('its end on the stream', async () =>
      (await redis.entries(EVENTS)).find(
        ({ tradeId, state }) => tradeId === last.id && state === 'cancelled',
      ),
    );
  },
  START_MS,
);

it('the password of Redis is nowhere to be read', async () => {
  const status = await statusOf(toB);
  statusSchema.strict().parse(status);
  expect(JSON.stringify([a.log(), b.log(), status])).not.toContain(PASSWORD);
  expect(readFileSync(`/proc/${a.pid}/cmdline`, 'utf8')).not.toContain(PASSWORD);
});

it('`doctor` asks Redis', async () => {
  const look = async (url: string) => {
    const entry = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
    const env = { PATH: process.env.PATH ?? '', HOTSLOT_URL: 'http://127.0.0.1:1', REDIS_URL: url };
    const child = spawn(process.execPath, [entry, 'doctor', '--json'], { env, cwd: a.directory });
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; level: string; detail: string }[];
    };
    return findings.find(({ check }) => check === 'redis');
  };
  const wrong = redis.url.replace(PASSWORD, 'battery-staple');
  const [taken, refused] = await Promise.all([look(redis.url), look(wrong)]);
  expect(taken).toEqual({ check: 'redis', level: 'ok', detail: 'answers' });
  expect(refused).toMatchObject({ level: 'bad' });
  expect(refused?.detail).not.toContain('battery-staple');
});
