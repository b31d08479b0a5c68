/** `npm run drill:kill-switch`: see README.md. */
import { runProgram } from '../src/cli/command-line.js';
import { wholeNumber } from '../src/cli/number-options.js';
import { runKillSwitchTrials } from './kill-switch-trials.js';
import { drillCommand, finish, note, seedOr } from './output.js';

interface Options {
  readonly trials: number;
  readonly rate: number;
  readonly seed?: string;
  readonly json: boolean;
}

async function main({ trials, rate, seed, json }: Options): Promise<void> {
  const result = await runKillSwitchTrials({ trials, rate, seed: seedOr(seed), note });
  // Where no attempt was out at any stop, nothing could have been sent late.
  const isTried = result.trialsWithLiveAttempts > 0;
  finish(result, result.late === 0 && result.revived === 0 && isTried, json);
}

const command = drillCommand(
  'drill:kill-switch',
  'Throws the kill switch under load, and looks for bytes after it.',
)
  .option('--trials <n>', 'times that it is thrown', wholeNumber(1, 100_000), 1_000)
  .option('--rate <n>', 'orders a second', wholeNumber(1, 1_000), 60)
  .action(main);

await runProgram(command);
