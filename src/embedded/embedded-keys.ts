/** The embedded default's keys: made once, encrypted, with a passphrase file that only its owner reads. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Keystore, listKeystore } from '../keys/keystore.js';
import { SigningKey } from '../keys/signing-key.js';
import type { Address } from '../model/brands.js';

export const TRADING_KEY_COUNT = 8;
const PASSPHRASE_BYTES = 32;
const SPACE = 0x20;
const MODE_PRIVATE = 0o600;

export interface KeystorePaths {
  readonly keystore: string;
  readonly passphrase: string;
}

export function embeddedKeystorePaths(dataDir: string): KeystorePaths {
  return { keystore: join(dataDir, 'keystore.json'), passphrase: join(dataDir, 'keystore.passphrase') };
}

/** A keystore whose addresses are known while its passphrase is still being stretched. */
export interface OpeningKeystore {
  readonly addresses: readonly Address[];
  /** Made just now. */
  readonly isNew: boolean;
  readonly opened: Promise<Keystore>;
}

/** Opens the keystore, and makes it first where there is none: `trading-key-1` to `-8` and `master`. */
export async function openEmbeddedKeystore(paths: KeystorePaths, keyCount?: number): Promise<Keystore> {
  return (await beginEmbeddedKeystore(paths, keyCount)).opened;
}

/** Does so without waiting for scrypt. @throws HotslotError KEYSTORE_INVALID, here or by `opened` */
export async function beginEmbeddedKeystore(
  paths: KeystorePaths,
  keyCount = TRADING_KEY_COUNT,
): Promise<OpeningKeystore> {
  if (existsSync(paths.keystore)) {
    const entries = await listKeystore(paths.keystore);
    return {
      addresses: entries.map(({ address }) => address),
      isNew: false,
      opened: handled(openKeystore(paths)),
    };
  }
  if (!existsSync(paths.passphrase)) {
    const passphrase = randomBytes(PASSPHRASE_BYTES).toString('base64url');
    writeFileSync(paths.passphrase, `${passphrase}\n`, { mode: MODE_PRIVATE, flag: 'wx' });
  }
  const names = Array.from({ length: keyCount }, (_, index) => `trading-key-${index + 1}`);
  const keys = [...names, 'master'].map((name) => SigningKey.generate(name));
  return { addresses: keys.map(({ address }) => address), isNew: true, opened: handled(keep(paths, keys)) };
}

async function keep(paths: KeystorePaths, keys: readonly SigningKey[]): Promise<Keystore> {
  try {
    const keystore = await createKeystore(paths);
    for (const key of keys) keystore.put(key);
    await keystore.save();
    return keystore;
  } finally {
    for (const key of keys) key.wipe();
  }
}

/** It may reject before anybody waits for it. */
function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}

/** @throws HotslotError KEYSTORE_INVALID */
export function openKeystore(paths: KeystorePaths): Promise<Keystore> {
  return withPassphrase(paths, (passphrase) => Keystore.open(paths.keystore, passphrase));
}

/** A new, empty one; nothing is written before `save`. @throws HotslotError KEYSTORE_INVALID */
export function createKeystore(paths: KeystorePaths): Promise<Keystore> {
  return withPassphrase(paths, (passphrase) => Keystore.create(paths.keystore, passphrase));
}

const isSpace = (byte: number | undefined): boolean => byte !== undefined && byte <= SPACE;

/** Lends the passphrase, without the white space at the end of its file, and wipes it. */
async function withPassphrase(
  paths: KeystorePaths,
  use: (passphrase: Uint8Array) => Promise<Keystore>,
): Promise<Keystore> {
  const file = readFileSync(paths.passphrase);
  try {
    let end = file.length;
    while (isSpace(file[end - 1])) end -= 1;
    return await use(file.subarray(0, end));
  } finally {
    file.fill(0);
  }
}
