/**
 * Executors on one Redis share the kill switch, on a real redis-server: a stop reaches all of them, only an operator's
 * release ends it, and neither an emptied Redis nor one that is gone does. Who has lost sight of the switch reduces.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import type { Log } from '../src/logging/log.js';
import { RedisConnection } from '../src/redis/connection.js';
import { redisKeys } from '../src/redis/keys.js';
import { RedisSide } from '../src/redis/redis-side.js';
import { LOOK_MS, SwitchShare, UNWRITTEN_LOG_MS } from '../src/redis/switch-share.js';
import { BreakerRegistry } from '../src/risk/breakers.js';
import { KillSwitch } from '../src/risk/kill-switch.js';
import { systemClock } from '../src/time/clock.js';
import { systemRandom } from '../src/time/random.js';
import { eventually } from './support/executor-under-test.js';
import { ManualClock } from './support/manual-clock.js';
import { RedisUnderTest } from './support/redis-under-test.js';

const HASH = 'aggregator:kill-switch';
const quiet = () => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let root: string;
let redis: RedisUnderTest;
let members: Member[];

/** What of an executor has to do with the switch. */
class Member {
  readonly killSwitch: KillSwitch;
  readonly breakers = new BreakerRegistry({ clock: systemClock });
  readonly side: RedisSide;

  constructor(name: string, onLoss: 'reduce' | 'continue' = 'reduce', url = redis.url) {
    const path = join(root, name, 'kill-switch.json');
    this.killSwitch = new KillSwitch({ path, sharedAs: name });
    const { killSwitch, breakers } = this;
    const config = {
      REDIS_PREFIX: 'aggregator:',
      ON_REDIS_LOSS: onLoss,
      QUOTE_MINT: 'So11111111111111111111111111111111111111112',
      MAX_POOL_AGE_SLOTS: 4,
    } as const;
    const parts = { clock: systemClock, random: systemRandom, log };
    this.side = new RedisSide({ url, config, executor: name, killSwitch, breakers, ...parts });
    members.push(this);
  }

  /** As an operator does it here. */
  async stop(reason = 'losing'): Promise<boolean> {
    this.killSwitch.engage('stop', reason, 'http');
    return this.side.shareKillSwitch();
  }

  async release(reason = 'checked'): Promise<boolean> {
    this.killSwitch.release(reason, 'http');
    return this.side.shareKillSwitch();
  }

  reaches(grade: string): Promise<true> {
    return eventually(`the grade ${grade}`, () =>
      (this.killSwitch.grade ?? 'off') === grade ? true : undefined,
    );
  }

  /** However long this machine takes for the first look. */
  async seen(): Promise<void> {
    await this.side.whenSwitchSeen();
    await eventually('sight', () => {
      const { sightAgeMs, sightLost } = this.side.status();
      return sightAgeMs !== null && !sightLost ? true : undefined;
    });
  }

  get breaker() {
    return this.breakers.get('redis');
  }
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-members-'));
  members = [];
  redis = await RedisUnderTest.start();
});
afterEach(async () => {
  for (const { side } of members) await side.close();
  await redis.remove();
  rmSync(root, { recursive: true, force: true });
});

it('a stop reaches the others with its reason, and an operator releases it on any of them', async () => {
  const [a, b] = [new Member('a'), new Member('b')];
  await Promise.all([a.seen(), b.seen()]);
  expect([a.killSwitch.grade, b.killSwitch.grade]).toEqual([undefined, undefined]);
  expect(await a.stop()).toBe(true);
  await b.reaches('stop');
  expect(b.killSwitch.status()).toMatchObject({ reason: 'losing', source: 'http' });
  // Who comes later finds it.
  const c = new Member('c');
  await c.seen();
  expect(c.killSwitch.mayLeave()).toBe(false);
  expect(await b.release()).toBe(true);
  await Promise.all([a.reaches('off'), c.reaches('off')]);
  expect(c.killSwitch.stopCount).toBe(1);
});

