/** A node that lags answers promptly and at length, with old news: it must be asked last. */
import { describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { asSignature } from '../src/model/brands.js';
import { ChainReader } from '../src/send/chain-reader.js';
import { type RpcCaller, RpcResponseError } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { LAG_POLL_MS, SlotLagPoll } from '../src/send/slot-lag-poll.js';
import { ManualClock } from './support/manual-clock.js';

class Node implements RpcCaller {
  readonly host: string;
  slot: number;
  answerMs: number;
  readonly asked: string[] = [];
  readonly #clock: ManualClock;
  hanging = false;
  failing = false;
  /** Of the error that it answers. */
  errorCode: number | undefined;

  constructor(clock: ManualClock, host: string, slot: number, answerMs: number) {
    this.#clock = clock;
    this.host = host;
    this.slot = slot;
    this.answerMs = answerMs;
  }

  async call(method: string): Promise<unknown> {
    this.asked.push(method);
    if (this.hanging) return new Promise(() => {});
    this.#clock.advance(this.answerMs);
    if (this.failing) throw new HotslotError('RPC_TIMEOUT');
    if (this.errorCode !== undefined) throw new RpcResponseError(this.errorCode, 'No.', undefined);
    return method === 'getSlot' ? this.slot : this.host;
  }
}

function setUp(slots: readonly [number, number]) {
  const clock = new ManualClock();
  const fast = new Node(clock, 'fast', slots[0], 5);
  const slow = new Node(clock, 'slow', slots[1], 200);
  return { clock, fast, slow, pool: new RpcPool([fast, slow], clock) };
}

const lags = (pool: RpcPool) => pool.health().map(({ lagSlots }) => lagSlots);
const first = async (pool: RpcPool) => (await pool.call('getBlockHeight', [])).host;

describe('a node that is behind', () => {
  it('is asked after a slower one that is not, and first again when it has caught up', async () => {
    const { fast, slow, pool } = setUp([100, 130]);
    await pool.measureLag(0);
    expect(lags(pool)).toEqual([30, 0]);
    expect(await first(pool)).toBe('slow');
    slow.failing = true;
    expect(await first(pool)).toBe('fast');
    slow.failing = false;
    fast.slot = 131;
    slow.slot = 131;
    await pool.measureLag(131);
    expect(await first(pool)).toBe('fast');
  });

  it('is measured against the stream as well: all nodes may lag', async () => {
    const { pool } = setUp([100, 100]);
    await pool.measureLag(140);
    expect(lags(pool)).toEqual([40, 40]);
  });

  it.each([
    [2, 'fast'],
    [3, 'slow'],
  ])('by %i slots is asked in the order %s first', async (behind, expected) => {
    const { pool, slow } = setUp([100, 100 + behind]);
    slow.answerMs = 50;
    // Measured one after the other: on this clock two calls at once would share their time.
    for (const host of pool.hosts) await pool.call('getBlockHeight', [], { host });
    slow.answerMs = 0;
    await pool.measureLag(0);
    expect(await first(pool)).toBe(expected);
  });
});

it('a node that fails to say its slot keeps the lag it had, and its failure counts', async () => {
  const { fast, pool } = setUp([100, 130]);
  await pool.measureLag(0);
  fast.failing = true;
  await pool.measureLag(0);
  expect(pool.health()[0]).toMatchObject({ lagSlots: 30, lastError: 'RPC_TIMEOUT' });
});

it('an open breaker spares the node', async () => {
  const clock = new ManualClock();
  const node = new Node(clock, 'one', 5, 1);
  const guard = { isClosed: () => false, succeeded: () => {}, failed: () => {} };
  await new RpcPool([node], clock, guard).measureLag(9);
  expect(node.asked).toEqual([]);
});

describe('the poll', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('asks about every two seconds, never twice at once, and no more once closed', async () => {
    const { clock, fast, slow, pool } = setUp([100, 100]);
    fast.answerMs = 0;
    slow.answerMs = 0;
    const poll = new SlotLagPoll({ pool, clock, random: { next: () => 0.5 }, newestSlot: () => 0 });
    for (let second = 0; second < 10; second++) {
      clock.advance(1_000);
      await turn();
    }
    expect(fast.asked).toHaveLength(10_000 / LAG_POLL_MS);
    slow.hanging = true;
    clock.advance(LAG_POLL_MS);
    await turn();
    const asked = fast.asked.length;
    clock.advance(60_000);
    await turn();
    expect(fast.asked).toHaveLength(asked);
    poll.close();
  });

  it('spreads over a second', () => {
    const delays = [0, 0.999].map((value) => {
      const { clock, fast, pool } = setUp([1, 1]);
      fast.answerMs = 0;
      const startMs = clock.nowMs();
      const poll = new SlotLagPoll({ pool, clock, random: { next: () => value }, newestSlot: () => 0 });
      while (fast.asked.length === 0) clock.advance(10);
      poll.close();
      return clock.nowMs() - startMs;
    });
    expect(delays[0]).toBe(1_500);
    expect(delays[1]).toBeGreaterThan(2_400);
  });
});

