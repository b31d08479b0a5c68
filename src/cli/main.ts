/** The command line: one verb a file, and only the one that is asked for is loaded. */
import { Command } from 'commander';
import { runProgram } from './command-line.js';

/** In the order of the help. */
const VERBS: { readonly [verb: string]: () => Promise<Command> } = {
  'test-trade': async () => (await import('./commands/test-trade.js')).testTradeCommand(),
  stop: async () => (await import('./commands/stop.js')).stopCommand(),
  restart: async () => (await import('./commands/restart.js')).restartCommand(),
  tune: async () => (await import('./commands/tune.js')).tuneCommand(),
  profile: async () => (await import('./commands/profile.js')).profileCommand(),
  'check-balances': async () => (await import('./commands/check-balances.js')).checkBalancesCommand(),
  'validate-token': async () => (await import('./commands/validate-token.js')).validateTokenCommand(),
  'debug-memory': async () => (await import('./commands/debug-memory.js')).debugMemoryCommand(),
  backup: async () => (await import('./commands/backup.js')).backupCommand(),
  config: async () => (await import('./commands/config.js')).configCommand(),
  denylist: async () => (await import('./commands/denylist.js')).denylistCommand(),
  docs: async () => (await import('./commands/docs.js')).docsCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  keys: async () => (await import('./commands/keys.js')).keysCommand(),
  kill: async () => (await import('./commands/kill.js')).killCommand(),
  replay: async () => (await import('./commands/replay.js')).replayCommand(),
  status: async () => (await import('./commands/status.js')).statusCommand(),
  trades: async () => (await import('./commands/trades.js')).tradesCommand(),
};

export async function runCommandLine(): Promise<void> {
  // `| head` closes the pipe when it has read enough; that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  // Whoever stops reading the progress ends no work: a rotation was once cut off by `2>&1 | head`.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const program = new Command('hotslot').description('drive a Hotslot executor');
  const asked = Object.hasOwn(VERBS, process.argv[2] ?? '') ? VERBS[process.argv[2]!] : undefined;
  for (const load of asked === undefined ? Object.values(VERBS) : [asked]) program.addCommand(await load());
  await runProgram(program);
}