it('is found without a message', async () => {
  const a = new Member('a');
  await a.seen();
  const mark = { count: 5, reason: 'written past everybody', source: 'http', by: 'z', atMs: 5 };
  await redis.client.hset(HASH, 'drain@z', JSON.stringify(mark));
  await a.reaches('drain');
});

it('an emptied Redis releases nothing, and is told again', async () => {
  const [a, b] = [new Member('a'), new Member('b')];
  await Promise.all([a.seen(), b.seen()]);
  await a.stop();
  await b.reaches('stop');
  await redis.client.flushall();
  await eventually('the switch in Redis', async () =>
    (await redis.client.exists(HASH)) === 1 ? true : undefined,
  );
  const late = new Member('late');
  await late.seen();
  expect(members.map(({ killSwitch }) => killSwitch.grade)).toEqual(['stop', 'stop', 'stop']);
});

it('an older value that comes back neither ends a newer stop nor brings back what was released', async () => {
  const a = new Member('a');
  await a.seen();
  await a.stop('first');
  const old = await redis.client.hgetall(HASH);
  await a.release();
  const afterRelease = await redis.client.hgetall(HASH);
  await redis.client.del(HASH);
  await redis.client.hset(HASH, old);
  await eventually('the release in Redis again', async () =>
    (await redis.client.hexists(HASH, 'released@a')) === 1 ? true : undefined,
  );
  expect(a.killSwitch.grade).toBe(undefined);
  await a.stop('second');
  await redis.client.del(HASH);
  await redis.client.hset(HASH, afterRelease);
  await eventually('the newer stop in Redis again', async () =>
    (await redis.client.hget(HASH, 'stop@a'))?.includes('second') ? true : undefined,
  );
  expect(a.killSwitch.grade).toBe('stop');
});

it('while Redis is gone: a stop holds here and is shared when it is back, empty as it is', async () => {
  const [a, b] = [new Member('a'), new Member('b', 'continue')];
  await Promise.all([a.seen(), b.seen()]);
  await redis.kill();
  await a.reaches('reduce');
  expect(a.killSwitch.status()).toMatchObject({ reason: 'redisLost', source: 'redis' });
  await eventually('the breaker', () => (a.breaker.state === 'open' ? true : undefined));
  await eventually('the loss', () => (b.side.status().sightLost ? true : undefined));
  // It trades on, as it was told to.
  expect(b.killSwitch.grade).toBe(undefined);
  expect(await a.stop()).toBe(false);
  expect(a.killSwitch.mayLeave()).toBe(false);
  await redis.bringBack();
  await b.reaches('stop');
  await a.seen();
  expect(a.killSwitch.grade).toBe('stop');
  expect(a.breaker.state).toBe('closed');
});

it('who has lost sight comes back by itself when it sees the switch again, and only then', async () => {
  const a = new Member('a');
  await a.seen();
  redis.freeze();
  await a.reaches('reduce');
  // An operator's release does not give it back its sight.
  a.killSwitch.release('let it trade', 'http');
  expect(a.killSwitch.grade).toBe('reduce');
  redis.thaw();
  await a.reaches('off');
  // What cannot be read is not seen either.
  await redis.client.set('aggregator:kill-switch', 'no hash');
  await a.reaches('reduce');
});

it('starts reduced where Redis does not answer, and stopped where it was stopped', async () => {
  const a = new Member('a');
  await a.seen();
  await a.stop();
  await a.side.close();
  await redis.kill();
  const [again, fresh] = [new Member('a'), new Member('b')];
  expect(again.killSwitch.grade).toBe('stop');
  await fresh.side.whenSwitchSeen();
  expect(fresh.killSwitch.grade).toBe('reduce');
  await redis.bringBack();
  await fresh.reaches('stop');
  expect(await again.release()).toBe(true);
  await fresh.reaches('off');
});

it('an open breaker lets nothing through, by hand too, and a closed one gives sight back', async () => {
  const a = new Member('a');
  await a.seen();
  a.breaker.open();
  expect(await a.stop()).toBe(false);
  expect(await redis.client.exists(HASH)).toBe(0);
  await eventually('the loss', () => (a.side.status().sightLost ? true : undefined));
  a.breaker.close();
  await eventually('the switch in Redis', async () =>
    (await redis.client.exists(HASH)) === 1 ? true : undefined,
  );
});

