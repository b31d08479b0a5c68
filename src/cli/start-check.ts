/** What would keep an executor from starting, found out while another one still runs. */
import { existsSync } from 'node:fs';
import { loadConfig } from '../config/config.js';
import { mintListPaths } from '../config/mint-list-paths.js';
import { nodeFault } from '../node-support.js';
import { MintLists } from '../risk/mint-lists.js';
import { systemClock } from '../time/clock.js';
import type { Environment } from './environment.js';
import { openConfiguredKeystore, wantedKeystorePathsOf } from './key-files.js';

/**
 * Reads the settings and the files that a start reads: neither a typing error in `.env` nor a Node.js that was changed
 * since may end an executor that no other one can follow.
 * @throws HotslotError NODE_UNSUPPORTED, CONFIG_INVALID, KEYSTORE_INVALID
 */
export async function checkStart(environment: Environment): Promise<void> {
  const fault = nodeFault();
  if (fault !== undefined) throw fault;
  const config = loadConfig(environment);
  new MintLists({ clock: systemClock, ...mintListPaths(config) }).close();
  // On the embedded cluster a start makes the keys that are missing.
  if (config.embedded && !existsSync(wantedKeystorePathsOf(config).keystore)) return;
  (await openConfiguredKeystore(config)).close();
}
