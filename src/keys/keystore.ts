/**
 * The encrypted keystore: one file, one scrypt over the passphrase, one HKDF key for each entry, AES-256-GCM.
 * The file's mode is 0600 and it is replaced by rename, so that a crash leaves the old one or the new one.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import { type EncryptedRecord, type KeystoreFile, keystoreFileSchema } from './keystore-file.js';
import { SEED_BYTES } from './secure-memory.js';
import { SigningKey } from './signing-key.js';

/** scrypt's cost: N = 2^17 takes about 280 ms and 128 MiB, once an opening. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export const DEFAULT_SCRYPT: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };
/** Most memory that a keystore's file may make scrypt take. */
const MAX_SCRYPT_BYTES = 512 * 1024 * 1024;
export const MAX_KEYS = 1024;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MODE_PRIVATE = 0o600;
const MODE_OTHERS = 0o077;

export interface KeystoreEntry {
  readonly name: string;
  readonly address: Address;
}

function invalid(detail: string): HotslotError {
  return new HotslotError('KEYSTORE_INVALID', { detail });
}

/** As bytes it can be wiped by whoever read it; as text it stays in memory until that is used again. */
export type Passphrase = string | Uint8Array;

const ASCII_END = 0x80;

/** NFKC leaves ASCII as it is, and only then no text need be made of the bytes. */
function normalized(passphrase: Passphrase): Passphrase {
  if (typeof passphrase === 'string') return passphrase.normalize('NFKC');
  if (passphrase.every((byte) => byte < ASCII_END)) return passphrase;
  return Buffer.from(passphrase).toString('utf8').normalize('NFKC');
}

function derive(passphrase: Passphrase, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: MAX_SCRYPT_BYTES };
    scrypt(normalized(passphrase), salt, 32, options, (error, key) => {
      if (error) reject(invalid('Its scrypt parameters are out of range.'));
      else resolve(key);
    });
  });
}

export class Keystore {
  readonly path: string;
  readonly #root: Buffer;
  readonly #salt: Buffer;
  readonly #cost: ScryptCost;
  readonly #records = new Map<string, EncryptedRecord>();

  private constructor(path: string, root: Buffer, salt: Buffer, cost: ScryptCost) {
    this.path = path;
    this.#root = root;
    this.#salt = salt;
    this.#cost = cost;
  }

  /** A new, empty keystore; nothing is written before `save`. */
  static async create(
    path: string,
    passphrase: Passphrase,
    cost: ScryptCost = DEFAULT_SCRYPT,
  ): Promise<Keystore> {
    if (passphrase.length === 0) throw invalid('The passphrase is empty.');
    const salt = randomBytes(32);
    return new Keystore(path, await derive(passphrase, salt, cost), salt, cost);
  }

  /**
   * Opens the file and proves the passphrase; keys are decrypted one by one by `load`.
   * @throws HotslotError KEYSTORE_INVALID: unreadable, readable by others, damaged, or a wrong passphrase
   */
  static async open(path: string, passphrase: Passphrase): Promise<Keystore> {
    const file = await readKeystoreFile(path);
    const salt = Buffer.from(file.kdf.salt, 'hex');
    const cost = { N: file.kdf.N, r: file.kdf.r, p: file.kdf.p };
    const store = new Keystore(path, await derive(passphrase, salt, cost), salt, cost);
    store.#decrypt({ ...file.check, name: 'check', address: 'check' }).fill(0);
    for (const record of file.keys) store.#records.set(record.name, record);
    return store;
  }

