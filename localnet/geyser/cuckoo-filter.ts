import type { CuckooFilterMessage } from './request-types.js';
import { sipHash24, type Word64 } from './siphash.js';

/** Fingerprints of 16 bits in buckets of four, little-endian, 0 for an empty place: the only layout in use. */
const ENTRIES_PER_BUCKET = 4;
const FINGERPRINT_BYTES = 2;

/**
 * A set of addresses as clients send it in place of a long list: no false negatives, few false positives. The hash is
 * SipHash-2-4 with k0 = seed, k1 = seed rotated by 32 bits; an address is hashed as Rust hashes `[u8; 32]`, that is
 * with its length as eight bytes before it.
 */
export class CuckooFilter {
  readonly #fingerprints: Uint16Array;
  readonly #indexMask: number;
  readonly #k0: Word64;
  readonly #k1: Word64;
  readonly #addressInput = new Uint8Array(8 + 32);
  readonly #fingerprintInput = new Uint8Array(FINGERPRINT_BYTES);

  /** Data that ends within a bucket loses that bucket; empty data is a filter that contains nothing. */
  constructor(message: CuckooFilterMessage) {
    const bucketBytes = ENTRIES_PER_BUCKET * FINGERPRINT_BYTES;
    const buckets = Math.max(1, Math.floor(message.data.length / bucketBytes));
    this.#fingerprints = new Uint16Array(buckets * ENTRIES_PER_BUCKET);
    for (let index = 0; index < this.#fingerprints.length; index++) {
      const at = index * FINGERPRINT_BYTES;
      this.#fingerprints[index] = (message.data[at] ?? 0) | ((message.data[at + 1] ?? 0) << 8);
    }
    this.#indexMask = buckets - 1;
    const seed = { high: Number(message.hashSeed >> 32n), low: Number(message.hashSeed & 0xffffffffn) };
    this.#k0 = seed;
    this.#k1 = { high: seed.low, low: seed.high };
    this.#addressInput[0] = 32;
  }

  contains(address: Uint8Array): boolean {
    this.#addressInput.set(address, 8);
    const hash = sipHash24(this.#k0, this.#k1, this.#addressInput);
    const fingerprint = hash.high & 0xffff || 1;
    this.#fingerprintInput[0] = fingerprint & 0xff;
    this.#fingerprintInput[1] = fingerprint >>> 8;
    const first = (hash.low & this.#indexMask) >>> 0;
    const second =
      first ^ ((sipHash24(this.#k0, this.#k1, this.#fingerprintInput).low & this.#indexMask) >>> 0);
    return this.#bucketHas(first, fingerprint) || this.#bucketHas(second, fingerprint);
  }

  #bucketHas(bucket: number, fingerprint: number): boolean {
    const at = bucket * ENTRIES_PER_BUCKET;
    for (let entry = 0; entry < ENTRIES_PER_BUCKET; entry++) {
      if (this.#fingerprints[at + entry] === fingerprint) return true;
    }
    return false;
  }
}
