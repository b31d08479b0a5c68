/** What all verbs have in common: `--json`, exit codes, and where results and faults go. */
import { Command } from 'commander';
import { describeError } from '../logging/log.js';
import { ControlError } from './control-client.js';
import { EXIT, EXIT_HELP, type ExitCode } from './exit-codes.js';
import { fileFault } from './file-fault.js';
import { note, printJson } from './output.js';

/** What a verb found or did. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** The one object of `--json`. */
  readonly json: unknown;
  /** The same for people. */
  readonly lines: readonly string[];
}

/**
 * @param spec `name <argument>` as commander reads it
 * @param run  gets the arguments, then the options
 */
export function defineCommand<Options extends object>(
  spec: string,
  description: string,
  run: (options: Options, ...args: string[]) => Promise<CommandResult>,
  addOptions: (command: Command) => Command = (command) => command,
): Command {
  const command = new Command(spec.split(' ')[0]!);
  for (const argument of spec.split(' ').slice(1)) command.argument(argument);
  return addOptions(command.description(description))
    .option('--json', 'one JSON object on the last line of standard output', false)
    .addHelpText('after', EXIT_HELP)
    .action(async (...given: unknown[]) => {
      const self = given.pop() as Command;
      given.pop();
      const options = self.opts<Options & { json: boolean }>();
      const args = given.map((argument) => argument as string);
      // A verb with verbs under it takes the flag from wherever it stands.
      const json = options.json || self.parent?.opts<{ json?: boolean }>().json === true;
      process.exitCode = await perform(() => run(options, ...args), json);
    });
}

async function perform(run: () => Promise<CommandResult>, json: boolean): Promise<ExitCode> {
  try {
    const { exitCode, json: value, lines } = await run();
    if (json) printJson(value);
    else for (const line of lines) process.stdout.write(`${line}\n`);
    return exitCode;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const fault = fileFault(error) ?? describeError(error);
    if (json) printJson({ error: fault, ...(typeof code === 'string' ? { code } : {}) });
    note(fault);
    return error instanceof ControlError && error.status === undefined ? EXIT.noExecutor : EXIT.failed;
  }
}
