/** The command line: one verb a file. */
import { Command } from 'commander';
import { describeError } from '../logging/log.js';
import { testTradeCommand } from './commands/test-trade.js';

const program = new Command('hotslot').description('drive a Hotslot executor').showHelpAfterError();
program.addCommand(testTradeCommand());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 2;
});
