/** `tune`: sweeps the settings of speed on an executor of its own, and recommends. */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { makeDirectory } from '../../make-directory.js';
import type { SigningMode } from '../../threads/adaptive-builder.js';
import { csvOf } from '../../tune/csv.js';
import { MAX_TRADES_A_RUN } from '../../tune/measure.js';
import type { TunePlan } from '../../tune/plan.js';
import { svgOf } from '../../tune/svg.js';
import { type ClusterShape, tune } from '../../tune/tune.js';
import type { Recommendation, TuneResult, TuneSample } from '../../tune/types.js';
import { controlClient } from '../control-client.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { wholeNumber } from '../number-options.js';
import { columns, note } from '../output.js';

const DEFAULT_SEED = 'tune';
/** Legs each add their listeners to the process. */
const MAX_LISTENERS = 200;
const LARGE: ClusterShape = { slotMs: 400, accounts: 64 };
const SMALL: ClusterShape = { slotMs: 100, accounts: 8 };
const SIGNING_MODES: readonly SigningMode[] = ['auto', 'inline', 'pool'];

interface Options {
  readonly apply: boolean;
  readonly dir: string;
  readonly full: boolean;
  readonly short: boolean;
  readonly fresh: boolean;
  readonly concurrency?: readonly number[];
  readonly workers?: readonly number[];
  readonly rpc?: readonly number[];
  readonly signing?: readonly SigningMode[];
  readonly rates?: readonly number[];
  readonly repeats?: number;
  readonly firstTrades?: number;
  readonly warmUpMs?: number;
  readonly measureMs?: number;
  readonly seed: string;
}

const list = (least: number, most: number) => (text: string) => text.split(',').map(wholeNumber(least, most));

function signingModes(text: string): SigningMode[] {
  return text.split(',').map((name) => {
    const mode = SIGNING_MODES.find((one) => one === name);
    if (mode === undefined) throw new InvalidArgumentError(`Of ${SIGNING_MODES.join(', ')}.`);
    return mode;
  });
}

export function tuneCommand(): Command {
  return defineCommand<Options>(
    'tune',
    'find the limit of trades at once, connections, workers and signing mode that suit this machine',
    run,
    (command) =>
      command
        .option('--apply', 'set what can be set while it runs on the running executor', false)
        .option('--dir <path>', 'where tune.json, tune.csv and tune.svg go', 'bench/results')
        .option('--full', 'every combination, instead of two stages', false)
        .option('--short', 'half a minute, to see that it works', false)
        .option('--fresh', 'begin anew, though an earlier run was stopped half way', false)
        .option('--concurrency <list>', 'limits of trades at once', list(1, 4_096))
        .option('--workers <list>', 'signing workers; the first is the one of the first stage', list(1, 64))
        .option('--rpc <list>', 'RPC connections', list(1, 64))
        .option('--signing <list>', 'modes; the first is the one of the first stage', signingModes)
        .option('--rates <list>', 'trades offered a second; the highest decides', list(1, 5_000))
        .option('--repeats <n>', 'of each point; medians count', wholeNumber(1, 100))
        .option(
          '--first-trades <n>',
          'offered to each executor before its first point, to compile its code',
          wholeNumber(0, 100_000),
        )
        .option('--warm-up-ms <ms>', 'load before each measurement', wholeNumber(0, 60_000))
        .option('--measure-ms <ms>', 'load that is measured', wholeNumber(100, 600_000))
        .option('--seed <text>', 'decides the order of the points', DEFAULT_SEED)
        .addHelpText('after', '\nStop it with Ctrl-C; the same command goes on where it was.'),
  );
}

async function run(options: Options) {
  const plan = planOf(options);
  const most = Math.max(...plan.axes.rates) * ((plan.measureMs + plan.warmUpMs) / 1000);
  if (most > MAX_TRADES_A_RUN) {
    throw new Error(
      `A point may have ${MAX_TRADES_A_RUN} trades; this rate and time make ${Math.ceil(most)}.`,
    );
  }
  // Minutes later it would be too late to hear that nobody is there to take what was found.
  if (options.apply) await controlClient(commandEnvironment()).get('/api/status');
  process.setMaxListeners(MAX_LISTENERS);
  const statePath = join(options.dir, 'tune-state.json');
  if (options.fresh) rmSync(statePath, { force: true });
  const startedMs = performance.now();
  const result = await tune({
    plan,
    statePath,
    cluster: options.short ? SMALL : LARGE,
    onProgress: (done, total, sample, fromBefore) => progress(done, total, sample, fromBefore, startedMs),
  });
  const files = write(options.dir, result);
  const applied = options.apply ? await apply(result.recommendation) : undefined;
  return {
    exitCode: EXIT.ok,
    json: { ...result, files, ...(applied === undefined ? {} : { applied }) },
    lines: linesOf(result, files, applied),
  };
}

