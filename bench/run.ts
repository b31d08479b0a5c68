/**
 * `npm run bench`: runs the benchmarks one after another, each in a process of its own so that no one's heap and
 * compiled code disturb the next, merges their figures into bench/results/latest.json and prints them.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { runProgram } from '../src/cli/command-line.js';
import { wholeNumber } from '../src/cli/number-options.js';
import { CATALOGUE, type CatalogueEntry } from './catalogue.js';
import { type BenchEnvironment, benchEnvironment, PACKAGE_ROOT } from './environment.js';
import type { BenchOutcome, BenchResult } from './measure.js';

const RUNS_MAX = 1_000;
/** A benchmark that takes longer has hung. */
const BENCH_TIMEOUT_MS = 20 * 60_000;
const ONE = fileURLToPath(new URL('one.js', import.meta.url));
const RESULTS_DIR = join(PACKAGE_ROOT, 'bench', 'results');

interface LatestResults {
  readonly ratios: { readonly [name: string]: number };
  readonly results: readonly BenchResult[];
  readonly environment: BenchEnvironment;
}

interface Options {
  readonly only?: readonly CatalogueEntry[];
  readonly runs: number;
  readonly smoke: boolean;
  readonly realtime: boolean;
  readonly json: boolean;
}

function parseOnly(text: string): readonly CatalogueEntry[] {
  return text.split(',').map((name) => {
    const entry = CATALOGUE.find((one) => one.name === name.trim());
    if (entry !== undefined) return entry;
    throw new InvalidArgumentError(`The names are ${CATALOGUE.map((one) => one.name).join(', ')}.`);
  });
}

async function main(options: Options): Promise<void> {
  const chosen = options.only ?? CATALOGUE;
  const merged: { ratios: { [name: string]: number }; results: BenchResult[] } = { ratios: {}, results: [] };
  const failed: string[] = [];
  for (const entry of chosen) {
    process.stderr.write(`${entry.name}: ${entry.what}\n`);
    const startedMs = performance.now();
    try {
      const { ratios, results } = await runOne(entry.name, options);
      Object.assign(merged.ratios, ratios);
      merged.results.push(...results);
    } catch (error) {
      failed.push(entry.name);
      process.stderr.write(`${entry.name} failed: ${error instanceof Error ? error.message : error}\n`);
    }
    process.stderr.write(`${entry.name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  }
  const latest = { ...merged, environment: benchEnvironment(new Date()) };
  // A smoke run's figures mean nothing and must not stand where real ones are looked for.
  if (!options.smoke) write(options.only === undefined ? latest : over(previous(), latest));
  if (options.json) process.stdout.write(`${JSON.stringify(latest)}\n`);
  else printTable(latest);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function runOne(name: string, { runs, smoke, realtime }: Options): Promise<BenchOutcome> {
  const args = [ONE, name, String(runs), smoke ? 'smoke' : 'full', ...(realtime ? ['realtime'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGTERM'), BENCH_TIMEOUT_MS);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const last = output.trimEnd().split('\n').at(-1);
      if (code !== 0 || last === undefined) reject(new Error(`it ended with ${signal ?? `code ${code}`}`));
      else resolve(JSON.parse(last) as BenchOutcome);
    });
  });
}

/** With `--only` the other figures stay; the environment is that of the newest. */
function over(old: LatestResults | undefined, latest: LatestResults): LatestResults {
  if (old === undefined) return latest;
  const names = new Set(latest.results.map((one) => one.name));
  return {
    ratios: { ...old.ratios, ...latest.ratios },
    results: [...old.results.filter((one) => !names.has(one.name)), ...latest.results],
    environment: latest.environment,
  };
}

function previous(): LatestResults | undefined {
  try {
    return JSON.parse(readFileSync(join(RESULTS_DIR, 'latest.json'), 'utf8')) as LatestResults;
  } catch {
    // There is none yet, or it is of no use: the new one stands alone.
    return undefined;
  }
}

function write(latest: LatestResults): void {
  mkdirSync(RESULTS_DIR, { recursive: true });
  writeFileSync(join(RESULTS_DIR, 'latest.json'), `${JSON.stringify(latest, null, 2)}\n`);
}

function printTable({ ratios, results, environment }: LatestResults): void {
  const lines = [
    `${environment.cpu}, ${environment.cores} cores, Node ${environment.node}, commit ${environment.commit}`,
    '',
    row('figure', 'p50', 'p99', 'n', 'unit'),
    ...results.map((one) => row(one.name, number(one.p50), number(one.p99), String(one.n), one.unit)),
    '',
    row('ratio', '', '', '', ''),
    ...Object.entries(ratios).map(([name, value]) => row(name, number(value), '', '', '')),
  ];
  process.stdout.write(`${lines.map((line) => line.trimEnd()).join('\n')}\n`);
}

const NAME_WIDTH = 44;
const CELL_WIDTH = 12;

function row(name: string, p50: string, p99: string, n: string, unit: string): string {
  const cells = [p50, p99, n].map((cell) => cell.padStart(CELL_WIDTH)).join('');
  return `${name.padEnd(NAME_WIDTH)}${cells}  ${unit}`;
}

/** Four significant digits, without an exponent. */
function number(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

const command = new Command('npm run bench --')
  .description('Measures every stage and path, beside its peers, in one run.')
  .option('--only <names>', 'these only, comma-separated; the other figures of latest.json stay', parseOnly)
  .option('--runs <n>', 'alternating rounds', wholeNumber(1, RUNS_MAX), 5)
  .option('--smoke', 'only see that everything computes; writes nothing', false)
  .option('--realtime', 'canonical: main threads at real-time priority, which needs root', false)
  .option('--json', 'one JSON object on the last line of standard output', false)
  .addHelpText('after', `\nBenchmarks:\n${CATALOGUE.map((one) => `  ${one.name}: ${one.what}`).join('\n')}`)
  .addHelpText('after', '\nExit codes: 0 all ran, 1 one failed, 2 not done.')
  .action(main);

await runProgram(command);
