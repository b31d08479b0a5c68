import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { HotslotError } from '../../errors/hotslot-error.js';
import { importKeypair } from '../../keys/keypair-file.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { changeKeystore } from '../key-files.js';
import { withProgress } from '../output.js';

const MODE_OTHERS = 0o077;

/** The secret comes from a file of solana-keygen's, never from an argument: those are seen by every process. */
export function keysImportCommand(): Command {
  return defineCommand(
    'import <name> <file>',
    'put a key of a solana-keygen file into the keystore; a keystore is made where there is none',
    (_options, name, file) => withProgress('Importing', importKey(name!, file!)),
  );
}

async function importKey(name: string, file: string): Promise<CommandResult> {
  if ((statSync(file).mode & MODE_OTHERS) !== 0)
    throw new HotslotError('KEYPAIR_FILE_INVALID', {
      detail: `Others can read ${file}; its mode must be 0600.`,
    });
  const key = importKeypair(name, readFileSync(file, 'utf8'));
  try {
    await changeKeystore(loadConfig(commandEnvironment()), (keystore) => {
      const taken = keystore.entries().find((one) => one.name === name || one.address === key.address);
      if (taken !== undefined)
        throw new HotslotError('KEY_EXISTS', { detail: `${taken.name} is ${taken.address}.` });
      keystore.put(key);
    });
  } finally {
    key.wipe();
  }
  return {
    exitCode: EXIT.ok,
    json: { name, address: key.address },
    lines: [`${name} is ${key.address}. A running executor takes it up with: hotslot config update-keys`],
  };
}
