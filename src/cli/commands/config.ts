/** `config show`, `config validate`, and `config update-keys`. */
import { Command } from 'commander';
import { describeConfig, loadConfig } from '../../config/config.js';
import { HotslotError } from '../../errors/hotslot-error.js';
import { controlClient } from '../control-client.js';
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
  try {
    loadConfig(commandEnvironment());
    return { exitCode: EXIT.ok, json: { valid: true }, lines: ['The configuration is valid.'] };
  } catch (error) {
    if (!(error instanceof HotslotError)) throw error;
    return { exitCode: EXIT.bad, json: { valid: false, error: error.message }, lines: [error.message] };
  }
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
        answer.keys.map(({ name, address, state, liveTrades }) => [
          name,
          address,
          state,
          `${liveTrades} live trades`,
        ]),
      ),
    ],
  };
}
