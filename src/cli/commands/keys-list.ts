import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { byKeyName, roleOf } from '../../keys/key-names.js';
import { listKeystore } from '../../keys/keystore.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { keysInUse } from '../executor-keys.js';
import { EXIT } from '../exit-codes.js';
import { keystorePathsOf } from '../key-files.js';
import { columns } from '../output.js';

/** Needs no passphrase. */
export function keysListCommand(): Command {
  return defineCommand('list', 'list the keystore, and what the executor does with each key', async () => {
    const environment = commandEnvironment();
    const config = loadConfig(environment);
    const entries = (await listKeystore(keystorePathsOf(config).keystore)).sort(byKeyName);
    const inUse = await keysInUse(environment, config);
    const keys = entries.map(({ name, address }) => {
      const used = inUse?.find((key) => key.address === address);
      return {
        name,
        role: roleOf(name),
        address,
        state: used?.state ?? (inUse === undefined ? 'no executor runs' : 'not loaded'),
        liveTrades: used?.liveTrades ?? 0,
      };
    });
    return {
      exitCode: EXIT.ok,
      json: { executor: inUse !== undefined, keys },
      lines: columns([
        ['KEY', 'ROLE', 'ADDRESS', 'STATE', 'LIVE TRADES'],
        ...keys.map((key) => [key.name, key.role, key.address, key.state, String(key.liveTrades)]),
      ]),
    };
  });
}
