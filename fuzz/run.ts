/** `npm run fuzz`: see README.md. */
import { drillCommand, finish, note, seedOr } from '../drill/output.js';
import { runProgram } from '../src/cli/command-line.js';
import { wholeNumber } from '../src/cli/number-options.js';
import { runFuzz } from './campaign.js';

const MOST_COUNT = 10_000_000;

interface Options {
  readonly count: number;
  readonly seed?: string;
  readonly minutes: number;
  readonly only?: readonly number[];
  readonly keep: boolean;
  readonly json: boolean;
}

/** `3,7,100-120` */
function indexes(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    const from = wholeNumber(0, MOST_COUNT - 1)(first);
    const to = wholeNumber(from, MOST_COUNT - 1)(last);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}

async function main({ seed, json, ...options }: Options): Promise<void> {
  const result = await runFuzz({ ...options, seed: seedOr(seed), note });
  finish(result, result.findingsTotal === 0, json);
}

const command = drillCommand('fuzz', 'Aims hostile messages at a real executor and a real cluster.')
  .option('--count <n>', 'messages', wholeNumber(1, MOST_COUNT), 20_000)
  .option('--minutes <n>', 'past this nothing more is sent', wholeNumber(1, 240), 30)
  .option('--only <indexes>', 'these in place of all, as 7,90,100-200', indexes)
  .option('--keep', 'leave the directory with journal and log in place', false)
  .action(main);

await runProgram(command);
