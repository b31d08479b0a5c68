/**
 * Base58 of 32- and 64-byte values, the two that a stream carries. A general encoder divides the whole number
 * again and again; for a known length the value of every 16-bit word in radix 58^5 is a constant, so that it
 * becomes a table of independent multiplications. Sums stay under 2^53: 32 words x 2^16 x 58^5 < 2^51.
 */

const ALPHABET = Buffer.from('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', 'latin1');
const ONE = ALPHABET[0]!;
const DIGITS_A_LIMB = 5;
const RADIX = 58 ** DIGITS_A_LIMB;
/** 64 bytes make at most 88 digits, 18 limbs. */
const MAX_LIMBS = 18;
const MAX_DIGITS = MAX_LIMBS * DIGITS_A_LIMB;

interface Table {
  readonly words: number;
  readonly limbs: number;
  /** For each word from the first: its place value's limbs, most significant first. */
  readonly weights: Float64Array;
  /** For each word: its first limb that is not zero. */
  readonly firstLimb: Uint8Array;
}

function buildTable(byteLength: number, limbs: number): Table {
  const words = byteLength / 2;
  const weights = new Float64Array(words * limbs);
  const firstLimb = new Uint8Array(words);
  for (let word = 0; word < words; word++) {
    let value = 1n << BigInt(16 * (words - 1 - word));
    for (let limb = limbs - 1; limb >= 0; limb--) {
      weights[word * limbs + limb] = Number(value % BigInt(RADIX));
      value /= BigInt(RADIX);
      if (weights[word * limbs + limb] !== 0) firstLimb[word] = limb;
    }
  }
  return { words, limbs, weights, firstLimb };
}

const TABLE_32 = buildTable(32, 9);
const TABLE_64 = buildTable(64, MAX_LIMBS);
const sums = new Float64Array(MAX_LIMBS);
const digits = Buffer.alloc(MAX_DIGITS);

/** Base58 of the `length` bytes from `start`. */
export function base58OfFixed(bytes: Uint8Array, start: number, length: 32 | 64): string {
  const { words, limbs, weights, firstLimb } = length === 32 ? TABLE_32 : TABLE_64;
  sums.fill(0);
  for (let word = 0, at = start; word < words; word++, at += 2) {
    const value = (bytes[at]! << 8) | bytes[at + 1]!;
    const row = word * limbs;
    for (let limb = firstLimb[word]!; limb < limbs; limb++) sums[limb]! += value * weights[row + limb]!;
  }
  let position = MAX_DIGITS;
  let carry = 0;
  for (let limb = limbs - 1; limb >= 0; limb--) {
    const sum = sums[limb]! + carry;
    carry = Math.floor(sum / RADIX);
    let rest = (sum - carry * RADIX) | 0;
    for (let digit = 0; digit < DIGITS_A_LIMB; digit++) {
      const next = (rest / 58) | 0;
      digits[--position] = ALPHABET[rest - next * 58]!;
      rest = next;
    }
  }
  // Zero digits in front say nothing; each leading zero byte is one '1'.
  while (position < MAX_DIGITS && digits[position] === ONE) position++;
  for (let at = start; at < start + length && bytes[at] === 0; at++) digits[--position] = ONE;
  return digits.toString('latin1', position, MAX_DIGITS);
}
