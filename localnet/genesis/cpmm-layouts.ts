/**
 * Raydium CPMM's accounts as mainnet has them: Anchor discriminator, then packed little-endian fields.
 * AmmConfig 236 bytes, PoolState 637, ObservationState 4075.
 */
import { createHash } from 'node:crypto';
import { CPMM_PROGRAM } from './addresses.js';
import { LayoutWriter } from './layout-writer.js';
import { findProgramAddress, type ProgramAddress } from './program-address.js';

export const POOL_STATE_LENGTH = 637;
const AMM_CONFIG_LENGTH = 236;
const OBSERVATION_STATE_LENGTH = 4075;
const DISCRIMINATOR_LENGTH = 8;

/** The first eight bytes of sha256("account:<Name>"). */
export function accountDiscriminator(name: string): Uint8Array {
  return createHash('sha256').update(`account:${name}`).digest().subarray(0, DISCRIMINATOR_LENGTH);
}

const text = (value: string): Uint8Array => Buffer.from(value, 'ascii');

/** Owner of every vault and LP mint. */
export function vaultAuthority(): ProgramAddress {
  return findProgramAddress([text('vault_and_lp_mint_auth_seed')], CPMM_PROGRAM);
}

/** The config's index is big-endian in its seeds. */
export function ammConfigAddress(index: number): ProgramAddress {
  return findProgramAddress([text('amm_config'), Uint8Array.of(index >> 8, index & 0xff)], CPMM_PROGRAM);
}

/** A CPMM address seeded by a word and keys: "pool", "pool_vault", "pool_lp_mint", "observation". */
export function cpmmAddress(word: string, ...keys: readonly Uint8Array[]): string {
  return findProgramAddress([text(word), ...keys], CPMM_PROGRAM).address;
}

/** Rates are millionths: of the amount for the trade and creator fee, of the trade fee for the other two. */
export interface AmmConfigFields {
  readonly bump: number;
  readonly index: number;
  readonly tradeFeeRate: bigint;
  readonly protocolFeeRate: bigint;
  readonly fundFeeRate: bigint;
  readonly creatorFeeRate: bigint;
  readonly protocolOwner: string;
  readonly fundOwner: string;
}

/** What a pool's creator pays (lamports); carried in the config, of no account to swaps. */
const CREATE_POOL_FEE_LAMPORTS = 150_000_000n;

export function ammConfigData(fields: AmmConfigFields): Uint8Array {
  return new LayoutWriter(AMM_CONFIG_LENGTH)
    .raw(accountDiscriminator('AmmConfig'))
    .u8(fields.bump)
    .u8(0) // pool creation is open
    .u16(fields.index)
    .u64(fields.tradeFeeRate)
    .u64(fields.protocolFeeRate)
    .u64(fields.fundFeeRate)
    .u64(CREATE_POOL_FEE_LAMPORTS)
    .key(fields.protocolOwner)
    .key(fields.fundOwner)
    .u64(fields.creatorFeeRate).bytes;
}

/** 0: the creator's fee is in the input token; 1: always in token 0; 2: always in token 1. */
export type CreatorFeeOn = 0 | 1 | 2;

export interface PoolStateFields {
  readonly ammConfig: string;
  readonly creator: string;
  readonly token0Vault: string;
  readonly token1Vault: string;
  readonly lpMint: string;
  readonly token0Mint: string;
  readonly token1Mint: string;
  readonly token0Program: string;
  readonly token1Program: string;
  readonly observation: string;
  readonly authorityBump: number;
  readonly lpMintDecimals: number;
  readonly mint0Decimals: number;
  readonly mint1Decimals: number;
  readonly lpSupply: bigint;
  readonly creatorFeeOn: CreatorFeeOn;
  readonly creatorFeeEnabled: boolean;
}

/** A pool that is open since time 0, with no fees owed to anybody. */
export function poolStateData(fields: PoolStateFields): Uint8Array {
  return new LayoutWriter(POOL_STATE_LENGTH)
    .raw(accountDiscriminator('PoolState'))
    .key(fields.ammConfig)
    .key(fields.creator)
    .key(fields.token0Vault)
    .key(fields.token1Vault)
    .key(fields.lpMint)
    .key(fields.token0Mint)
    .key(fields.token1Mint)
    .key(fields.token0Program)
    .key(fields.token1Program)
    .key(fields.observation)
    .u8(fields.authorityBump)
    .u8(0) // status: deposit, withdraw and swap are enabled
    .u8(fields.lpMintDecimals)
    .u8(fields.mint0Decimals)
    .u8(fields.mint1Decimals)
    .u64(fields.lpSupply)
    .skip(6 * 8) // protocol fees and fund fees by token, open time, recent epoch
    .u8(fields.creatorFeeOn)
    .u8(fields.creatorFeeEnabled ? 1 : 0).bytes;
}

/** An observation account that no swap has written yet. */
export function observationStateData(pool: Uint8Array): Uint8Array {
  return new LayoutWriter(OBSERVATION_STATE_LENGTH)
    .raw(accountDiscriminator('ObservationState'))
    .u8(0) // not initialized
    .u16(0) // index
    .raw(pool).bytes;
}
