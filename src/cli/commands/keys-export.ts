import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { exportKeypair } from '../../keys/keypair-file.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { openConfiguredKeystore } from '../key-files.js';
import { withProgress } from '../output.js';

const MODE_PRIVATE = 0o600;

/** To a file and nowhere else: what goes to a terminal stays in its history. */
export function keysExportCommand(): Command {
  return defineCommand(
    'export <name> <file>',
    'write a key as solana-keygen does, unencrypted, to a new file of mode 0600',
    (_options, name, file) => withProgress('Exporting', exportKey(name!, file!)),
  );
}

async function exportKey(name: string, file: string): Promise<CommandResult> {
  const keystore = await openConfiguredKeystore(loadConfig(commandEnvironment()));
  try {
    const key = keystore.load(name);
    try {
      // `wx`: a file that is there may have another mode, and may be another key.
      writeFileSync(file, exportKeypair(key), { mode: MODE_PRIVATE, flag: 'wx' });
      return {
        exitCode: EXIT.ok,
        json: { name, address: key.address, file },
        lines: [`${key.address} is in ${file}, unencrypted.`],
      };
    } finally {
      key.wipe();
    }
  } finally {
    keystore.close();
  }
}
