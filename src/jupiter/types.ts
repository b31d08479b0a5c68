/** What is asked of Jupiter and what it says, in our own units. */
import type { Address } from '../model/brands.js';

/** `v2` asks `/swap/v2/order`, `v1` the older `/swap/v1/quote`. */
export type JupiterApiVersion = 'v1' | 'v2';

export interface JupiterQuestion {
  readonly inputMint: Address;
  readonly outputMint: Address;
  /** Base units that are spent, at least 1. */
  readonly amountIn: bigint;
  /** 0 to 10,000. Default 50, as Jupiter's own. */
  readonly slippageBps?: number;
}

export interface JupiterQuote {
  readonly inputMint: Address;
  readonly outputMint: Address;
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  /** Least output within the tolerance. */
  readonly minOut: bigint;
  readonly slippageBps: number;
  /** Part of the price that is lost, 0.01 for 1%; negative where the route gives more. Undefined where unsaid. */
  readonly priceImpact: number | undefined;
  readonly legs: readonly JupiterLeg[];
  /** Epoch milliseconds at which the answer was here. */
  readonly receivedAtMs: number;
}

export interface JupiterLeg {
  readonly pool: string;
  /** The venue's name as Jupiter writes it. */
  readonly label: string;
  readonly inputMint: string;
  readonly outputMint: string;
}

export interface JupiterPrice {
  readonly mint: Address;
  /** Dollars for a whole token. */
  readonly usdPrice: number;
  readonly decimals: number;
  /** Of the block that the price comes from; undefined where unsaid. */
  readonly slot: number | undefined;
  /** When the answer was here: epoch milliseconds for people, monotonic microseconds for its age. */
  readonly receivedAtMs: number;
  readonly receivedUs: number;
}