describe('a question that the healthiest node cannot settle', () => {
  it('goes to the next one, and round', async () => {
    const { pool } = setUp([100, 100]);
    for (const host of ['fast', 'slow', 'fast', 'slow']) await pool.call('getBlockHeight', [], { host });
    const hosts = [];
    for (const turn of [0, 1, 2, 3]) hosts.push((await pool.call('getBlockHeight', [], { turn })).host);
    expect(hosts).toEqual(['fast', 'slow', 'fast', 'slow']);
  });

  it('goes to the next one for a transaction that the healthiest does not know', async () => {
    const { pool } = setUp([100, 100]);
    for (const host of pool.hosts) await pool.call('getBlockHeight', [], { host });
    const reader = new ChainReader(pool);
    const answers = [];
    for (const turn of [0, 1]) answers.push(await reader.transaction(asSignature('one'), turn));
    expect(answers).toEqual(['fast', 'slow']);
  });
});

describe('a node that does not have what is asked for', () => {
  it.each([-32_010, -32_011, -32_012, -32_019])(
    'and answers %i is passed over, counts as well, and is asked first again',
    async (code) => {
      const { fast, pool } = setUp([100, 100]);
      for (const host of pool.hosts) await pool.call('getBlockHeight', [], { host });
      fast.errorCode = code;
      expect((await pool.call('getTransaction', [])).host).toBe('slow');
      expect(pool.health()[0]).toMatchObject({ isFailing: false, failureShare: 0, lastError: undefined });
      fast.errorCode = undefined;
      expect(await first(pool)).toBe('fast');
    },
  );

  it('is told where no other does: its answer is thrown', async () => {
    const { fast, slow, pool } = setUp([100, 100]);
    for (const node of [fast, slow]) node.errorCode = -32_011;
    await expect(pool.call('getTransaction', [])).rejects.toMatchObject({ rpcCode: -32_011 });
    expect([fast.asked.length, slow.asked.length]).toEqual([1, 1]);
  });
});

it('a refusal of the request itself is not asked of another node', async () => {
  const { fast, slow, pool } = setUp([100, 100]);
  fast.errorCode = -32_602;
  await expect(pool.call('getTransaction', [])).rejects.toMatchObject({ rpcCode: -32_602 });
  expect(slow.asked).toEqual([]);
});

describe('an endpoint that was well for long', () => {
  it('counts as failing from its first failure on, until it answers again', async () => {
    const { fast, slow, pool } = setUp([100, 100]);
    for (let call = 0; call < 20; call += 1) await pool.measureLag(100);
    const failing = () => pool.health().map(({ isFailing }) => isFailing);
    expect(failing()).toEqual([false, false]);
    fast.failing = true;
    slow.failing = true;
    await expect(pool.call('getBlockHeight', [])).rejects.toThrow();
    expect(failing()).toEqual([true, true]);
    slow.failing = false;
    await pool.call('getBlockHeight', []);
    expect(failing()).toEqual([true, false]);
  });
});

describe('how long no endpoint has answered', () => {
  it('is since the last of them began to fail, and nothing while one answers', async () => {
    const { clock, fast, slow, pool } = setUp([100, 100]);
    expect(pool.downMs()).toBe(0);
    await pool.measureLag(100);
    fast.failing = true;
    await pool.measureLag(100);
    clock.advance(60_000);
    expect(pool.downMs()).toBe(0);
    slow.failing = true;
    await pool.measureLag(100);
    const failedMs = clock.nowMs();
    await pool.measureLag(100);
    clock.advance(30_000);
    expect(pool.downMs()).toBe(clock.nowMs() - failedMs);
    fast.failing = false;
    await pool.measureLag(100);
    expect(pool.downMs()).toBe(0);
  });
});

describe('a breaker that was opened by hand', () => {
  it('hides no outage: its node is not asked, and the others are down', async () => {
    const clock = new ManualClock();
    const [shut, other] = [new Node(clock, 'shut', 0, 1), new Node(clock, 'other', 0, 1)];
    const open = new Set<string>();
    const guard = {
      isClosed: (host: string) => !open.has(host),
      isForcedOpen: (host: string) => open.has(host),
      succeeded: () => {},
      failed: () => {},
    };
    const pool = new RpcPool([shut, other], clock, guard);
    await pool.measureLag(1);
    open.add('shut');
    other.failing = true;
    await pool.measureLag(1);
    clock.advance(30_000);
    expect([pool.isDown, pool.downMs()]).toEqual([true, 30_000]);
    open.add('other');
    expect(pool.downMs()).toBe(0);
    clock.advance(5_000);
    expect([pool.isDown, pool.downMs()]).toEqual([true, 5_000]);
    open.clear();
    expect([pool.isDown, pool.downMs()]).toEqual([false, 0]);
  });
});

it('how far the stream is behind the newest node is measured beside', async () => {
  const { pool } = setUp([100, 130]);
  expect(pool.streamLagSlots).toBeUndefined();
  await pool.measureLag(0);
  expect(pool.streamLagSlots).toBeUndefined();
  await pool.measureLag(90);
  expect(pool.streamLagSlots).toBe(40);
  await pool.measureLag(200);
  expect(pool.streamLagSlots).toBe(0);
});
