/** Workers on rings: tasks survive a worker's death once, and closing never hangs. */
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { RingPool, type RingPoolOptions } from '../src/threads/ring-pool.js';
import { DEED } from './support/ring-test-worker.js';

const filename = fileURLToPath(new URL('./support/ring-test-worker.js', import.meta.url));
const pools: RingPool[] = [];

function open(options: Partial<RingPoolOptions> = {}): RingPool {
  const pool = new RingPool({ filename, workers: 2, slots: 8, slotBytes: 64, setup: undefined, ...options });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const words = (slot: Uint8Array): Uint32Array => new Uint32Array(slot.buffer, slot.byteOffset, 4);

function ask(pool: RingPool, deed: number, value = 0): Promise<number> {
  return pool.submit(
    (slot) => words(slot).set([deed, value]),
    (slot) => words(slot)[2]!,
  );
}

async function untilBusy(pool: RingPool): Promise<void> {
  while (pool.stats().busy === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

const failed = expect.objectContaining({ code: 'WORKER_FAILED' });

describe('the ring pool', () => {
  it('answers many more tasks than it has slots, each with its own answer', async () => {
    const pool = open();
    for (let round = 0; round < 50; round++) {
      const values = Array.from({ length: 16 }, (_, i) => round * 100 + i);
      expect(await Promise.all(values.map((value) => ask(pool, DEED.double, value)))).toEqual(
        values.map((value) => value * 2),
      );
    }
    expect(pool.stats()).toMatchObject({ inFlight: 0, restarts: 0, alive: 2 });
  });

  it('shares a burst among all workers, the same number to each', async () => {
    const pool = open({ workers: 3 });
    const threads = await Promise.all(Array.from({ length: 24 }, () => ask(pool, DEED.nameThread)));
    const shares = [...new Set(threads)].map((thread) => threads.filter((one) => one === thread).length);
    expect(shares).toEqual([8, 8, 8]);
  });

  it('answers a task that comes long after the last, when the worker sleeps', async () => {
    const pool = open({ workers: 1 });
    expect(await ask(pool, DEED.double, 1)).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask(pool, DEED.double, 2)).toBe(4);
  });

  it('denies the task over its bound', async () => {
    const pool = open({ workers: 1, slots: 4 });
    const taken = [1, 2, 3, 4].map((value) => ask(pool, DEED.double, value));
    await expect(ask(pool, DEED.double, 5)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(await Promise.all(taken)).toEqual([2, 4, 6, 8]);
  });

  it.each([
    ['throws', DEED.throw],
    ['exits', DEED.exit],
  ])('ends a task in whose hands two workers died (%s), and serves those behind it', async (_, deed) => {
    const pool = open({ workers: 1 });
    const poison = ask(pool, deed);
    const behind = [ask(pool, DEED.double, 21), ask(pool, DEED.double, 22)];
    await expect(poison).rejects.toEqual(failed);
    expect(await Promise.all(behind)).toEqual([42, 44]);
    expect(pool.stats()).toMatchObject({ restarts: 2, failedTasks: 1, alive: 1 });
  });

  it('replaces a worker that ran out of memory', async () => {
    const pool = open({ workers: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } });
    await expect(ask(pool, DEED.exhaust)).rejects.toEqual(failed);
    expect(await ask(pool, DEED.double, 4)).toBe(8);
  });

  it('finishes what one killed worker had begun on its successor', async () => {
    const pool = open({ workers: 1 });
    expect(await ask(pool, DEED.double, 1)).toBe(2);
    const hanging = ask(pool, DEED.hang);
    const behind = ask(pool, DEED.double, 5);
    const refused = expect(hanging).rejects.toEqual(failed);
    await untilBusy(pool);
    await pool.terminateWorkers();
    expect(pool.stats().failedTasks).toBe(0);
    await untilBusy(pool);
    await pool.terminateWorkers();
    await refused;
    expect(await behind).toBe(10);
  });

  it('gives the successor the request as it was, not what the dead worker left of its answer', async () => {
    const deaths = new Int32Array(new SharedArrayBuffer(4));
    const pool = open({ workers: 1, setup: deaths });
    const behind = ask(pool, DEED.double, 5);
    expect(await ask(pool, DEED.spoilOnce, 21)).toBe(42);
    expect([await behind, pool.stats().restarts]).toEqual([10, 1]);
  });

  it('goes on after a worker that died between an answer and its announcement', async () => {
    const pool = open({ workers: 1 });
    expect(await ask(pool, DEED.double, 1)).toBe(2);
    const answers = [ask(pool, DEED.answerUnannounced, 2), ask(pool, DEED.double, 3)];
    expect(await Promise.all(answers)).toEqual([4, 6]);
    expect(await ask(pool, DEED.double, 4)).toBe(8);
    expect(pool.stats()).toMatchObject({ restarts: 1, failedTasks: 0, inFlight: 0 });
  });

  it('recovers when a successor is killed before it is ready', async () => {
    const pool = open({ workers: 1 });
    expect(await ask(pool, DEED.double, 1)).toBe(2);
    await pool.terminateWorkers();
    await pool.terminateWorkers();
    expect(await ask(pool, DEED.double, 2)).toBe(4);
  });

  it('posts mail before the tasks that follow it, and again to a successor', async () => {
    let mail = 7;
    const pool = open({ workers: 1, onStart: (post) => post(mail) });
    expect(await ask(pool, DEED.mailed)).toBe(7);
    mail = 8;
    pool.broadcast(() => ({ message: mail }));
    expect(await ask(pool, DEED.mailed)).toBe(8);
    await expect(ask(pool, DEED.throw)).rejects.toEqual(failed);
    expect(await ask(pool, DEED.mailed)).toBe(8);
  });

  it('gives a worker up that cannot start, and says so to every task', async () => {
    const pool = open({ filename: `${filename}.absent`, workers: 1 });
    await expect(ask(pool, DEED.double, 1)).rejects.toEqual(failed);
    await expect(ask(pool, DEED.double, 1)).rejects.toEqual(failed);
    expect(pool.stats()).toMatchObject({ alive: 0, inFlight: 0 });
  });

  it('closes while idle, while busy, and while a worker hangs for ever', async () => {
    await open().close();
    const busy = open();
    const answers = Promise.all([1, 2, 3].map((value) => ask(busy, DEED.double, value)));
    await busy.close();
    expect(await answers).toEqual([2, 4, 6]);
    const hanging = open({ workers: 1 });
    const stuck = ask(hanging, DEED.hang);
    const queued = ask(hanging, DEED.double, 1);
    const closed = hanging.close();
    await expect(stuck).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(queued).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await closed;
    await hanging.close();
    await expect(ask(hanging, DEED.double, 1)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
