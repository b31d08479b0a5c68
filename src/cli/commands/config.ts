/** `config show` and `config validate`: the settings that an executor started here would have. */
import { Command } from 'commander';
import { configFaults, describeConfig, loadConfig } from '../../config/config.js';
import { readEnvironmentFile } from '../../config/environment-file.js';
import { SETTINGS } from '../../config/settings.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { EXIT } from '../exit-codes.js';
import { columns } from '../output.js';

interface Options {
  readonly env: string;
}

export function configCommand(): Command {
  const withFile = (command: Command) =>
    command.option('--env <file>', 'file of NAME=value lines, behind the environment', '.env');
  return new Command('config')
    .description('the settings of an executor started here')
    .addCommand(defineCommand('show', 'every setting with its value; secrets as `(set)`', show, withFile))
    .addCommand(
      defineCommand('validate', 'every fault at once, and names that no setting has', validate, withFile),
    );
}

/** @throws HotslotError CONFIG_INVALID */
async function show(options: Options): Promise<CommandResult> {
  const rows = describeConfig(loadConfig(environmentOf(options)));
  return {
    exitCode: EXIT.ok,
    json: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
    lines: columns(rows.map(({ name, value }) => [name, value])),
  };
}

async function validate(options: Options): Promise<CommandResult> {
  const faults = configFaults(environmentOf(options));
  // Likely misspelt, though they may be meant for another program: told, and not held against the file.
  const unknown = Object.keys(readEnvironmentFile(options.env)).filter((name) => !(name in SETTINGS));
  const valid = faults.length === 0;
  return {
    exitCode: valid ? EXIT.ok : EXIT.bad,
    json: { valid, faults, unknown },
    lines: [
      ...faults.map(({ setting, problem }) => `${setting}: ${problem}`),
      ...unknown.map((name) => `${name}: no setting has this name`),
      valid ? 'The configuration is valid.' : 'The configuration has faults.',
    ],
  };
}

const environmentOf = ({ env }: Options) => ({ ...readEnvironmentFile(env), ...process.env });
