/** The board's confirmed blockhashes: the last 151, newest first, each entry under a sequence lock. */
import { asBlockhash, type Blockhash } from '../model/brands.js';
import { decode32, encode32 } from '../transaction/base58.js';
import { HASH, HASH_BODY_WORDS, HASH_RING, HASH_WORDS, HEADER, HEADER_WORDS } from './board-layout.js';
import { beginWrite, endWrite, readConsistent } from './seqlock.js';

export interface BoardBlockhash {
  /** 32 bytes; valid until the next call. */
  readonly bytes: Uint8Array;
  readonly slot: number;
  readonly lastValidBlockHeight: number;
}

export interface BoardBlockhashEntry {
  readonly blockhash: Blockhash;
  readonly slot: number;
  readonly blockHeight: number;
  readonly lastValidBlockHeight: number;
}

export class BlockhashRing {
  readonly #words: Int32Array;
  readonly #scratch = new Int32Array(HASH_BODY_WORDS);
  /** The scratch copy starts after the sequence: three words, then the hash. */
  readonly #bytes = new Uint8Array(this.#scratch.buffer, (HASH.hash - 1) * 4, 32);
  /** Base58 of the ring's hashes by slot, at most HASH_RING: encoding one costs more than patching a message. */
  readonly #texts = new Map<number, Blockhash>();

  /** @param words the whole board */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  push(entry: BoardBlockhashEntry): void {
    const words = this.#words;
    const count = Atomics.load(words, HEADER.hashCount);
    if (count > 0 && this.#word(count - 1, HASH.lastValidBlockHeight) >= entry.lastValidBlockHeight) return;
    const bytes = decode32(entry.blockhash);
    const at = this.#at(count);
    beginWrite(words, at);
    Atomics.store(words, at + HASH.slot, entry.slot);
    Atomics.store(words, at + HASH.height, entry.blockHeight);
    Atomics.store(words, at + HASH.lastValidBlockHeight, entry.lastValidBlockHeight);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 32);
    for (let i = 0; i < 8; i++) Atomics.store(words, at + HASH.hash + i, view.getInt32(i * 4, true));
    endWrite(words, at);
    this.#texts.set(entry.slot, entry.blockhash);
    if (this.#texts.size > HASH_RING) this.#texts.delete(this.#texts.keys().next().value!);
    Atomics.store(words, HEADER.hashCount, count + 1);
  }

  newestSlot(): number | undefined {
    const count = Atomics.load(this.#words, HEADER.hashCount);
    return count === 0 ? undefined : this.#word(count - 1, HASH.slot);
  }

  within(validityBlocks: number, confirmedHeight: number): BoardBlockhash | undefined {
    const count = Atomics.load(this.#words, HEADER.hashCount);
    if (count === 0) return undefined;
    const deepest = Math.max(0, count - HASH_RING + 1);
    // Confirmed blocks follow each other by one in height, so the place is known up to what is not yet held.
    const excess = this.#word(count - 1, HASH.lastValidBlockHeight) - confirmedHeight - validityBlocks;
    for (let i = Math.min(count - 1, count - 1 - excess); i >= deepest; i--) {
      const at = this.#at(i);
      readConsistent(this.#words, at, at + 1, HASH_BODY_WORDS, this.#scratch);
      const lastValidBlockHeight = this.#scratch[HASH.lastValidBlockHeight - 1]! >>> 0;
      const life = lastValidBlockHeight - confirmedHeight;
      if (life <= 0) return undefined;
      if (life > validityBlocks) continue;
      return { bytes: this.#bytes, slot: this.#scratch[HASH.slot - 1]! >>> 0, lastValidBlockHeight };
    }
    return undefined;
  }

  text(slot: number, bytes: Uint8Array): Blockhash {
    return this.#texts.get(slot) ?? asBlockhash(encode32(bytes));
  }

  #at(count: number): number {
    return HEADER_WORDS + (count % HASH_RING) * HASH_WORDS;
  }

  #word(count: number, word: number): number {
    return Atomics.load(this.#words, this.#at(count) + word) >>> 0;
  }
}
