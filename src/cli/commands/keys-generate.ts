import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { HotslotError } from '../../errors/hotslot-error.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { changeKeystore } from '../key-files.js';
import { withProgress } from '../output.js';

export function keysGenerateCommand(): Command {
  return defineCommand(
    'generate <name>',
    'make a new key in the keystore; a keystore is made where there is none',
    (_options, name) => withProgress('Generating', generateKey(name!)),
  );
}

async function generateKey(name: string): Promise<CommandResult> {
  const address = await changeKeystore(loadConfig(commandEnvironment()), (keystore) => {
    if (keystore.entries().some((one) => one.name === name))
      throw new HotslotError('KEY_EXISTS', { detail: name });
    const key = keystore.generate(name);
    key.wipe();
    return key.address;
  });
  return { exitCode: EXIT.ok, json: { name, address }, lines: [`${name} is ${address}.`] };
}
