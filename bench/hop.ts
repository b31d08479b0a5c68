/**
 * The hop to a worker and back: a task over the shared ring beside the same task through Piscina.run. At an idle
 * pace (one task each 4 ms) its delay counts, under load how many pass a second. Both double a number.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { RingPool } from '../src/threads/ring-pool.js';
import { ANSWER, ASK, wordsOf } from './hop-worker.js';
import {
  type BenchOptions,
  type BenchOutcome,
  type BenchResult,
  median,
  quantile,
  verify,
} from './measure.js';

const WORKERS = 1;
const RING_SLOTS = 256;
const IDLE_PACE_MS = 4;
const DOUBLE = { name: 'double' };
const WORKER = fileURLToPath(new URL('./hop-worker.js', import.meta.url));

type Hop = (value: number) => Promise<number>;

async function idleDelays(hop: Hop, count: number): Promise<number[]> {
  const delays: number[] = [];
  for (let i = 0; i < count; i++) {
    await sleep(IDLE_PACE_MS);
    const startedMs = performance.now();
    const answer = await hop(i);
    delays.push((performance.now() - startedMs) * 1000);
    verify('hop', answer === i * 2);
  }
  return delays;
}

/** Tasks a second with as many under way as the ring holds. */
async function throughput(hop: Hop, count: number): Promise<number> {
  let next = 0;
  let sum = 0;
  const startedMs = performance.now();
  const runner = async (): Promise<void> => {
    while (next < count) {
      const answer = await hop(next++);
      sum += answer;
    }
  };
  await Promise.all(Array.from({ length: RING_SLOTS }, runner));
  const perSecond = count / ((performance.now() - startedMs) / 1000);
  verify('throughput', sum === count * (count - 1));
  return perSecond;
}

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const ring = new RingPool({
    filename: WORKER,
    workers: WORKERS,
    slots: RING_SLOTS,
    slotBytes: 64,
    setup: undefined,
  });
  const piscinaOf = (atomics: 'sync' | 'async') =>
    new Piscina<number, number>({
      minThreads: WORKERS,
      maxThreads: WORKERS,
      filename: WORKER,
      // As many as the ring gives its worker; by itself Piscina hands over one at a time, at a fraction of the rate.
      concurrentTasksPerWorker: RING_SLOTS,
      atomics,
    });
  // Each in the mode that serves it best.
  const piscina = { idle: piscinaOf('sync'), load: piscinaOf('async') };
  const readAnswer = (slot: Uint8Array): number => wordsOf(slot)[ANSWER]!;
  const overRing: Hop = (value) =>
    ring.submit((slot) => {
      wordsOf(slot)[ASK] = value;
    }, readAnswer);
  const idlePiscina: Hop = (value) => piscina.idle.run(value, DOUBLE);
  const loadPiscina: Hop = (value) => piscina.load.run(value, DOUBLE);
  const idle = { ring: [] as number[][], piscina: [] as number[][] };
  const load = { ring: [] as number[], piscina: [] as number[] };
  const idleCount = smoke ? 5 : 200;
  try {
    for (let round = -1; round < runs; round++) {
      const figures = {
        idleRing: await idleDelays(overRing, idleCount),
        idlePiscina: await idleDelays(idlePiscina, idleCount),
        loadRing: await throughput(overRing, smoke ? 500 : 200_000),
        loadPiscina: await throughput(loadPiscina, smoke ? 200 : 20_000),
      };
      if (round < 0) continue;
      idle.ring.push(figures.idleRing);
      idle.piscina.push(figures.idlePiscina);
      load.ring.push(figures.loadRing);
      load.piscina.push(figures.loadPiscina);
    }
  } finally {
    await ring.close();
    await Promise.all([piscina.idle.destroy(), piscina.load.destroy()]);
  }
  const delays = (name: string, rounds: readonly number[][]): BenchResult => {
    const all = rounds.flat();
    return { name, unit: 'us', p50: median(all), p99: quantile(all, 0.99), n: all.length };
  };
  const rates = (name: string, perSecond: readonly number[]): BenchResult => ({
    name,
    unit: 'tasks/s',
    p50: median(perSecond),
    p99: quantile(perSecond, 0.99),
    n: perSecond.length,
  });
  return {
    ratios: {
      hop_vs_piscina_run: median(idle.piscina.map((round, i) => median(round) / median(idle.ring[i]!))),
      hop_throughput_vs_piscina_run: median(load.ring.map((perSecond, i) => perSecond / load.piscina[i]!)),
    },
    results: [
      delays('hop_ring', idle.ring),
      delays('hop_piscina_run', idle.piscina),
      rates('hop_throughput_ring', load.ring),
      rates('hop_throughput_piscina_run', load.piscina),
    ],
  };
}
