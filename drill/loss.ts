/** `npm run drill:loss`: see README.md. */
import { runProgram } from '../src/cli/command-line.js';
import { positiveNumber, wholeNumber } from '../src/cli/number-options.js';
import { type LossResult, runLoss } from './loss-run.js';
import { drillCommand, finish, note, seedOr } from './output.js';

const CONFIRMED_P95_LIMIT_MS = 2_000;
const SKIP_RATE = 0.1;
const MOST_MINUTES = 24 * 60;

interface Options {
  readonly minutes: number;
  readonly rate: number;
  readonly seed?: string;
  readonly json: boolean;
}

async function main({ minutes, rate, seed: given, json }: Options): Promise<void> {
  const seed = seedOr(given);
  const common = { minutes, rate, seed, note };
  const independent = await runLoss({ ...common, skipRate: SKIP_RATE, leaderSkipRate: 0 });
  const leaderWindows = await runLoss({ ...common, skipRate: 0, leaderSkipRate: SKIP_RATE });
  const isFast = independent.intentToConfirmedMs.p95 < CONFIRMED_P95_LIMIT_MS;
  finish(
    { minutes, rate, seed, independent, leaderWindows },
    isClean(independent) && isClean(leaderWindows) && isFast,
    json,
  );
}

/** Nothing was found, and trades landed of which something could have been. */
const isClean = ({ findings, landed }: LossResult) =>
  landed > 0 && Object.values(findings).every((count) => count === 0);

const command = drillCommand('drill:loss', 'Trades through lost sends, skipped slots and absent leaders.')
  .option('--minutes <n>', 'how long, twice', positiveNumber(MOST_MINUTES), 5)
  .option('--rate <n>', 'trades a second', wholeNumber(1, 1_000), 20)
  .action(main);

await runProgram(command);
