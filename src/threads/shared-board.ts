/**
 * What a builder needs of the moment, in shared memory: blockhashes, slots, freshness, the kill switch, the fee
 * level, and every hot pool's numbers. The main thread writes; every thread reads without a message.
 */
import { CPMM_WORDS, CpmmNumbers } from '../market/cpmm-numbers.js';
import { MAX_POOLS } from '../market/pool-book.js';
import type { CpmmState } from '../market/types.js';
import type { Blockhash } from '../model/brands.js';
import { BlockhashRing, type BoardBlockhash, type BoardBlockhashEntry } from './blockhash-ring.js';
import {
  BOARD_MAGIC,
  BOARD_VERSION,
  HASH_RING,
  HASH_WORDS,
  HEADER,
  HEADER_WORDS,
  KILL_SWITCH_GRADES,
  type KillSwitchGrade,
  POOL,
  POOL_BODY_WORDS,
  POOL_WORDS,
} from './board-layout.js';
import { beginWrite, endWrite, readConsistent } from './seqlock.js';

const POOLS_AT = HEADER_WORDS + HASH_RING * HASH_WORDS;
const HALF = new Uint32Array(2);
const AS_DOUBLE = new Float64Array(HALF.buffer);
const U32_MAX = 0xffff_ffff;

export interface BoardPool {
  readonly slot: number;
  readonly revision: number;
  readonly state: CpmmState;
}

