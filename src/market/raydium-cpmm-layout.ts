/**
 * Account layouts of Raydium CPMM, by offset. Source: raydium-cp-swap `states/pool.rs` (packed, 637 bytes with
 * the discriminator) and `states/config.rs` (236 bytes); checked against accounts of the deployed program.
 * Pools made before creator fees existed have zeros where those fields are now.
 */
import type { Address } from '../model/brands.js';
import { putU64, readAddress, readU32, readU64, startsWith } from './bytes.js';
import { CPMM_FLAG, CPMM_NUMBER } from './cpmm-numbers.js';
import { RAYDIUM_CPMM_AUTHORITY, RAYDIUM_CPMM_PROGRAM } from './raydium-cpmm-program.js';
import type { PoolKeys } from './types.js';

const POOL_STATE_BYTES = 637;
const AMM_CONFIG_BYTES = 236;
/** SPL Token and Token-2022 accounts have at least this; extensions follow. */
export const TOKEN_ACCOUNT_BYTES = 165;

/** First 8 bytes of SHA-256 of `account:PoolState` and `account:AmmConfig`. */
const POOL_STATE_DISCRIMINATOR = [0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46];
const AMM_CONFIG_DISCRIMINATOR = [0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f];

const POOL = {
  ammConfig: 8,
  vault0: 72,
  vault1: 104,
  mint0: 168,
  mint1: 200,
  tokenProgram0: 232,
  tokenProgram1: 264,
  observation: 296,
  status: 329,
  decimals0: 331,
  decimals1: 332,
  protocolFees0: 341,
  protocolFees1: 349,
  fundFees0: 357,
  fundFees1: 365,
  openTime: 373,
  creatorFeeOn: 389,
  enableCreatorFee: 390,
  creatorFees0: 397,
  creatorFees1: 405,
} as const;

/** Where the fees are that lie in vault 0, and in vault 1. */
export const ACCRUED_FEES = [
  [POOL.protocolFees0, POOL.fundFees0, POOL.creatorFees0],
  [POOL.protocolFees1, POOL.fundFees1, POOL.creatorFees1],
] as const;

const CONFIG = { tradeFeeRate: 12, protocolFeeRate: 20, fundFeeRate: 28, creatorFeeRate: 108 } as const;
const TOKEN_ACCOUNT_AMOUNT = 64;
/** Bit 2 of the status: swaps are disabled. */
const STATUS_SWAP_DISABLED = 4;
const U32_RANGE = 2 ** 32;

export function isPoolState(data: Uint8Array): boolean {
  return data.length >= POOL_STATE_BYTES && startsWith(data, POOL_STATE_DISCRIMINATOR);
}

export function isAmmConfig(data: Uint8Array): boolean {
  return data.length >= AMM_CONFIG_BYTES && startsWith(data, AMM_CONFIG_DISCRIMINATOR);
}

/** The accounts that a pool's state names. They never change; decoded once. `isPoolState` holds. */
export function decodePoolKeys(pool: Address, data: Uint8Array): PoolKeys {
  return {
    pool,
    venue: 'raydium-cpmm',
    programId: RAYDIUM_CPMM_PROGRAM,
    authority: RAYDIUM_CPMM_AUTHORITY,
    ammConfig: readAddress(data, POOL.ammConfig),
    observation: readAddress(data, POOL.observation),
    mint0: readAddress(data, POOL.mint0),
    mint1: readAddress(data, POOL.mint1),
    vault0: readAddress(data, POOL.vault0),
    vault1: readAddress(data, POOL.vault1),
    tokenProgram0: readAddress(data, POOL.tokenProgram0),
    tokenProgram1: readAddress(data, POOL.tokenProgram1),
    decimals0: data[POOL.decimals0]!,
    decimals1: data[POOL.decimals1]!,
  };
}

/**
 * What of a vault is the pool's: its amount less protocol, fund and creator fees, which lie in it and are nobody's
 * liquidity. In halves of 32 bits, each sum of which is exact in a double.
 * @param reserve its place in `words`, two of them
 * @returns false where more is owed than the vault holds; `words` then holds nothing
 */
export function putReserve(
  words: Int32Array,
  reserve: number,
  vault: Uint8Array,
  state: Uint8Array,
  fees: (typeof ACCRUED_FEES)[number],
): boolean {
  let low = readU32(vault, TOKEN_ACCOUNT_AMOUNT);
  let high = readU32(vault, TOKEN_ACCOUNT_AMOUNT + 4);
  for (const fee of fees) {
    low -= readU32(state, fee);
    high -= readU32(state, fee + 4);
  }
  const carry = Math.floor(low / U32_RANGE);
  words[reserve] = low - carry * U32_RANGE;
  words[reserve + 1] = high + carry;
  return high + carry >= 0;
}

/** Whatever the pool's state says beside the fees: whether and from when it trades, and on which side creators earn. */
export function putTerms(words: Int32Array, state: Uint8Array): void {
  const isSwapEnabled = (state[POOL.status]! & STATUS_SWAP_DISABLED) === 0;
  words[CPMM_NUMBER.flags] =
    (isSwapEnabled ? CPMM_FLAG.swapEnabled : 0) |
    (state[POOL.enableCreatorFee] === 0 ? 0 : CPMM_FLAG.creatorFeeEnabled);
  words[CPMM_NUMBER.creatorFeeOn] = state[POOL.creatorFeeOn]!;
  putU64(words, CPMM_NUMBER.openTime, state, POOL.openTime);
}

/** Rates in millionths; protocol and fund rates are shares of the trade fee. `isAmmConfig` holds. */
export function putRates(words: Int32Array, config: Uint8Array): void {
  putU64(words, CPMM_NUMBER.tradeFeeRate, config, CONFIG.tradeFeeRate);
  putU64(words, CPMM_NUMBER.protocolFeeRate, config, CONFIG.protocolFeeRate);
  putU64(words, CPMM_NUMBER.fundFeeRate, config, CONFIG.fundFeeRate);
  putU64(words, CPMM_NUMBER.creatorFeeRate, config, CONFIG.creatorFeeRate);
}

/** Base units in a token account of either token program. */
export function tokenAccountAmount(data: Uint8Array): bigint {
  return readU64(data, TOKEN_ACCOUNT_AMOUNT);
}
