/** Where the keystore is, and opening it. */
import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { embeddedKeystorePaths, type KeystorePaths, openKeystore } from '../embedded/embedded-keys.js';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Keystore } from '../keys/keystore.js';

/** @throws HotslotError KEYSTORE_INVALID where there is none */
export function keystorePathsOf(config: Config): KeystorePaths {
  const defaults = embeddedKeystorePaths(config.DATA_DIR);
  const keystore = config.KEYSTORE_PATH ?? defaults.keystore;
  if (!existsSync(keystore))
    throw new HotslotError('KEYSTORE_INVALID', { detail: `${keystore} is not there.` });
  return { keystore, passphrase: config.KEYSTORE_PASSPHRASE_FILE ?? defaults.passphrase };
}

/** @throws HotslotError KEYSTORE_INVALID */
export function openConfiguredKeystore(config: Config): Promise<Keystore> {
  return openKeystore(keystorePathsOf(config));
}
