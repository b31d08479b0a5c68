/** `npm run drill:frozen-stream`: see README.md. */
import { runProgram } from '../src/cli/command-line.js';
import { wholeNumber } from '../src/cli/number-options.js';
import { runFrozenStreamTrials } from './frozen-stream-trials.js';
import { drillCommand, finish, note, seedOr } from './output.js';

interface Options {
  readonly trials: number;
  readonly seed?: string;
  readonly json: boolean;
}

async function main({ trials, seed, json }: Options): Promise<void> {
  const result = await runFrozenStreamTrials({ trials, seed: seedOr(seed), note });
  const isSound = result.unnoticed === 0 && result.signedStale === 0 && result.deniedWithoutAge === 0;
  // Where no trade was refused for age, none was there that could have been signed stale.
  finish(result, isSound && result.deniedStale > 0, json);
}

const command = drillCommand(
  'drill:frozen-stream',
  'Freezes the stream, and looks for what is signed on stale state.',
)
  .option('--trials <n>', 'times that it is frozen', wholeNumber(1, 10_000), 20)
  .action(main);

await runProgram(command);