/** Around the defaults; the first of workers and signing is what an executor takes by itself. */
function planOf(options: Options): TunePlan {
  const cores = availableParallelism();
  const workers = [...new Set([Math.max(1, cores - 1), 1, cores])];
  const axes = options.short
    ? { concurrency: [4, 32], workers: [1], rpcPoolSizes: [2], signing: ['auto'] as const, rates: [40] }
    : {
        concurrency: [1, 2, 4, 8, 16, 32, 64],
        workers,
        rpcPoolSizes: [4, 8],
        signing: SIGNING_MODES,
        rates: [200],
      };
  return {
    axes: {
      concurrency: options.concurrency ?? axes.concurrency,
      workers: options.workers ?? axes.workers,
      rpcPoolSizes: options.rpc ?? axes.rpcPoolSizes,
      signing: options.signing ?? axes.signing,
      rates: options.rates ?? axes.rates,
    },
    repeats: options.repeats ?? (options.short ? 1 : 3),
    firstTrades: options.firstTrades ?? (options.short ? 40 : 2_000),
    warmUpMs: options.warmUpMs ?? (options.short ? 500 : 2_000),
    measureMs: options.measureMs ?? (options.short ? 1_500 : 5_000),
    full: options.full,
    seed: options.seed,
  };
}

function progress(
  done: number,
  total: number,
  sample: TuneSample,
  fromBefore: boolean,
  startedMs: number,
): void {
  const { concurrency, workers, rpcPoolSize, signing, rate } = sample.point;
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const where = `${concurrency} at once, ${rpcPoolSize} connections, ${signing}, ${workers} workers, ${rate}/s`;
  const figures = `${sample.throughput.toFixed(1)}/s sent, p95 ${(sample.intentToWireUs.p95 / 1000).toFixed(1)} ms`;
  note(`[${done}/${total}] ${seconds} s  ${where}: ${fromBefore ? 'measured before, ' : ''}${figures}`);
}

function write(directory: string, result: TuneResult) {
  makeDirectory(directory);
  const files = {
    json: join(directory, 'tune.json'),
    csv: join(directory, 'tune.csv'),
    svg: join(directory, 'tune.svg'),
  };
  writeFileSync(files.json, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(files.csv, csvOf(result.rows));
  writeFileSync(files.svg, svgOf(result.rows, result.recommendation));
  return files;
}

interface Applied {
  readonly executor: string;
  readonly maxConcurrentTrades: number;
  /** Settings that the next start must bring. */
  readonly atNextStart: { readonly [setting: string]: string };
}

async function apply(recommendation: Recommendation): Promise<Applied> {
  const client = controlClient(commandEnvironment());
  const { concurrency } = recommendation;
  const { status } = await client.ask('PUT', '/api/config/max-concurrent-trades', { value: concurrency });
  if (status !== 200) throw new Error(`${client.url} did not take the limit: HTTP ${status}`);
  return {
    executor: client.url,
    maxConcurrentTrades: concurrency,
    atNextStart: settingsOf(recommendation),
  };
}

function settingsOf({ concurrency, rpcPoolSize, workers, signing }: Recommendation) {
  return {
    MAX_CONCURRENT_TRADES: String(concurrency),
    RPC_POOL_SIZE: String(rpcPoolSize),
    WORKERS: String(workers),
    SIGNING: signing,
  };
}

function linesOf(result: TuneResult, files: object, applied: Applied | undefined): string[] {
  const head = [
    'stage',
    'at once',
    'connections',
    'signing',
    'workers',
    'offered/s',
    'sent/s',
    'p95 ms',
    'no wait p95 ms',
  ];
  const rows = result.rows.map(({ point, throughput, intentToWireUs, intentToWireNoWaitUs }) => [
    String(point.stage),
    String(point.concurrency),
    String(point.rpcPoolSize),
    point.signing,
    String(point.workers),
    String(point.rate),
    throughput.toFixed(1),
    (intentToWireUs.p95 / 1000).toFixed(2),
    (intentToWireNoWaitUs.p95 / 1000).toFixed(2),
  ]);
  const settings = Object.entries(settingsOf(result.recommendation)).map(
    ([name, value]) => `${name}=${value}`,
  );
  return [
    ...columns([head, ...rows]),
    '',
    ...settings,
    '',
    ...result.recommendation.why,
    '',
    `Written: ${Object.values(files).join(', ')}`,
    ...(applied === undefined
      ? []
      : [`${applied.executor} now takes ${applied.maxConcurrentTrades} at once; the rest needs a restart.`]),
  ];
}
