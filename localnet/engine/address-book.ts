/** Base58 of 32-byte keys, remembered: encoding one costs about as much as a quarter of a transfer. */
import { base58 } from '@scure/base';

/** Most keys remembered; past it the book starts anew. */
const MAX_REMEMBERED_KEYS = 131_072;

const textOfKey = new Map<string, string>();

/** Base58 text of a 32-byte key (any length works; only keys repeat often enough to be worth remembering). */
export function encodeAddress(key: Uint8Array): string {
  const memo = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  const known = textOfKey.get(memo);
  if (known !== undefined) return known;
  const text = base58.encode(key);
  if (textOfKey.size >= MAX_REMEMBERED_KEYS) textOfKey.clear();
  textOfKey.set(memo, text);
  return text;
}

/** The 32 bytes of a base58 address. Throws on text that is not one. */
export function decodeAddress(address: string): Uint8Array {
  const key = base58.decode(address);
  if (key.length !== 32) throw new Error(`Not an address: ${address} has ${key.length} bytes`);
  return key;
}
