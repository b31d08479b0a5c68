/** A sweep takes minutes: one that is stopped must go on where it was, and never mix two plans. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executorBuild } from '../src/cli/own-executor.js';
import { firstStage, planName, runKey, secondStage, type TunePlan } from '../src/tune/plan.js';
import { TuneState } from '../src/tune/state-file.js';
import { tune } from '../src/tune/tune.js';
import type { TuneSample } from '../src/tune/types.js';

const E2E_TIMEOUT_MS = 120_000;
const PLAN: TunePlan = {
  axes: {
    concurrency: [4, 16],
    workers: [1, 2],
    rpcPoolSizes: [2, 4],
    signing: ['auto', 'inline', 'pool'],
    rates: [50, 100],
  },
  repeats: 2,
  firstTrades: 0,
  warmUpMs: 0,
  measureMs: 100,
  full: false,
  seed: 'a',
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-tune-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the plan', () => {
  it('sweeps limits and connections first, then workers and signing at what was chosen', () => {
    const first = firstStage(PLAN);
    expect(first.map(({ settings }) => settings.rpcPoolSize)).toEqual([2, 4]);
    expect(first[0]?.runs).toHaveLength(2 * 2 * 2);
    const second = secondStage(PLAN, { concurrency: 16, rpcPoolSize: 4 });
    // The first stage's own setting too: it is compared with processes that have lived as long as its own.
    expect(second.map(({ settings }) => `${settings.workers} ${settings.signing}`)).toEqual([
      '1 auto',
      '1 inline',
      '1 pool',
      '2 auto',
      '2 inline',
      '2 pool',
    ]);
    expect(second.flatMap(({ runs }) => runs).every(({ point }) => point.concurrency === 16)).toBe(true);
  });

  it('has every combination once a repeat when it is full', () => {
    const full = { ...PLAN, full: true };
    const keys = firstStage(full).flatMap(({ runs }) =>
      runs.map(({ point, repeat }) => runKey(point, repeat)),
    );
    expect(keys).toHaveLength(2 * 2 * 2 * 3 * 2 * 2);
    expect(new Set(keys).size).toBe(keys.length);
    expect(secondStage(full, { concurrency: 16, rpcPoolSize: 4 })).toEqual([]);
  });

  it('has the order that its seed says, another one each repeat', () => {
    const orderOf = (plan: TunePlan) =>
      firstStage(plan)[0]!.runs.map(({ point }) => `${point.concurrency} ${point.rate}`);
    expect(orderOf(PLAN)).toEqual(orderOf({ ...PLAN }));
    const orders = ['a', 'b', 'c', 'd'].map((seed) => orderOf({ ...PLAN, seed }).join());
    expect(new Set(orders).size).toBeGreaterThan(1);
  });
});

describe('the state file', () => {
  const sample = { throughput: 1 } as unknown as TuneSample;

  it('gives back what the same plan measured on the same build, and nothing to another', () => {
    const path = join(root, 'state', 'tune-state.json');
    TuneState.open(path, planName(PLAN, 'build')).put('one', sample);
    expect(TuneState.open(path, planName(PLAN, 'build')).get('one')).toEqual(sample);
    expect(TuneState.open(path, planName({ ...PLAN, measureMs: 200 }, 'build')).size).toBe(0);
    expect(TuneState.open(path, planName(PLAN, 'newer')).size).toBe(0);
  });

  it('counts as none when it is torn', () => {
    const path = join(root, 'tune-state.json');
    writeFileSync(path, '{"version":1,"pl');
    expect(TuneState.open(path, planName(PLAN, 'build')).size).toBe(0);
  });
});

describe('the loop', () => {
  it(
    'measures on executors of its own, goes on after a stop, and leaves no state behind',
    async () => {
      const plan: TunePlan = {
        ...PLAN,
        axes: { concurrency: [2, 32], workers: [1], rpcPoolSizes: [2], signing: ['auto'], rates: [30] },
        repeats: 1,
        firstTrades: 10,
        warmUpMs: 100,
        measureMs: 1_000,
      };
      const statePath = join(root, 'tune-state.json');
      const cluster = { slotMs: 100, accounts: 8 };
      const stopped = tune({
        plan,
        statePath,
        cluster,
        onProgress: () => {
          throw new Error('stopped');
        },
      });
      await expect(stopped).rejects.toThrow('stopped');
      expect(JSON.parse(readFileSync(statePath, 'utf8'))).toMatchObject({
        plan: planName(plan, executorBuild()),
      });

      const seen: boolean[] = [];
      const onProgress = (_done: number, total: number, one: TuneSample, fromBefore: boolean) => {
        seen.push(fromBefore);
        expect(total).toBe(2);
        expect(one.offered).toBe(30);
        expect(one.accepted).toBe(30);
        const { corrected, uncorrected } = one.submitUs;
        expect(corrected.p50).toBeGreaterThanOrEqual(uncorrected.p50);
        expect(corrected.p99).toBeGreaterThanOrEqual(uncorrected.p99);
      };
      const result = await tune({ plan, statePath, cluster: { slotMs: 100, accounts: 8 }, onProgress });
      expect(seen).toEqual([true, false]);
      expect(result.rows).toHaveLength(2);
      expect([2, 32]).toContain(result.recommendation.concurrency);
      expect(existsSync(statePath)).toBe(false);
    },
    E2E_TIMEOUT_MS,
  );
});
