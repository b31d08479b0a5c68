/** Base58 for what the hot path needs: addresses in, one signature out. */
import { base58 } from '@scure/base';
import { asSignature, type Signature } from '../model/brands.js';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** 58^5: its product with 16 bits of input and a carry stays an exact double. */
const LIMB = 58 ** 5;
const LIMB_DIGITS = 5;
/** 64 bytes are at most 88 digits. */
const MAX_DIGITS = 90;
const MAX_LIMBS = MAX_DIGITS / LIMB_DIGITS;
const limbs = new Float64Array(MAX_LIMBS);
const digits = Buffer.alloc(MAX_DIGITS);

/**
 * Base58 of a 64-byte signature at an offset. About three times as fast as a general encoder: 16 bits of input
 * a step into limbs of five digits.
 */
export function encodeSignature(bytes: Uint8Array, offset: number): Signature {
  limbs.fill(0);
  let used = 0;
  for (let i = offset; i < offset + 64; i += 2) {
    let carry = (bytes[i]! << 8) | bytes[i + 1]!;
    for (let j = 0; j < used; j++) {
      const value = limbs[j]! * 65_536 + carry;
      carry = Math.floor(value / LIMB);
      limbs[j] = value - carry * LIMB;
    }
    if (carry > 0) limbs[used++] = carry;
  }
  let at = MAX_DIGITS;
  for (let j = 0; j < used; j++) {
    let limb = limbs[j]!;
    for (let k = 0; k < LIMB_DIGITS; k++) {
      const next = Math.floor(limb / 58);
      digits[--at] = CODES[limb - next * 58]!;
      limb = next;
    }
  }
  while (at < MAX_DIGITS && digits[at] === CODES[0]) at++;
  // Every leading zero byte is one leading '1'.
  for (let i = offset; i < offset + 64 && bytes[i] === 0; i++) digits[--at] = CODES[0]!;
  return asSignature(digits.toString('latin1', at, MAX_DIGITS));
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
