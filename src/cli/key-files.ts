/** Where the keystore is, opening it, and changing it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import {
  createKeystore,
  embeddedKeystorePaths,
  type KeystorePaths,
  openKeystore,
} from '../embedded/embedded-keys.js';
import { HotslotError } from '../errors/hotslot-error.js';
import { holdDataDir } from '../journal/data-dir.js';
import type { Keystore } from '../keys/keystore.js';

/** One change of the keystore at a time; the folder also has what a rotation has signed and not seen landed. */
export const KEY_CHANGES_FOLDER = 'rotations';

/** @throws HotslotError KEYSTORE_INVALID where there is none */
export function keystorePathsOf(config: Config): KeystorePaths {
  const paths = wantedKeystorePathsOf(config);
  if (!existsSync(paths.keystore))
    throw new HotslotError('KEYSTORE_INVALID', { detail: `${paths.keystore} is not there.` });
  return paths;
}

/** @throws HotslotError KEYSTORE_INVALID */
export function openConfiguredKeystore(config: Config): Promise<Keystore> {
  return openKeystore(keystorePathsOf(config));
}

/**
 * Changes the configured keystore and saves it, while no rotation and no other change is under way. Where there is
 * none one is made, and its passphrase file has to be there.
 * @throws HotslotError KEYSTORE_INVALID, DATA_DIR_HELD; nothing was saved then
 */
export async function changeKeystore<Result>(
  config: Config,
  change: (keystore: Keystore) => Result,
): Promise<Result> {
  const paths = wantedKeystorePathsOf(config);
  if (!existsSync(paths.passphrase))
    throw new HotslotError('KEYSTORE_INVALID', {
      detail: `The passphrase file ${paths.passphrase} is not there: make it, mode 0600.`,
    });
  const held = await holdDataDir(join(config.DATA_DIR, KEY_CHANGES_FOLDER));
  try {
    const keystore = await (existsSync(paths.keystore) ? openKeystore(paths) : createKeystore(paths));
    try {
      const result = change(keystore);
      await keystore.save();
      return result;
    } finally {
      keystore.close();
    }
  } finally {
    await held.release();
  }
}

/** As configured, or beside the data where nothing is said; whether they are there or not. */
export function wantedKeystorePathsOf(config: Config): KeystorePaths {
  const defaults = embeddedKeystorePaths(config.DATA_DIR);
  return {
    keystore: config.KEYSTORE_PATH ?? defaults.keystore,
    passphrase: config.KEYSTORE_PASSPHRASE_FILE ?? defaults.passphrase,
  };
}
