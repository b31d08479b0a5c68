/**
 * A pool's numbers as 32-bit words, of a u64 the low one first. What an account update changes is copied from its bytes
 * into such a record, and the record into shared memory as it is: no object and no BigInt is made on the way.
 */
import type { CpmmState } from './types.js';

/** Places in the record. Those of u64 are even, so that a pair reads as one. */
export const CPMM_NUMBER = {
  reserve0: 0,
  reserve1: 2,
  tradeFeeRate: 4,
  protocolFeeRate: 6,
  fundFeeRate: 8,
  creatorFeeRate: 10,
  openTime: 12,
  maxTransferFee0: 14,
  maxTransferFee1: 16,
  creatorFeeOn: 18,
  transferFeeBps0: 19,
  transferFeeBps1: 20,
  flags: 21,
} as const;
export const CPMM_WORDS = 22;
export const CPMM_FLAG = { swapEnabled: 1, creatorFeeEnabled: 2 } as const;

export class CpmmNumbers {
  readonly words: Int32Array;
  readonly #pairs: BigUint64Array;

  /** @param byteOffset a multiple of 8; CPMM_WORDS words from there are the record */
  constructor(buffer: ArrayBuffer = new ArrayBuffer(CPMM_WORDS * 4), byteOffset = 0) {
    this.words = new Int32Array(buffer, byteOffset, CPMM_WORDS);
    this.#pairs = new BigUint64Array(buffer, byteOffset, CPMM_WORDS / 2);
  }

  static of(state: CpmmState): CpmmNumbers {
    const numbers = new CpmmNumbers();
    for (const name of U64_NUMBERS) numbers.#pairs[CPMM_NUMBER[name] / 2] = state[name];
    const { words } = numbers;
    words[CPMM_NUMBER.creatorFeeOn] = state.creatorFeeOn;
    words[CPMM_NUMBER.transferFeeBps0] = state.transferFeeBps0;
    words[CPMM_NUMBER.transferFeeBps1] = state.transferFeeBps1;
    words[CPMM_NUMBER.flags] =
      (state.swapEnabled ? CPMM_FLAG.swapEnabled : 0) |
      (state.creatorFeeEnabled ? CPMM_FLAG.creatorFeeEnabled : 0);
    return numbers;
  }

  /** @param maximum base units */
  setTransferFee(token: 0 | 1, basisPoints: number, maximum: bigint): void {
    this.words[token === 0 ? CPMM_NUMBER.transferFeeBps0 : CPMM_NUMBER.transferFeeBps1] = basisPoints;
    this.#pairs[(token === 0 ? CPMM_NUMBER.maxTransferFee0 : CPMM_NUMBER.maxTransferFee1) / 2] = maximum;
  }

  /** The numbers as a quote takes them; a copy. */
  toState(): CpmmState {
    const pairs = this.#pairs;
    const { words } = this;
    const flags = words[CPMM_NUMBER.flags]!;
    return {
      reserve0: pairs[CPMM_NUMBER.reserve0 / 2]!,
      reserve1: pairs[CPMM_NUMBER.reserve1 / 2]!,
      tradeFeeRate: pairs[CPMM_NUMBER.tradeFeeRate / 2]!,
      protocolFeeRate: pairs[CPMM_NUMBER.protocolFeeRate / 2]!,
      fundFeeRate: pairs[CPMM_NUMBER.fundFeeRate / 2]!,
      creatorFeeRate: pairs[CPMM_NUMBER.creatorFeeRate / 2]!,
      creatorFeeOn: words[CPMM_NUMBER.creatorFeeOn]!,
      creatorFeeEnabled: (flags & CPMM_FLAG.creatorFeeEnabled) !== 0,
      swapEnabled: (flags & CPMM_FLAG.swapEnabled) !== 0,
      openTime: pairs[CPMM_NUMBER.openTime / 2]!,
      transferFeeBps0: words[CPMM_NUMBER.transferFeeBps0]!,
      maxTransferFee0: pairs[CPMM_NUMBER.maxTransferFee0 / 2]!,
      transferFeeBps1: words[CPMM_NUMBER.transferFeeBps1]!,
      maxTransferFee1: pairs[CPMM_NUMBER.maxTransferFee1 / 2]!,
    };
  }
}

const U64_NUMBERS = [
  'reserve0',
  'reserve1',
  'tradeFeeRate',
  'protocolFeeRate',
  'fundFeeRate',
  'creatorFeeRate',
  'openTime',
  'maxTransferFee0',
  'maxTransferFee1',
] as const;
