/** Bursts of every size, over workers that are ended at any moment: each task ends once, with its own answer. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { RingPool } from '../src/threads/ring-pool.js';
import { DEED } from './support/ring-test-worker.js';
import { seededRandom } from './support/seeded-random.js';

const filename = fileURLToPath(new URL('./support/ring-test-worker.js', import.meta.url));
const TASKS = 200_000;
const TERMINATIONS = 12;
const WORKERS = 2;
const SLOTS = 64;

const words = (slot: Uint8Array): Uint32Array => new Uint32Array(slot.buffer, slot.byteOffset, 4);

it('answers 200,000 tasks in bursts while workers are terminated', async () => {
  const random = seededRandom(20_261_129);
  const pool = new RingPool({ filename, workers: WORKERS, slots: SLOTS, slotBytes: 16, setup: undefined });
  const ended = { answered: 0, failed: 0 };
  const ask = async (value: number): Promise<void> => {
    try {
      const answer = await pool.submit(
        (slot) => words(slot).set([DEED.double, value]),
        (slot) => words(slot)[2]!,
      );
      if (answer !== value * 2) throw new Error(`${value} was answered with ${answer}`);
      ended.answered++;
    } catch (error) {
      // Two of the terminations may have hit the same task.
      expect(error).toMatchObject({ code: 'WORKER_FAILED' });
      ended.failed++;
    }
  };
  const terminations: Promise<void>[] = [];
  let submitted = 0;
  while (submitted < TASKS) {
    const burst = Math.min(1 + random.below(SLOTS * WORKERS), TASKS - submitted);
    const answers: Promise<void>[] = [];
    for (let i = 0; i < burst; i++) answers.push(ask(submitted++));
    if (submitted / TASKS > (terminations.length + 1) / (TERMINATIONS + 1)) {
      terminations.push(pool.terminateWorkers());
    }
    await Promise.all(answers);
    // Now and then long enough for the workers to fall asleep.
    if (random.below(50) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(terminations);
  const { inFlight, restarts, failedTasks, alive } = pool.stats();
  await pool.close();
  expect(ended).toEqual({ answered: TASKS - failedTasks, failed: failedTasks });
  expect({ inFlight, restarts, alive }).toEqual({
    inFlight: 0,
    restarts: TERMINATIONS * WORKERS,
    alive: WORKERS,
  });
});