it('a Redis that takes no writes of ours tells of a stop all the same', async () => {
  const mayOnlyRead = ['~*', '&*', '+@all', '-@write', '-@scripting'];
  await redis.client.call('ACL', 'SETUSER', 'reader', 'on', '>secret', ...mayOnlyRead);
  const url = `redis://reader:secret@127.0.0.1:${redis.port}`;
  const [a, b] = [new Member('a'), new Member('b', 'reduce', url)];
  await Promise.all([a.seen(), b.seen()]);
  b.killSwitch.engage('reduce', 'its own', 'http');
  expect(await b.side.shareKillSwitch()).toBe(false);
  await eventually('the breaker', () => (b.breaker.state === 'open' ? true : undefined));
  await a.stop();
  await b.reaches('stop');
  await a.release();
  // Its own holds, and it has lost sight of nothing.
  await b.reaches('reduce');
  expect(b.killSwitch.status()).toMatchObject({ reason: 'its own' });
  expect(b.side.status().sightLost).toBe(false);
});

it('a password is asked for, and is in no message', async () => {
  const guarded = await RedisUnderTest.start('--requirepass', 'correct-horse');
  try {
    const url = (password: string) => `redis://:${password}@127.0.0.1:${guarded.port}`;
    const [right, wrong] = [
      new Member('right', 'reduce', url('correct-horse')),
      new Member('wrong', 'reduce', url('battery-staple')),
    ];
    await Promise.all([right.seen(), wrong.side.whenSwitchSeen()]);
    expect(right.killSwitch.grade).toBe(undefined);
    expect(wrong.killSwitch.grade).toBe('reduce');
    expect(wrong.breaker.status().lastError).not.toContain('battery-staple');
  } finally {
    for (const { side } of members) await side.close();
    await guarded.remove();
  }
});

it('on a full disk a release is tried again at every look, and told once a minute', async () => {
  const [a, b] = [new Member('a'), new Member('b')];
  await Promise.all([a.seen(), b.seen()]);
  await a.stop();
  await b.reaches('stop');
  await b.side.close();
  let isFull = false;
  const files: JournalFs = {
    ...systemFs,
    openAppend(path) {
      if (isFull) throw new Error('ENOSPC');
      return systemFs.openAppend(path);
    },
  };
  const told: string[] = [];
  const tell = (message: string) => {
    // Sight comes and goes with the minute that passes at once.
    if (!message.includes('sight')) told.push(message);
  };
  const listening: Log = { debug: quiet, info: quiet, warn: tell, error: tell };
  const killSwitch = new KillSwitch({
    path: join(root, 'full', 'kill-switch.json'),
    sharedAs: 'full',
    files,
  });
  const clock = new ManualClock();
  const breaker = b.breakers.for('another', {});
  const connection = new RedisConnection({ url: redis.url, breaker, random: systemRandom, log });
  await eventually('a connection', () => (connection.isConnected ? true : undefined));
  const keys = redisKeys('aggregator:');
  const share = new SwitchShare({ connection, keys, killSwitch, clock, log: listening, onLoss: 'continue' });
  try {
    await eventually('the stop', () => (killSwitch.grade === 'stop' ? true : undefined));
    told.length = 0;
    isFull = true;
    await a.release();
    const look = async (times: number) => {
      for (let looks = 0; looks < times; looks += 1) {
        clock.advance(LOOK_MS);
        await share.share();
      }
    };
    await look(10);
    expect([killSwitch.grade, told]).toEqual(['stop', ['the shared kill switch could not be written down']]);
    clock.advance(UNWRITTEN_LOG_MS);
    await look(10);
    expect(told).toHaveLength(2);
    isFull = false;
    await look(1);
    expect(killSwitch.grade).toBeUndefined();
    expect(told.slice(2)).toEqual(['the shared kill switch has changed']);
  } finally {
    share.close();
    connection.close();
  }
});
