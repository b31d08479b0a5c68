/**
 * Seeded randomness of the cluster. Not for keys: the same seed gives the same run, and that is its purpose.
 */
import { createHash } from 'node:crypto';

/** Uniform numbers in [0, 1). */
export type Prng = () => number;

/**
 * A stream of its own for each purpose: what one part draws never shifts what another part sees.
 * The generator is xoshiro128++ (Blackman and Vigna), its state the SHA-256 of seed and purpose.
 */
export function createPrng(seed: string, ...purpose: readonly (string | number)[]): Prng {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...purpose]))
    .digest();
  let a = digest.readUInt32LE(0) | 1;
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let d = digest.readUInt32LE(12);
  return () => {
    const sum = (a + d) | 0;
    const result = (rotateLeft(sum, 7) + a) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotateLeft(d, 11);
    return result / 2 ** 32;
  };
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
