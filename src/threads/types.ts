/** The attempt builder: quote on the newest pool, patch the prepared message, sign. In place or on a worker. */

import type { PlainError } from '../errors/hotslot-error.js';
import type { Address, BlockHeight, Blockhash, Signature, Slot } from '../model/brands.js';
import type { SwapMode } from '../model/trade-intent.js';

export interface BuildRequest {
  readonly tradeId: string;
  readonly wallet: Address;
  readonly pool: Address;
  readonly zeroForOne: boolean;
  readonly mode: SwapMode;
  readonly amount: bigint;
  /** The intent's binding limit; a fresh quote that does not meet it is denied with LIMIT_NOT_MET. */
  readonly limit: bigint;
  /** 0 to 10,000: the fresh quote less (plus) this may tighten the limit, never loosen it. */
  readonly slippageBps: number;
  readonly computeUnitLimit: number;
  /** The least to pay; where others lately paid more on the pool, that is paid. */
  readonly computeUnitPriceMicroLamports: bigint;
  /** Added to whichever it is, percent. */
  readonly priceRaisePercent: number;
  /** The most to pay, whatever others do. */
  readonly maxComputeUnitPriceMicroLamports: bigint;
  readonly validityBlocks: number;
  /** L5: most slots that blockhash and pool may be behind the head, as configured. */
  readonly maxBlockhashAgeSlots: number;
  readonly maxPoolAgeSlots: number;
  /** Own trades on this pool whose outcome is not seen yet (VENUE_LOCK_SLOTS): quote the worse of with and without. */
  readonly pending: readonly {
    readonly zeroForOne: boolean;
    readonly amountIn: bigint;
    readonly amountOut: bigint;
  }[];
  /** Everything but a usable signature: 64 zero bytes stand in its place (simulation). */
  readonly zeroSignature: boolean;
}

export interface BuiltAttempt {
  readonly ok: true;
  readonly wire: Uint8Array;
  /** Undefined when zeroSignature. */
  readonly signature: Signature | undefined;
  readonly blockhash: Blockhash;
  readonly lastValidBlockHeight: BlockHeight;
  readonly signedSlot: Slot;
  readonly poolSlot: Slot;
  readonly quotedIn: bigint;
  readonly quotedOut: bigint;
  /** The limit written into the instruction. */
  readonly limit: bigint;
  /** The price written into it. */
  readonly computeUnitPriceMicroLamports: bigint;
  /** Durations in microseconds inside the builder. */
  readonly quoteUs: number;
  readonly buildUs: number;
  readonly signUs: number;
  /** Where it ran. */
  readonly lane: 'inline' | 'pool';
}

export interface BuildFailure {
  readonly ok: false;
  readonly error: PlainError;
}

export type BuildOutcome = BuiltAttempt | BuildFailure;

export interface AttemptBuilder {
  /** At once where it is built in place: a promise would put other work between the signature and its send. */
  build(request: BuildRequest): BuildOutcome | Promise<BuildOutcome>;
}
