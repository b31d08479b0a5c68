/** `npm run drill`: see README.md. */
import { runProgram } from '../src/cli/command-line.js';
import { wholeNumber } from '../src/cli/number-options.js';
import { DRILL_DEFAULTS, hasPassed, runDrill } from './drill.js';
import { drillCommand, finish, note, seedOr } from './output.js';

interface Options {
  readonly trades: number;
  readonly kills: number;
  readonly rate: number;
  readonly seed?: string;
  readonly keep: boolean;
  readonly json: boolean;
}

async function main({ seed, json, ...options }: Options): Promise<void> {
  const result = await runDrill({ ...options, seed: seedOr(seed), slotMs: DRILL_DEFAULTS.slotMs, note });
  finish(result, hasPassed(result), json);
}

const { trades, kills, rate } = DRILL_DEFAULTS;
const command = drillCommand(
  'drill',
  'Kills an executor again and again, and looks for lost and doubled trades.',
)
  .option('--trades <n>', 'orders', wholeNumber(1, 100_000), trades)
  .option('--kills <n>', 'executors that are killed', wholeNumber(0, 10_000), kills)
  .option('--rate <n>', 'orders a second', wholeNumber(1, 1_000), rate)
  .option('--keep', 'leave the directory with journal, log and ledger in place', false)
  .action(main);

await runProgram(command);