export class SharedBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #hashes: BlockhashRing;
  /** With room for the sequence, so that the offsets of POOL apply. */
  readonly #poolScratch = new Int32Array(POOL.ready + POOL_BODY_WORDS);
  readonly #poolBody = this.#poolScratch.subarray(POOL.ready);
  readonly #poolNumbers = new CpmmNumbers(this.#poolScratch.buffer, POOL.numbers * 4);
  readonly #doubleScratch = new Int32Array(2);
  /** Opens the board that another thread created. @throws Error where it is of another version */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    if (this.#words[HEADER.magic] !== BOARD_MAGIC || this.#words[HEADER.version] !== BOARD_VERSION) {
      throw new Error('the shared board is of another version');
    }
    this.#hashes = new BlockhashRing(this.#words);
  }

  /** @param poolCapacity 1 to MAX_POOLS */
  static create(poolCapacity: number = MAX_POOLS): SharedBoard {
    const words = new Int32Array(new SharedArrayBuffer(4 * (POOLS_AT + poolCapacity * POOL_WORDS)));
    words[HEADER.magic] = BOARD_MAGIC;
    words[HEADER.version] = BOARD_VERSION;
    words[HEADER.poolCapacity] = poolCapacity;
    for (let i = 0; i < poolCapacity; i++) words[POOLS_AT + i * POOL_WORDS + POOL.suspect] = 1;
    return new SharedBoard(words.buffer as SharedArrayBuffer);
  }

  get poolCapacity(): number {
    return this.#words[HEADER.poolCapacity]!;
  }

  setKillSwitch(grade: KillSwitchGrade): void {
    Atomics.store(this.#words, HEADER.killSwitch, KILL_SWITCH_GRADES.indexOf(grade));
  }

  killSwitch(): KillSwitchGrade {
    // An unknown grade is read as the strictest.
    return KILL_SWITCH_GRADES[Atomics.load(this.#words, HEADER.killSwitch)] ?? 'stop';
  }

  setHeadSlot(slot: number): void {
    Atomics.store(this.#words, HEADER.headSlot, slot);
  }

  headSlot(): number {
    return Atomics.load(this.#words, HEADER.headSlot) >>> 0;
  }

  setConfirmed(slot: number, height: number): void {
    Atomics.store(this.#words, HEADER.confirmedSlot, slot);
    Atomics.store(this.#words, HEADER.confirmedHeight, height);
  }

  confirmedSlot(): number {
    return Atomics.load(this.#words, HEADER.confirmedSlot) >>> 0;
  }

  confirmedHeight(): number {
    return Atomics.load(this.#words, HEADER.confirmedHeight) >>> 0;
  }

  /** @param limitMs 0 turns the check off */
  setMaxStreamAgeMs(limitMs: number): void {
    Atomics.store(this.#words, HEADER.maxStreamAgeMs, limitMs);
  }

  maxStreamAgeMs(): number {
    return Atomics.load(this.#words, HEADER.maxStreamAgeMs);
  }

  /** @param atUs by the main thread's monotonic clock */
  setStreamActivity(atUs: number): void {
    this.#writeDouble(HEADER.activitySequence, HEADER.activityUs, atUs);
  }

  /** Monotonic µs of the main thread's clock; 0 before the first. */
  streamActivityUs(): number {
    readConsistent(this.#words, HEADER.activitySequence, HEADER.activityUs, 2, this.#doubleScratch);
    HALF[0] = this.#doubleScratch[0]!;
    HALF[1] = this.#doubleScratch[1]!;
    return AS_DOUBLE[0]!;
  }

  /** Set once by the creator, before any worker starts. */
  setClockOffsetUs(offsetUs: number): void {
    AS_DOUBLE[0] = offsetUs;
    this.#words[HEADER.clockOffsetUs] = HALF[0]!;
    this.#words[HEADER.clockOffsetUs + 1] = HALF[1]!;
  }

  clockOffsetUs(): number {
    HALF[0] = this.#words[HEADER.clockOffsetUs]!;
    HALF[1] = this.#words[HEADER.clockOffsetUs + 1]!;
    return AS_DOUBLE[0]!;
  }

  /** A newer confirmed hash; older ones than the newest are ignored. */
  pushBlockhash(entry: BoardBlockhashEntry): void {
    this.#hashes.push(entry);
  }

  /** Slot of the newest confirmed hash, or undefined before the first. */
  newestBlockhashSlot(): number | undefined {
    return this.#hashes.newestSlot();
  }

  /** Newest confirmed hash with at most `validityBlocks` of life at the confirmed height and more than none. */
  blockhashWithin(validityBlocks: number): BoardBlockhash | undefined {
    return this.#hashes.within(validityBlocks, this.confirmedHeight());
  }

  /** Base58 of a hash that this board gave, from memory where this thread pushed it. */
  blockhashText(slot: number, bytes: Uint8Array): Blockhash {
    return this.#hashes.text(slot, bytes);
  }

  setPool(index: number, slot: number, revision: number, { words: numbers }: CpmmNumbers): void {
    const words = this.#words;
    const at = this.#poolAt(index);
    beginWrite(words, at);
    Atomics.store(words, at + POOL.ready, 1);
    Atomics.store(words, at + POOL.slot, slot);
    Atomics.store(words, at + POOL.revision, revision);
    const numbersAt = at + POOL.numbers;
    for (let i = 0; i < CPMM_WORDS; i++) Atomics.store(words, numbersAt + i, numbers[i]!);
    endWrite(words, at);
  }

  /** The pool is unknown again. */
  clearPool(index: number): void {
    const at = this.#poolAt(index);
    beginWrite(this.#words, at);
    Atomics.store(this.#words, at + POOL.ready, 0);
    endWrite(this.#words, at);
  }

  /** @param ageSlots slots since the stream was last complete for the pool; Infinity while it is suspect */
  setPoolAge(index: number, ageSlots: number): void {
    const at = this.#poolAt(index);
    const suspect = !Number.isFinite(ageSlots);
    // While suspect the last complete slot stands: a denial says by how much the pool is too old.
    if (!suspect) Atomics.store(this.#words, at + POOL.completeSlot, Math.max(0, this.headSlot() - ageSlots));
    Atomics.store(this.#words, at + POOL.suspect, suspect ? 1 : 0);
  }

  poolSuspect(index: number): boolean {
    return Atomics.load(this.#words, this.#poolAt(index) + POOL.suspect) !== 0;
  }

  poolCompleteSlot(index: number): number {
    return Atomics.load(this.#words, this.#poolAt(index) + POOL.completeSlot) >>> 0;
  }

  /** @param microLamports a compute unit; what does not fit into 32 bits counts as the most that does */
  setFeeLevelMicroLamports(index: number, microLamports: number): void {
    Atomics.store(
      this.#words,
      this.#poolAt(index) + POOL.feeLevelMicroLamports,
      Math.min(microLamports, U32_MAX),
    );
  }

  /** Micro-lamports a compute unit; 0 until it is known. */
  feeLevelMicroLamports(index: number): number {
    return Atomics.load(this.#words, this.#poolAt(index) + POOL.feeLevelMicroLamports) >>> 0;
  }

  /** The pool's newest whole state, or undefined while it has none. */
  pool(index: number): BoardPool | undefined {
    const at = this.#poolAt(index);
    readConsistent(this.#words, at, at + 1, POOL_BODY_WORDS, this.#poolBody);
    const scratch = this.#poolScratch;
    if (scratch[POOL.ready] === 0) return undefined;
    return {
      slot: scratch[POOL.slot]! >>> 0,
      revision: scratch[POOL.revision]! >>> 0,
      state: this.#poolNumbers.toState(),
    };
  }

  #poolAt(index: number): number {
    if (!(index >= 0 && index < this.poolCapacity)) throw new RangeError(`no pool ${index} on the board`);
    return POOLS_AT + index * POOL_WORDS;
  }

  #writeDouble(sequenceAt: number, at: number, value: number): void {
    AS_DOUBLE[0] = value;
    const low = HALF[0]!;
    const high = HALF[1]!;
    beginWrite(this.#words, sequenceAt);
    Atomics.store(this.#words, at, low);
    Atomics.store(this.#words, at + 1, high);
    endWrite(this.#words, sequenceAt);
  }
}
