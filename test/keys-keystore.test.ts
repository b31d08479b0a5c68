/** The encrypted keystore: what it keeps, what it refuses, and what its file shows. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Keystore } from '../src/keys/keystore.js';
import { SigningKey } from '../src/keys/signing-key.js';

/** A cost that a test can afford; the default is 2^17. */
const CHEAP = { N: 2 ** 10, r: 8, p: 1 };
const seed = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotslot-keys-'));
  path = join(folder, 'keystore.json');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function saved(passphrase = 'correct horse'): Promise<Keystore> {
  const store = await Keystore.create(path, passphrase, CHEAP);
  store.put(SigningKey.fromSeed('trading-key-1', seed));
  store.generate('master');
  await store.save();
  return store;
}

const refused = expect.objectContaining({ code: 'KEYSTORE_INVALID' });

describe('the keystore', () => {
  it('gives back the keys that were put in, after a restart', async () => {
    const store = await saved();
    const again = await Keystore.open(path, 'correct horse');
    expect(again.entries()).toEqual(store.entries());
    const out = new Uint8Array(64);
    const expected = new Uint8Array(64);
    again.load('trading-key-1').signInto(seed, 0, 32, out);
    SigningKey.fromSeed('x', seed).signInto(seed, 0, 32, expected);
    expect(out).toEqual(expected);
  });

  it('is written with mode 0600 and leaves no temporary file', async () => {
    const store = await saved();
    await store.save();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['keystore.json']);
  });

  it('shows neither seed nor passphrase in its file', async () => {
    await saved();
    const text = await readFile(path, 'utf8');
    expect(text).toContain('trading-key-1');
    expect(text).not.toContain('correct horse');
    expect(text).not.toContain(Buffer.from(seed).toString('hex'));
  });

  it('refuses a wrong passphrase, also when it is empty of keys', async () => {
    await saved();
    await expect(Keystore.open(path, 'wrong')).rejects.toEqual(refused);
    await (await Keystore.create(path, 'p', CHEAP)).save();
    await expect(Keystore.open(path, 'q')).rejects.toEqual(refused);
    expect((await Keystore.open(path, 'p')).entries()).toEqual([]);
  });

  it('refuses a file that others can read', async () => {
    await saved();
    await chmod(path, 0o640);
    await expect(Keystore.open(path, 'correct horse')).rejects.toEqual(refused);
  });

  it('notices every changed field of a record', async () => {
    await saved();
    const file = JSON.parse(await readFile(path, 'utf8')) as { keys: Record<string, string>[] };
    for (const field of ['salt', 'nonce', 'data', 'tag', 'address', 'name']) {
      const keys = structuredClone(file.keys);
      const value = keys[0]![field]!;
      keys[0]![field] =
        field === 'name' ? 'trading-key-9' : (value.startsWith('1') ? '2' : '1') + value.slice(1);
      await writeFile(path, JSON.stringify({ ...file, keys }), { mode: 0o600 });
      const store = await Keystore.open(path, 'correct horse');
      expect(() => store.load(keys[0]!.name!), field).toThrow(refused);
    }
  });

  it('refuses damaged files, missing files, unknown keys and bad names', async () => {
    await expect(Keystore.open(path, 'p')).rejects.toEqual(refused);
    await writeFile(path, '{"format":"other"}', { mode: 0o600 });
    await expect(Keystore.open(path, 'p')).rejects.toEqual(refused);
    await expect(Keystore.create(path, '', CHEAP)).rejects.toEqual(refused);
    const store = await Keystore.create(path, 'p', CHEAP);
    expect(() => store.load('nobody')).toThrow('The keystore has no key of this name. nobody');
    expect(() => store.put(SigningKey.fromSeed('Trading Key', seed))).toThrow('A key is named by');
  });

  it('changes its passphrase and forgets removed keys', async () => {
    const store = await saved();
    expect(store.remove('master')).toBe(true);
    expect(store.remove('master')).toBe(false);
    const next = await store.withPassphrase('battery staple');
    await next.save();
    await expect(Keystore.open(path, 'correct horse')).rejects.toEqual(refused);
    expect((await Keystore.open(path, 'battery staple')).entries().map((entry) => entry.name)).toEqual([
      'trading-key-1',
    ]);
  });
});
