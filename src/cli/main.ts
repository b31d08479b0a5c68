/** The command line: one verb a file. */
import { Command } from 'commander';
import { describeError } from '../logging/log.js';
import { checkBalancesCommand } from './commands/check-balances.js';
import { debugMemoryCommand } from './commands/debug-memory.js';
import { restartCommand } from './commands/restart.js';
import { stopCommand } from './commands/stop.js';
import { testTradeCommand } from './commands/test-trade.js';
import { validateTokenCommand } from './commands/validate-token.js';
import { EXIT } from './exit-codes.js';

export async function runCommandLine(): Promise<void> {
  const program = new Command('hotslot').description('drive a Hotslot executor').showHelpAfterError();
  for (const command of [
    testTradeCommand(),
    stopCommand(),
    restartCommand(),
    checkBalancesCommand(),
    validateTokenCommand(),
    debugMemoryCommand(),
  ])
    program.addCommand(command);
  try {
    await program.parseAsync();
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = EXIT.failed;
  }
}
