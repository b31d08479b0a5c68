/** Reading a command line: what wrong use looks like, and the same for every script of this package. */
import { type Command, CommanderError } from 'commander';
import { describeError } from '../logging/log.js';
import { EXIT } from './exit-codes.js';
import { fileFault } from './file-fault.js';
import { printJson } from './output.js';

/** Runs what the arguments ask for. Never rejects: wrong use and faults are told on standard error, by code 2. */
export async function runProgram(program: Command): Promise<void> {
  answerWrongUse(program, program.name());
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = usageExitCode(error);
      return;
    }
    process.stderr.write(`${fileFault(error) ?? describeError(error)}\n`);
    process.exitCode = EXIT.failed;
  }
}

/** Wrong use is told in two lines, for verbs under verbs too: what is wrong, with the nearest name, and where help is. */
function answerWrongUse(command: Command, path: string): void {
  command
    .exitOverride()
    .showHelpAfterError(`See: ${path} --help`)
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`) });
  for (const verb of command.commands) answerWrongUse(verb, `${path} ${verb.name()}`);
}

/** Help that was asked for is an end like any other. */
function usageExitCode({ exitCode, message }: CommanderError): number {
  if (exitCode === EXIT.ok) return EXIT.ok;
  if (process.argv.includes('--json')) printJson({ error: message.trim().replaceAll('\n', ' ') });
  return EXIT.failed;
}
