/** The tuning loop: starts an executor for each process setting, measures its points, and recommends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../cli/control-client.js';
import { executorBuild, startOwnExecutor } from '../cli/own-executor.js';
import { embeddedKeystorePaths, openEmbeddedKeystore } from '../embedded/embedded-keys.js';
import type { LoadPool } from './load.js';
import { measurePoint, offerFirst } from './measure.js';
import { firstStage, planName, runKey, secondStage, type TuneLeg, type TunePlan } from './plan.js';
import { recommend, rowsOf } from './recommend.js';
import { TuneState } from './state-file.js';
import type { ProcessSettings, TuneResult, TuneSample } from './types.js';

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

export interface ClusterShape {
  readonly slotMs: number;
  /** Wallets, and pools: enough of them that they are not what limits a sweep. */
  readonly accounts: number;
}

export interface TuneOptions {
  readonly plan: TunePlan;
  readonly statePath: string;
  /** A run is over: what it was, and how many there are. */
  readonly onProgress: (done: number, total: number, sample: TuneSample, fromBefore: boolean) => void;
  /** The embedded cluster that is traded on. */
  readonly cluster: ClusterShape;
}

/** @throws Error where an executor does not start or does not answer; what was measured is in the state file */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { plan, statePath } = options;
  const state = TuneState.open(statePath, planName(plan, executorBuild()));
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-tune-'));
  const clear = () => rmSync(directory, { recursive: true, force: true });
  // Ctrl-C ends the process from within: the keys must not stay behind.
  process.once('exit', clear);
  try {
    const keys = await makeKeys(directory, options.cluster.accounts);
    const samples: TuneSample[] = [];
    const first = firstStage(plan);
    const total = runsOf(first) + secondCount(plan);
    const measure = async (legs: readonly TuneLeg[]) => {
      for (const leg of legs) await runLeg(leg, { options, state, keys, samples, total });
    };
    await measure(first);
    await measure(secondStage(plan, recommend(samples)));
    state.remove();
    return {
      seed: plan.seed,
      environment: { cpu: cpus()[0]?.model ?? '', cores: availableParallelism(), node: process.version },
      rows: rowsOf(samples),
      samples,
      recommendation: recommend(samples),
    };
  } finally {
    process.off('exit', clear);
    clear();
  }
}

interface LegParts {
  readonly options: TuneOptions;
  readonly state: TuneState;
  readonly keys: { readonly [setting: string]: string };
  readonly samples: TuneSample[];
  readonly total: number;
}

/** Nothing is started for a leg whose runs were all done before. */
async function runLeg(leg: TuneLeg, parts: LegParts): Promise<void> {
  const { options, state, samples, total } = parts;
  const { plan, onProgress } = options;
  const isDone = leg.runs.every(({ point, repeat }) => state.get(runKey(point, repeat)) !== undefined);
  const target = isDone ? undefined : await startTarget(leg.settings, parts);
  try {
    if (target !== undefined) {
      const limit = Math.max(...plan.axes.concurrency);
      await offerFirst({ ...target, name: 'tune-first' }, limit, plan.firstTrades);
    }
    for (const { point, repeat } of leg.runs) {
      const key = runKey(point, repeat);
      const before = state.get(key);
      const sample =
        before ?? (await measurePoint({ ...target!, ...plan, name: nameOf(key) }, point, repeat));
      if (before === undefined) state.put(key, sample);
      samples.push(sample);
      onProgress(samples.length, total, sample, before !== undefined);
    }
  } finally {
    await target?.stop();
  }
}

async function startTarget(settings: ProcessSettings, { options, keys }: LegParts) {
  const { slotMs, accounts } = options.cluster;
  const executor = await startOwnExecutor({
    ...keys,
    WORKERS: String(settings.workers),
    RPC_POOL_SIZE: String(settings.rpcPoolSize),
    SIGNING: settings.signing,
    MAX_TRADES_PER_SECOND: '100000',
    LOCALNET_ARGS: `--pools ${accounts} --slot-ms ${slotMs} --skip-rate 0 --fork-rate 0 --market-rate 0`,
  });
  try {
    const client = new ControlClient(executor.controlUrl, undefined);
    const pools = await waitReady(client);
    return { client, token: undefined, pools, stop: () => executor.stop() };
  } catch (error) {
    await executor.stop();
    throw error;
  }
}

async function waitReady(client: ControlClient): Promise<readonly LoadPool[]> {
  const endMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { status, body } = await client.ask('GET', '/readyz');
    if (status === 200) break;
    if (performance.now() > endMs) throw new Error(`the executor is not ready: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const status = (await client.get('/api/status')) as { market: { pools: readonly LoadPool[] } };
  return status.market.pools;
}

async function makeKeys(directory: string, count: number): Promise<{ [setting: string]: string }> {
  const paths = embeddedKeystorePaths(directory);
  const keystore = await openEmbeddedKeystore(paths, count);
  keystore.close();
  return { KEYSTORE_PATH: paths.keystore, KEYSTORE_PASSPHRASE_FILE: paths.passphrase };
}

function runsOf(legs: readonly TuneLeg[]): number {
  return legs.reduce((sum, leg) => sum + leg.runs.length, 0);
}

/** How many runs the second stage has, whatever the first one chooses. */
function secondCount(plan: TunePlan): number {
  return runsOf(secondStage(plan, { concurrency: 1, rpcPoolSize: 1 }));
}

/** A client order id takes no blanks. */
function nameOf(key: string): string {
  return `tune-${key.replace(/[^A-Za-z0-9]+/g, '-')}`;
}
