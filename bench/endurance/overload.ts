/**
 * `npm run bench:overload`: the executor is offered far more than it can land. First its capacity is measured by
 * steps of rising rate, each longer than a landing takes to be final (some 13 s), which is work too; then a rate
 * beyond it is held, and every intent is accounted for. What overload may cost is the intents beyond the capacity,
 * each denied with its code, and not the capacity itself.
 */
import { Command } from 'commander';
import { runProgram } from '../../src/cli/command-line.js';
import { wholeNumber } from '../../src/cli/number-options.js';
import type { LoopDelay } from '../../src/executor/hot-path.js';
import { Arena } from '../support/arena.js';
import { offerIntents } from '../support/intent-load.js';
import { type Census, takeCensus } from './census.js';

const SEED = 'overload';
const STEPS_A_SECOND = [600, 700, 800, 900, 1_000];
const STEP_SECONDS = 30;
const SETTLE_MS = 90_000;
/** Compiles the executor's code. */
const WARM_SECONDS = 10;
const WARM_RATE = 200;

interface Options {
  readonly seconds: number;
  readonly rate: number;
  readonly steps: readonly number[];
  readonly stepSeconds: number;
  readonly json: boolean;
}

interface Result {
  /** Landed a second at the best step. */
  readonly capacity: number;
  readonly steps: readonly { readonly rate: number; readonly landedPerSecond: number }[];
  readonly offeredPerSecond: number;
  readonly landedPerSecond: number;
  readonly shareOfCapacity: number;
  /** Of the overloaded executor's whole life, nearly all of which is load. */
  readonly loop: LoopDelay;
  readonly census: Census;
}

async function main({ seconds, rate, steps: rates, stepSeconds, json }: Options): Promise<void> {
  const steps: { rate: number; landedPerSecond: number }[] = [];
  for (const stepRate of rates) {
    const { landedPerSecond } = (await measure(stepRate, stepSeconds)).census;
    steps.push({ rate: stepRate, landedPerSecond });
    note(`${stepRate}/s offered: ${landedPerSecond.toFixed(0)}/s landed`);
  }
  const capacity = Math.max(...steps.map((step) => step.landedPerSecond));
  const { census, loop } = await measure(rate, seconds);
  const { landedPerSecond } = census;
  const result: Result = {
    capacity,
    steps,
    offeredPerSecond: rate,
    landedPerSecond,
    shareOfCapacity: capacity === 0 ? 0 : landedPerSecond / capacity,
    loop,
    census,
  };
  process.stdout.write(`${json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
  process.exitCode = census.unaccounted === 0 ? 0 : 1;
}

/**
 * One rate, on a cluster and an executor of its own: what the cluster remembers of minutes under load costs the machine
 * more with each of them, and the last rate would get less of it than the first.
 */
async function measure(rate: number, seconds: number): Promise<{ census: Census; loop: LoopDelay }> {
  const arena = await Arena.open({ seed: SEED, peers: [] });
  try {
    await offer(arena, 'warm', Math.min(WARM_RATE, rate), Math.min(WARM_SECONDS, seconds));
    const census = await offer(arena, 'offered', rate, seconds);
    return { census, loop: await arena.loopDelay() };
  } finally {
    await arena.close();
  }
}

async function offer(arena: Arena, run: string, rate: number, seconds: number): Promise<Census> {
  const { port, headers } = arena.executorTarget;
  const offered = await offerIntents({
    ...arena.executorTarget,
    run,
    count: Math.round(rate * seconds),
    rate,
  });
  return takeCensus({ port, headers, offered, settleMs: SETTLE_MS });
}

const parseRate = wholeNumber(1, 20_000);
const parseSteps = (text: string): number[] => text.split(',').map(parseRate);

const note = (text: string) => void process.stderr.write(`${text}\n`);

const command = new Command('npm run bench:overload --')
  .description('Offers more than can land, and accounts for every intent.')
  .option('--seconds <n>', 'how long the overload is held', wholeNumber(1, 3_600), 60)
  .option('--rate <n>', 'intents a second', wholeNumber(1, 20_000), 1_000)
  .option('--steps <list>', 'rates of the steps that measure the capacity', parseSteps, STEPS_A_SECOND)
  .option(
    '--step-seconds <n>',
    'length of each step that measures the capacity',
    wholeNumber(1, 600),
    STEP_SECONDS,
  )
  .option('--json', 'one JSON object on the last line of standard output', false)
  .addHelpText('after', '\nExit codes: 0 every intent is accounted for, 1 not, 2 not done.')
  .action(main);

await runProgram(command);
process.exit();
