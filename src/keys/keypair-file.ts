/** The 64-number JSON that solana-keygen reads and writes. */
import { base58 } from '@scure/base';
import { HotslotError } from '../errors/hotslot-error.js';
import { SECRET_KEY_BYTES } from './secure-memory.js';
import { SigningKey } from './signing-key.js';

/** @throws HotslotError KEYPAIR_FILE_INVALID; the text is never quoted */
export function importKeypair(name: string, text: string): SigningKey {
  const secret = parse(text);
  try {
    return SigningKey.fromSecretKey(name, secret);
  } finally {
    secret.fill(0);
  }
}

function parse(text: string): Uint8Array {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which is a secret: it must not become the cause.
    throw new HotslotError('KEYPAIR_FILE_INVALID', { detail: 'The keypair file is not JSON.' });
  }
  const valid =
    Array.isArray(value) &&
    value.length === SECRET_KEY_BYTES &&
    value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  if (!valid)
    throw new HotslotError('KEYPAIR_FILE_INVALID', { detail: 'A keypair file is an array of 64 bytes.' });
  return Uint8Array.from(value as number[]);
}

/** The key as solana-keygen would write it. The result is a secret. */
export function exportKeypair(key: SigningKey): string {
  return key.withSeed((seed) => JSON.stringify([...seed, ...base58.decode(key.address)]));
}
