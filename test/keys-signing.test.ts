/** Signing keys: right signatures from locked memory and from the fallback, and secrets that never show. */
import { createPublicKey, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { exportKeypair, importKeypair } from '../src/keys/keypair-file.js';
import { holdSecret, loadSodium } from '../src/keys/secure-memory.js';
import { SigningKey } from '../src/keys/signing-key.js';

const seed = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 3);
const keypair = Keypair.fromSeed(seed);
const backends = [
  { name: 'sodium-native', hold: (bytes: Uint8Array) => holdSecret(bytes, loadSodium()) },
  { name: 'node:crypto', hold: (bytes: Uint8Array) => holdSecret(bytes, null) },
] as const;

function verified(key: SigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  const raw = keypair.publicKey.toBytes();
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  expect(key.address).toBe(keypair.publicKey.toBase58());
  return verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
}

/** Every form in which a secret could be written down. */
const forms = [
  Buffer.from(seed).toString('hex'),
  Buffer.from(seed).toString('base64'),
  [...seed].join(','),
  [...seed].join(', '),
  Buffer.from(keypair.secretKey).toString('base64'),
];

describe.each(backends)('a signing key on $name', ({ name, hold }) => {
  it('signs a part of a message into a part of the same buffer', () => {
    const key = SigningKey.fromSeed('trading-key-1', seed, hold);
    expect(key.backend).toBe(name);
    const wire = new Uint8Array(400).fill(5);
    key.signInto(wire, 65, 335, wire, 1);
    expect(verified(key, wire.subarray(65), wire.subarray(1, 65))).toBe(true);
    expect(wire[0]).toBe(5);
  });

  it('signs again after being sealed, twice', () => {
    const key = SigningKey.fromSeed('k', seed, hold);
    const out = new Uint8Array(64);
    key.seal();
    key.seal();
    key.signInto(new Uint8Array(10), 0, 10, out);
    expect(verified(key, new Uint8Array(10), out)).toBe(true);
  });

  it('shows no secret in any printed form, and none after a failure', () => {
    const key = SigningKey.fromSeed('trading-key-1', seed, hold);
    key.wipe();
    let failure: unknown;
    try {
      key.signInto(new Uint8Array(1), 0, 1, new Uint8Array(64));
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'KEY_LOCKED' });
    const live = SigningKey.fromSeed('trading-key-1', seed, hold);
    const printed = [
      inspect(live, { depth: 9, showHidden: true }),
      inspect({ nested: [live] }, { depth: 9 }),
      JSON.stringify(live),
      `${live}`,
      inspect(failure, { depth: 9, showHidden: true }),
    ].join('\n');
    expect(printed).toContain('trading-key-1');
    for (const form of forms) expect(printed).not.toContain(form);
  });

  it('hands over a copy of its seed for a worker', () => {
    const key = SigningKey.fromSeed('k', seed, hold);
    expect([...new Uint8Array(key.copySeedForTransfer())]).toEqual([...seed]);
    expect(SigningKey.fromSeed('k', new Uint8Array(key.copySeedForTransfer())).address).toBe(key.address);
  });
});

describe('keypair files of solana-keygen', () => {
  it('come in and go out the same', () => {
    const text = JSON.stringify([...keypair.secretKey]);
    const key = importKeypair('imported', text);
    expect(key.address).toBe(keypair.publicKey.toBase58());
    expect(exportKeypair(key)).toBe(text);
  });

  it.each([
    ['not JSON', `[${[...seed].join(',')}, oops`],
    ['too short', JSON.stringify([...seed])],
    ['a number over 255', JSON.stringify([...keypair.secretKey.slice(0, 63), 256])],
    ['halves of two keys', JSON.stringify([...seed, ...new Uint8Array(32)])],
  ])('are refused without being quoted: %s', (_, text) => {
    let failure: unknown;
    try {
      importKeypair('x', text);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: 'KEYPAIR_FILE_INVALID' });
    const printed = inspect(failure, { depth: 9, showHidden: true });
    expect(printed).not.toContain([...seed].slice(0, 4).join(','));
    expect(printed).not.toContain(forms[0]);
  });
});
