/** What a client asks for, after validation. Its limits bind every quote and attempt that come later. */
import type { Address } from './brands.js';

/** `exactIn`: `amount` of the input mint is spent. `exactOut`: `amount` of the output mint is received. */
export type SwapMode = 'exactIn' | 'exactOut';

export interface TradeIntent {
  /** The client's idempotency key, 1 to 64 characters of `[A-Za-z0-9._:-]`. */
  readonly clientOrderId: string;
  readonly inputMint: Address;
  readonly outputMint: Address;
  /** Base units, 1 to u64. */
  readonly amount: bigint;
  readonly mode: SwapMode;
  /** 0 to 10,000; the default comes from DEFAULT_SLIPPAGE. */
  readonly slippageBps: number;
  /** exactIn: least output in base units. By default the quote at acceptance less the tolerance. */
  readonly minOut?: bigint;
  /** exactOut: most input in base units. By default the quote at acceptance plus the tolerance. */
  readonly maxIn?: bigint;
  /** A wallet's name or address; absent means any that is free and funded. */
  readonly wallet?: string;
  /** A pool's address; absent means the configured pool that quotes best. */
  readonly pool?: Address;
  /** 0 to 9; 9 goes first. Default 4. */
  readonly priority: number;
  /** Milliseconds after acceptance past which nothing is signed. */
  readonly deadlineMs: number;
  /** 1 to 150: sign on a confirmed hash that has at most this many blocks of life left. Default 150. */
  readonly validityBlocks: number;
  readonly dryRun: boolean;
}
