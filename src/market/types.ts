/** Pools that can quote. No I/O here: accounts come from the cache, numbers go to the board. */
import type { Address, Slot } from '../model/brands.js';
import type { SwapMode } from '../model/trade-intent.js';
import type { CpmmNumbers } from './cpmm-numbers.js';

export type VenueName = 'raydium-cpmm';

/** One pool, whole, at a transaction boundary. Numbers are those that a quote needs and nothing else. */
export interface PoolSnapshot {
  readonly pool: Address;
  readonly venue: VenueName;
  readonly slot: Slot;
  /** Increases with every publication of this pool, roll-backs included. */
  readonly revision: number;
  readonly state: CpmmState;
}

/**
 * A pool as listeners are told of it, whole, at a transaction boundary. There is one object a pool, which the next
 * publication overwrites: it is read while it is told and not kept.
 */
export interface PoolNews {
  readonly keys: PoolKeys;
  readonly slot: Slot;
  readonly revision: number;
  /** Signature of the transaction that left it so; undefined for a fetched state. */
  readonly txnSignature: string | undefined;
  /** Of the transactions before it whose states were passed over, because the reader was behind; mostly empty. */
  readonly passedSignatures: readonly string[];
  readonly numbers: CpmmNumbers;
}

/** Raydium CPMM: reserves in base units, net of the fees that lie in the vaults; rates in millionths. */
export interface CpmmState {
  readonly reserve0: bigint;
  readonly reserve1: bigint;
  readonly tradeFeeRate: bigint;
  readonly protocolFeeRate: bigint;
  readonly fundFeeRate: bigint;
  readonly creatorFeeRate: bigint;
  readonly creatorFeeOn: number;
  readonly creatorFeeEnabled: boolean;
  readonly swapEnabled: boolean;
  /** Unix seconds. */
  readonly openTime: bigint;
  /** Token-2022 transfer fee now in force for each mint; 0 where none. */
  readonly transferFeeBps0: number;
  readonly maxTransferFee0: bigint;
  readonly transferFeeBps1: number;
  readonly maxTransferFee1: bigint;
}

export interface Quote {
  /** What leaves the wallet (transfer fee included). */
  readonly amountIn: bigint;
  /** What reaches the wallet (after transfer fee). */
  readonly amountOut: bigint;
  /** Trade, protocol, fund and creator fees together, in the input's units unless the venue says otherwise. */
  readonly feeAmount: bigint;
  readonly priceImpactBps: number;
}

/** The static accounts of a pool, known once its state was decoded. */
export interface PoolKeys {
  readonly pool: Address;
  readonly venue: VenueName;
  readonly programId: Address;
  readonly authority: Address;
  readonly ammConfig: Address;
  readonly observation: Address;
  readonly mint0: Address;
  readonly mint1: Address;
  readonly vault0: Address;
  readonly vault1: Address;
  readonly tokenProgram0: Address;
  readonly tokenProgram1: Address;
  readonly decimals0: number;
  readonly decimals1: number;
}

export interface SwapParameters {
  readonly mode: SwapMode;
  /** exactIn: spent; exactOut: received. */
  readonly amount: bigint;
  /** exactIn: least out; exactOut: most in. */
  readonly limit: bigint;
  /** Whether the input is the pool's token 0. */
  readonly zeroForOne: boolean;
}
