/** The arguments of the process's entry: few, and read before anything else is loaded or taken. */
import { parseArgs } from 'node:util';

const WRONG_USE = 2;
const HELP_AT = 'See: npm run start:trading -- --help';

const HELP = `Usage: npm run start:trading -- [options]

The executor. Its settings come from the environment and from .env: docs/CONFIG.md has them all.

Options:
  --demo       trades to look at, on the embedded cluster; npm start has it
  --successor  warms up beside the executor that runs, and takes over from it; npm run restart:graceful has it
  --help       this

Exit codes: 0 ended in order, 1 could not start or go on, 2 wrong use.
`;

export interface StartOptions {
  readonly isDemo: boolean;
  readonly isSuccessor: boolean;
}

/** Ends the process where help is wanted, and for what does not fit. */
export function readStartOptions(): StartOptions {
  const { demo, successor, help } = parsed();
  if (help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  return { isDemo: demo, isSuccessor: successor };
}

function parsed() {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ options: { demo: flag, successor: flag, help: { ...flag, short: 'h' } } }).values;
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message.replaceAll('\n', ' ')}\n${HELP_AT}\n`);
    process.exit(WRONG_USE);
  }
}
