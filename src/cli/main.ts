/** The command line: one verb a file. */
import { Command } from 'commander';
import { describeError } from '../logging/log.js';
import { backupCommand } from './commands/backup.js';
import { checkBalancesCommand } from './commands/check-balances.js';
import { configCommand } from './commands/config.js';
import { debugMemoryCommand } from './commands/debug-memory.js';
import { denylistCommand } from './commands/denylist.js';
import { docsCommand } from './commands/docs.js';
import { doctorCommand } from './commands/doctor.js';
import { keysCommand } from './commands/keys.js';
import { killCommand } from './commands/kill.js';
import { profileCommand } from './commands/profile.js';
import { replayCommand } from './commands/replay.js';
import { restartCommand } from './commands/restart.js';
import { statusCommand } from './commands/status.js';
import { stopCommand } from './commands/stop.js';
import { testTradeCommand } from './commands/test-trade.js';
import { tradesCommand } from './commands/trades.js';
import { tuneCommand } from './commands/tune.js';
import { validateTokenCommand } from './commands/validate-token.js';
import { EXIT } from './exit-codes.js';

export async function runCommandLine(): Promise<void> {
  // `| head` closes the pipe when it has read enough; that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  const program = new Command('hotslot').description('drive a Hotslot executor').showHelpAfterError();
  for (const command of [
    testTradeCommand(),
    stopCommand(),
    restartCommand(),
    tuneCommand(),
    profileCommand(),
    checkBalancesCommand(),
    validateTokenCommand(),
    debugMemoryCommand(),
    backupCommand(),
    configCommand(),
    denylistCommand(),
    docsCommand(),
    doctorCommand(),
    keysCommand(),
    killCommand(),
    replayCommand(),
    statusCommand(),
    tradesCommand(),
  ])
    program.addCommand(command);
  try {
    await program.parseAsync();
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = EXIT.failed;
  }
}