  entries(): KeystoreEntry[] {
    return [...this.#records.values()].map(({ name, address }) => ({ name, address: address as Address }));
  }

  /** Adds or replaces a key. @throws HotslotError KEY_NAME_INVALID; KEYSTORE_INVALID for too many keys */
  put(key: SigningKey): void {
    if (!NAME.test(key.name)) throw new HotslotError('KEY_NAME_INVALID');
    if (!this.#records.has(key.name) && this.#records.size >= MAX_KEYS) throw invalid('It is full.');
    this.#records.set(
      key.name,
      key.withSeed((seed) => this.#encrypt(key.name, key.address, seed)),
    );
  }

  /** A new key from the operating system's randomness. */
  generate(name: string): SigningKey {
    const key = SigningKey.generate(name);
    this.put(key);
    return key;
  }

  /** Another name for a key. @throws HotslotError KEY_EXISTS, KEY_UNKNOWN, KEY_NAME_INVALID */
  rename(from: string, to: string): void {
    if (this.#records.has(to)) throw new HotslotError('KEY_EXISTS', { detail: to });
    const key = this.load(from);
    try {
      this.put(key.named(to));
      this.#records.delete(from);
    } finally {
      key.wipe();
    }
  }

  /** @returns whether there was one */
  remove(name: string): boolean {
    return this.#records.delete(name);
  }

  /** @throws HotslotError KEY_UNKNOWN; KEYSTORE_INVALID where its record is damaged */
  load(name: string): SigningKey {
    const record = this.#records.get(name);
    if (record === undefined) throw new HotslotError('KEY_UNKNOWN', { detail: name });
    const seed = this.#decrypt(record);
    try {
      const key = SigningKey.fromSeed(name, seed);
      if (key.address !== record.address) throw invalid(`The record of ${name} is damaged.`);
      return key;
    } finally {
      seed.fill(0);
    }
  }

  /** Writes a new file beside the old one, syncs it, and renames it into place. */
  async save(): Promise<void> {
    const file: KeystoreFile = {
      format: 'hotslot-keystore',
      version: 1,
      kdf: { name: 'scrypt', ...this.#cost, salt: this.#salt.toString('hex') },
      check: this.#encrypt('check', 'check', Buffer.alloc(SEED_BYTES)),
      keys: [...this.#records.values()],
    };
    const temporary = `${this.path}.${randomBytes(6).toString('hex')}.tmp`;
    const handle = await open(temporary, 'wx', MODE_PRIVATE);
    try {
      await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`);
      await handle.sync();
    } catch (error) {
      await unlink(temporary);
      throw error;
    } finally {
      await handle.close();
    }
    await rename(temporary, this.path);
    const directory = await open(dirname(this.path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  /** The same keys under another passphrase and a fresh salt; `save` it to replace the file. */
  async withPassphrase(passphrase: string): Promise<Keystore> {
    const next = await Keystore.create(this.path, passphrase, this.#cost);
    for (const name of this.#records.keys()) {
      const key = this.load(name);
      next.put(key);
      key.wipe();
    }
    return next;
  }

  /** Forgets the derived key. */
  close(): void {
    this.#root.fill(0);
    this.#records.clear();
  }

  #entryKey(name: string, salt: Uint8Array): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#root, salt, `hotslot-keystore-1:${name}`, 32));
  }

  #encrypt(name: string, address: string, seed: Uint8Array): EncryptedRecord {
    const salt = randomBytes(16);
    const nonce = randomBytes(12);
    const key = this.#entryKey(name, salt);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from(`${name}:${address}`));
    const data = Buffer.concat([cipher.update(seed), cipher.final()]);
    key.fill(0);
    const hex = (bytes: Buffer): string => bytes.toString('hex');
    return {
      name,
      address,
      salt: hex(salt),
      nonce: hex(nonce),
      data: hex(data),
      tag: hex(cipher.getAuthTag()),
    };
  }

  #decrypt(record: EncryptedRecord): Buffer {
    const key = this.#entryKey(record.name, Buffer.from(record.salt, 'hex'));
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(record.nonce, 'hex'), {
      authTagLength: 16,
    });
    decipher.setAAD(Buffer.from(`${record.name}:${record.address}`));
    decipher.setAuthTag(Buffer.from(record.tag, 'hex'));
    // GCM is a stream: all of the seed is here, and this buffer is the one that the caller wipes.
    const seed = decipher.update(Buffer.from(record.data, 'hex'));
    try {
      decipher.final();
      return seed;
    } catch {
      seed.fill(0);
      throw invalid('The passphrase is wrong, or the file is damaged.');
    } finally {
      key.fill(0);
    }
  }
}

/** Names and addresses, for which no passphrase is needed. @throws HotslotError KEYSTORE_INVALID */
export async function listKeystore(path: string): Promise<KeystoreEntry[]> {
  const { keys } = await readKeystoreFile(path);
  return keys.map(({ name, address }) => ({ name, address: address as Address }));
}

async function readKeystoreFile(path: string): Promise<KeystoreFile> {
  let text: string;
  try {
    if (((await stat(path)).mode & MODE_OTHERS) !== 0)
      throw invalid('Others can read it; its mode must be 0600.');
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof HotslotError) throw error;
    throw new HotslotError('KEYSTORE_INVALID', { detail: 'It cannot be read.', cause: error });
  }
  try {
    return keystoreFileSchema.parse(JSON.parse(text));
  } catch {
    throw invalid('It is not a keystore of a known version.');
  }
}
