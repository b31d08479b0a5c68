/** Text of binary keys, remembered: a stream names the same accounts over and over. */
import { base58OfFixed } from '../model/base58.js';

/**
 * A direct-mapped table from fixed-length binary keys to their base58 text. It never grows: a key that falls
 * on another's place takes it, which costs an encoding and nothing else.
 */
export class KeyInterner {
  readonly #keyBytes: 32 | 64;
  readonly #keyWords: number;
  readonly #mask: number;
  readonly #stored: Int32Array;
  readonly #texts: (string | undefined)[];

  /**
   * @param keyBytes     32 or 64
   * @param capacityLog2 the table has 2 to this many places
   */
  constructor(keyBytes: 32 | 64, capacityLog2: number) {
    this.#keyBytes = keyBytes;
    this.#keyWords = keyBytes / 4;
    this.#mask = 2 ** capacityLog2 - 1;
    this.#stored = new Int32Array(2 ** capacityLog2 * this.#keyWords);
    this.#texts = new Array(2 ** capacityLog2).fill(undefined);
  }

  /** Base58 of the key that starts at `start`; the caller has checked that it is whole. */
  text(bytes: Uint8Array, start: number): string {
    const keyWords = this.#keyWords;
    const stored = this.#stored;
    // Keys are hashes or curve points: any of their words is as good as a hash.
    const place = (word(bytes, start) ^ word(bytes, start + keyWords * 2)) & this.#mask;
    const text = this.#texts[place];
    const base = place * keyWords;
    if (text !== undefined) {
      let index = 0;
      while (index < keyWords && stored[base + index] === word(bytes, start + index * 4)) index++;
      if (index === keyWords) return text;
    }
    for (let index = 0; index < keyWords; index++) stored[base + index] = word(bytes, start + index * 4);
    const encoded = base58OfFixed(bytes, start, this.#keyBytes);
    this.#texts[place] = encoded;
    return encoded;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
