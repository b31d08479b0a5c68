/** `config show`, `config validate`, and `config update-keys`. */
import { Command } from 'commander';
import { configFaults, describeConfig, loadConfig } from '../../config/config.js';
import { readEnvironmentFile } from '../../config/environment-file.js';
import { SETTINGS } from '../../config/settings.js';
import { byKeyName } from '../../keys/key-names.js';
import { controlClient, URL_VARIABLE } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { columns, withProgress } from '../output.js';

export function configCommand(): Command {
  return new Command('config')
    .description('the configuration, and the keys in use')
    .addCommand(defineCommand('show', 'show every setting; secrets are left out', async () => show()))
    .addCommand(defineCommand('validate', 'tell every fault of the configuration', async () => validate()))
    .addCommand(
      defineCommand('update-keys', 'let the running executor read its keystore again', () => updateKeys()),
    );
}

function show(): CommandResult {
  const settings = describeConfig(loadConfig(commandEnvironment()));
  return {
    exitCode: EXIT.ok,
    json: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    lines: columns(settings.map(({ name, value }) => [name, value])),
  };
}

function validate(): CommandResult {
  const faults = configFaults(commandEnvironment());
  // Likely misspelt, though they may be meant for another program: told, and not held against the file.
  const unknown = Object.keys(readEnvironmentFile('.env')).filter(
    (name) => !Object.hasOwn(SETTINGS, name) && name !== URL_VARIABLE,
  );
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

async function updateKeys(): Promise<CommandResult> {
  const client = controlClient(commandEnvironment());
  const answer = (await withProgress('Reading the keystore', client.post('/api/keys/reload'))) as {
    added: readonly { name: string }[];
    keys: readonly { name: string; address: string; state: string; liveTrades: number }[];
  };
  return {
    exitCode: EXIT.ok,
    json: answer,
    lines: [
      `${answer.added.length} keys are new to the executor.`,
      ...columns(
        [...answer.keys]
          .sort(byKeyName)
          .map(({ name, address, state, liveTrades }) => [name, address, state, `${liveTrades} live trades`]),
      ),
    ],
  };
}
