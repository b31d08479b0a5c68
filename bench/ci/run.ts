/**
 * `npm run bench:ci`: runs the benchmarks whose ratios the committed baseline has, and fails past a limit. What fails
 * is measured once more before it counts: a neighbour on the machine is not a regression.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { runProgram } from '../../src/cli/command-line.js';
import { PACKAGE_ROOT } from '../environment.js';
import { type Baseline, type Comparison, compare, hasFailed, parseBaseline, updated } from './compare.js';
import { actionEntries, summaryOf, tableOf } from './report.js';

const BASELINE = join(PACKAGE_ROOT, 'bench', 'baseline.json');
const RESULTS_DIR = join(PACKAGE_ROOT, 'bench', 'results');
const RUN = fileURLToPath(new URL('../run.js', import.meta.url));
/** Minutes in all, on a small machine; whole paths are left to `npm run bench`. */
const DEFAULT_ONLY = 'build-sign,sign,hop,locks,control-plane';

interface Options {
  readonly only: string;
  readonly runs: string;
  readonly baseline: string;
  readonly results?: string;
  readonly out: string;
  readonly update: boolean;
  readonly json: boolean;
}

type Ratios = { readonly [name: string]: number };

async function main(options: Options): Promise<void> {
  const baseline = parseBaseline(readFileSync(options.baseline, 'utf8'));
  const first = options.results === undefined ? await measure(options) : readRatios(options.results);
  if (options.update) {
    writeFileSync(options.baseline, `${JSON.stringify(updated(baseline, first), null, 2)}\n`);
    process.stderr.write(`Written: ${options.baseline}\n`);
    const missing = Object.keys(baseline.ratios).filter((name) => first[name] === undefined);
    if (missing.length === 0) return;
    process.stderr.write(`Not measured, and as they were: ${missing.join(', ')}\n`);
    process.exitCode = 1;
    return;
  }
  let rows = compare(baseline, first);
  if (hasFailed(rows) && options.results === undefined) {
    process.stderr.write(`${tableOf(rows)}Measuring once more.\n`);
    rows = bestOf(baseline, rows, await measure(options));
  }
  const failed = hasFailed(rows);
  write(options.out, rows, failed);
  if (options.json) process.stdout.write(`${JSON.stringify({ failed, comparisons: rows })}\n`);
  else process.stdout.write(tableOf(rows));
  if (failed) process.stderr.write('Slower than the baseline allows.\n');
  process.exitCode = failed ? 1 : 0;
}

async function measure({ only, runs }: Options): Promise<Ratios> {
  const child = spawn(process.execPath, [RUN, '--only', only, '--runs', runs, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  // A benchmark that failed leaves its ratios out, which the comparison then tells.
  return ratiosOf(output.trimEnd().split('\n').at(-1) ?? '');
}

function readRatios(path: string): Ratios {
  return ratiosOf(readFileSync(path, 'utf8'));
}

/** @throws Error where it is no result of `npm run bench -- --json` */
function ratiosOf(text: string): Ratios {
  const { ratios } = JSON.parse(text) as { ratios?: Ratios };
  if (ratios === undefined) throw new Error('the results have no ratios');
  return ratios;
}

/** A ratio counts with the better of its two measurements. */
function bestOf(baseline: Baseline, rows: readonly Comparison[], again: Ratios): Comparison[] {
  const best = rows.map(({ name, better, now }) => {
    const values = [now, again[name]].filter((value) => value !== undefined);
    if (values.length === 0) return [name, undefined] as const;
    return [name, better === 'higher' ? Math.max(...values) : Math.min(...values)] as const;
  });
  const measured = best.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return compare(baseline, Object.fromEntries(measured));
}

function write(directory: string, rows: readonly Comparison[], failed: boolean): void {
  mkdirSync(directory, { recursive: true });
  const json = (name: string, value: unknown) =>
    writeFileSync(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
  json('ci.json', { failed, comparisons: rows });
  json('ci-bigger-is-better.json', actionEntries(rows, 'higher'));
  json('ci-smaller-is-better.json', actionEntries(rows, 'lower'));
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary !== undefined && summary !== '') appendFileSync(summary, summaryOf(rows, failed));
}

const command = new Command('npm run bench:ci --')
  .description('Compares the benchmarks with the committed baseline and fails past a limit.')
  .option('--only <names>', 'benchmarks to run', DEFAULT_ONLY)
  .option('--runs <n>', 'alternating rounds', '5')
  .option('--baseline <file>', 'the baseline', BASELINE)
  .option('--results <file>', 'results of `npm run bench -- --json`, instead of a run')
  .option('--out <dir>', 'where the comparison goes', RESULTS_DIR)
  .option('--update', 'take the values of this run as the new baseline', false)
  .option('--json', 'one JSON object on the last line of standard output', false)
  .addHelpText('after', '\nExit codes: 0 within the baseline, 1 slower than it allows, 2 not done.')
  .action(main);

await runProgram(command);
