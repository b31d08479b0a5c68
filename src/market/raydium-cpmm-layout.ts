/**
 * Account layouts of Raydium CPMM, by offset. Source: raydium-cp-swap `states/pool.rs` (packed, 637 bytes with
 * the discriminator) and `states/config.rs` (236 bytes); checked against accounts of the deployed program.
 * Pools made before creator fees existed have zeros where those fields are now.
 */
import type { Address } from '../model/brands.js';
import { readAddress, readU64, startsWith } from './bytes.js';
import { RAYDIUM_CPMM_AUTHORITY, RAYDIUM_CPMM_PROGRAM } from './raydium-cpmm-program.js';
import type { PoolKeys } from './types.js';

export const POOL_STATE_BYTES = 637;
export const AMM_CONFIG_BYTES = 236;
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

const CONFIG = { tradeFeeRate: 12, protocolFeeRate: 20, fundFeeRate: 28, creatorFeeRate: 108 } as const;
const TOKEN_ACCOUNT_AMOUNT = 64;
/** Bit 2 of the status: swaps are disabled. */
const STATUS_SWAP_DISABLED = 4;

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

/** What lies in the vaults and is nobody's liquidity: protocol, fund and creator fees of token 0. */
export function accruedFees0(state: Uint8Array): bigint {
  return (
    readU64(state, POOL.protocolFees0) + readU64(state, POOL.fundFees0) + readU64(state, POOL.creatorFees0)
  );
}

/** The same of token 1. */
export function accruedFees1(state: Uint8Array): bigint {
  return (
    readU64(state, POOL.protocolFees1) + readU64(state, POOL.fundFees1) + readU64(state, POOL.creatorFees1)
  );
}

export function swapEnabled(state: Uint8Array): boolean {
  return (state[POOL.status]! & STATUS_SWAP_DISABLED) === 0;
}

/** Unix seconds before which the program refuses swaps. */
export function openTime(state: Uint8Array): bigint {
  return readU64(state, POOL.openTime);
}

/** 0: on the input whichever it is; 1: only token 0; 2: only token 1. */
export function creatorFeeOn(state: Uint8Array): number {
  return state[POOL.creatorFeeOn]!;
}

export function creatorFeeEnabled(state: Uint8Array): boolean {
  return state[POOL.enableCreatorFee] !== 0;
}

/** Rates in millionths; protocol and fund rates are shares of the trade fee. */
export interface ConfigRates {
  readonly tradeFeeRate: bigint;
  readonly protocolFeeRate: bigint;
  readonly fundFeeRate: bigint;
  readonly creatorFeeRate: bigint;
}

export function decodeConfigRates(data: Uint8Array): ConfigRates {
  return {
    tradeFeeRate: readU64(data, CONFIG.tradeFeeRate),
    protocolFeeRate: readU64(data, CONFIG.protocolFeeRate),
    fundFeeRate: readU64(data, CONFIG.fundFeeRate),
    creatorFeeRate: readU64(data, CONFIG.creatorFeeRate),
  };
}

/** Base units in a token account of either token program. */
export function tokenAccountAmount(data: Uint8Array): bigint {
  return readU64(data, TOKEN_ACCOUNT_AMOUNT);
}
