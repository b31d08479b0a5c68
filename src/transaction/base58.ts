/** Base58 for what the hot path needs: addresses in, one signature out. */
import { base58 } from '@scure/base';
import { base58OfFixed } from '../model/base58.js';
import { asSignature, type Signature } from '../model/brands.js';

const SIGNATURE_BYTES = 64;

/** Base58 of a 64-byte signature at an offset. */
export function encodeSignature(bytes: Uint8Array, offset: number): Signature {
  return asSignature(base58OfFixed(bytes, offset, SIGNATURE_BYTES));
}

/** The 32 bytes of an address or blockhash. @throws Error where the text is not 32 bytes of base58 */
export function decode32(text: string): Uint8Array {
  const bytes = base58.decode(text);
  if (bytes.length !== 32) throw new Error(`not 32 bytes of base58: ${text}`);
  return bytes;
}

export function encode32(bytes: Uint8Array): string {
  return base58.encode(bytes);
}
