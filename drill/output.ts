/** Progress on standard error, one result on standard output; and what the drills' commands have in common. */
import { randomBytes } from 'node:crypto';
import { Command } from 'commander';

const SEED_BYTES = 4;

/** Exit codes are those of all scripts: 2 is for wrong use and for faults. */
const EXIT_HELP = '\nExit codes: 0 passed, 1 did not, 2 not done.';

/** @param script as npm knows it */
export function drillCommand(script: string, description: string): Command {
  return new Command(`npm run ${script} --`)
    .description(description)
    .option('--seed <text>', 'decides whatever chance decides (default: random)')
    .option('--json', 'one JSON object on the last line of standard output', false)
    .addHelpText('after', EXIT_HELP);
}

export const seedOr = (given: string | undefined): string => given ?? randomBytes(SEED_BYTES).toString('hex');

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints the result and sets the exit code: 0 when it passed, 1 when it did not. */
export function finish(result: object, passed: boolean, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    for (const [name, value] of Object.entries(result)) {
      process.stdout.write(
        `${name.padEnd(24)} ${typeof value === 'object' ? JSON.stringify(value) : value}\n`,
      );
    }
  }
  process.exitCode = passed ? 0 : 1;
}
