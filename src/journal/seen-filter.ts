/**
 * A Bloom filter over names that were ever used: it answers "surely not" without the index, whose look-up costs a
 * cold 25 µs between an intent and its bytes, or "perhaps", and then the index is asked. 2 MB whatever happens (L6):
 * past a few million names it only says "perhaps" more often.
 */

/** Bits, a power of two. With a million names one answer in 500 is a needless "perhaps". */
const BITS = 1 << 24;
const HASHES = 4;
/** FNV-1a, 32 bit: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Another start of the same hash gives the step between the bits (Kirsch and Mitzenmacher's double hashing). */
const STEP_OFFSET = 0x9747b28c;

export class SeenFilter {
  readonly #words = new Int32Array(BITS / 32);

  add(name: string): void {
    let at = hash(name, FNV_OFFSET);
    const step = hash(name, STEP_OFFSET) | 1;
    for (let n = 0; n < HASHES; n++, at = (at + step) | 0) {
      const bit = at & (BITS - 1);
      this.#words[bit >>> 5]! |= 1 << (bit & 31);
    }
  }

  /** False: it was never added. */
  mayHave(name: string): boolean {
    let at = hash(name, FNV_OFFSET);
    const step = hash(name, STEP_OFFSET) | 1;
    for (let n = 0; n < HASHES; n++, at = (at + step) | 0) {
      const bit = at & (BITS - 1);
      if ((this.#words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

function hash(name: string, offset: number): number {
  let value = offset;
  for (let index = 0; index < name.length; index++)
    value = Math.imul(value ^ name.charCodeAt(index), FNV_PRIME);
  // FNV's low bits are its weakest.
  return value ^ (value >>> 15);
}
