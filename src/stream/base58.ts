/** Base58 of 32- and 64-byte values, the two that a stream carries: faster than a codec for any length. */

const ALPHABET = Buffer.from('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', 'latin1');
const ONE = ALPHABET[0]!;

/** Three digits at a time: 58^3 * 2^32 stays under 2^53, so that doubles divide exactly. */
const DIGITS_A_STEP = 3;
const RADIX = 58 ** DIGITS_A_STEP;
/** 64 bytes make at most 88 digits. */
const MAX_DIGITS = 90;
const MAX_WORDS = 16;

const words = new Float64Array(MAX_WORDS);
const digits = Buffer.alloc(MAX_DIGITS);

/**
 * Base58 of `bytes[start, end)`.
 * @param start offset of the first byte
 * @param end   `start` plus a multiple of 4, at most 64
 */
export function base58(bytes: Uint8Array, start: number, end: number): string {
  const wordCount = (end - start) >> 2;
  if (wordCount > MAX_WORDS || (end - start) % 4 !== 0)
    throw new RangeError(`base58 of ${end - start} bytes`);
  for (let word = 0, at = start; word < wordCount; word++, at += 4) {
    words[word] =
      ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }
  let position = MAX_DIGITS;
  let firstWord = 0;
  while (firstWord < wordCount && words[firstWord] === 0) firstWord++;
  while (firstWord < wordCount) {
    let remainder = 0;
    for (let word = firstWord; word < wordCount; word++) {
      const value = remainder * 2 ** 32 + words[word]!;
      const quotient = Math.floor(value / RADIX);
      words[word] = quotient;
      remainder = value - quotient * RADIX;
    }
    for (let digit = 0; digit < DIGITS_A_STEP; digit++) {
      digits[--position] = ALPHABET[remainder % 58]!;
      remainder = Math.floor(remainder / 58);
    }
    while (firstWord < wordCount && words[firstWord] === 0) firstWord++;
  }
  // The last step may have padded with zero digits; each leading zero byte is one '1', no more.
  while (position < MAX_DIGITS && digits[position] === ONE) position++;
  for (let at = start; at < end && bytes[at] === 0; at++) digits[--position] = ONE;
  return digits.toString('latin1', position, MAX_DIGITS);
}
