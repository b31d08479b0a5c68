/**
 * Byte layouts of mints and token accounts, by hand. Token: a mint is 82 bytes, an account 165. Token-2022 pads
 * both to 165, puts the account's type at byte 165 and type-length-value extensions from byte 166.
 */

import { rentExemptLamports } from './accounts.js';
import { NATIVE_MINT, TOKEN_2022_PROGRAM } from './addresses.js';
import { LayoutWriter } from './layout-writer.js';
import type { GenesisMint } from './types.js';

export const MINT_LENGTH = 82;
export const TOKEN_ACCOUNT_LENGTH = 165;
const TYPE_AND_TLV_HEAD = 4;
const ACCOUNT_TYPE_MINT = 1;
const ACCOUNT_TYPE_TOKEN_ACCOUNT = 2;
const EXTENSION_TRANSFER_FEE_CONFIG = 1;
const EXTENSION_TRANSFER_FEE_AMOUNT = 2;
const EXTENSION_IMMUTABLE_OWNER = 7;
const TRANSFER_FEE_CONFIG_LENGTH = 108;
const TRANSFER_FEE_AMOUNT_LENGTH = 8;
const STATE_INITIALIZED = 1;
/** The genesis mint's fee has no ceiling worth the name: the rate alone decides. */
export const MAXIMUM_TRANSFER_FEE = 1_000_000_000_000_000n;

/** One of the two fees that a Token-2022 mint carries; the newer one holds from its epoch on. */
export interface TransferFee {
  readonly epoch: bigint;
  readonly maximumFee: bigint;
  readonly basisPoints: number;
}

function writeMint(writer: LayoutWriter, decimals: number, supply: bigint, authority?: string): LayoutWriter {
  return writer.optionalKey(authority).u64(supply).u8(decimals).u8(STATE_INITIALIZED).optionalKey(undefined);
}

/** A mint of the Token program, without a freeze authority; the native mint has no authority at all. */
export function mintData(decimals: number, supply: bigint, authority?: string): Uint8Array {
  return writeMint(new LayoutWriter(MINT_LENGTH), decimals, supply, authority).bytes;
}

/** A Token-2022 mint with the TransferFeeConfig extension (278 bytes). */
export function transferFeeMintData(
  decimals: number,
  supply: bigint,
  authority: string,
  older: TransferFee,
  newer: TransferFee,
): Uint8Array {
  const length = TOKEN_ACCOUNT_LENGTH + 1 + TYPE_AND_TLV_HEAD + TRANSFER_FEE_CONFIG_LENGTH;
  const writer = writeMint(new LayoutWriter(length), decimals, supply, authority);
  writer.skip(TOKEN_ACCOUNT_LENGTH - MINT_LENGTH).u8(ACCOUNT_TYPE_MINT);
  writer.u16(EXTENSION_TRANSFER_FEE_CONFIG).u16(TRANSFER_FEE_CONFIG_LENGTH);
  // Fee authority, withdraw authority, withheld amount, then the two fees.
  writer.key(authority).key(authority).u64(0n);
  for (const fee of [older, newer]) writer.u64(fee.epoch).u64(fee.maximumFee).u16(fee.basisPoints);
  return writer.bytes;
}

function writeTokenAccount(writer: LayoutWriter, mint: string, owner: string, amount: bigint): LayoutWriter {
  writer.key(mint).key(owner).u64(amount).optionalKey(undefined).u8(STATE_INITIALIZED);
  if (mint === NATIVE_MINT) writer.u32(1).u64(rentExemptLamports(TOKEN_ACCOUNT_LENGTH));
  else writer.skip(12);
  return writer.u64(0n).optionalKey(undefined);
}

/**
 * A token account in the form that its program makes: 165 bytes; under Token-2022 with the ImmutableOwner
 * extension where it is an associated account, and TransferFeeAmount where the mint has a fee.
 */
export function tokenAccountData(
  mint: GenesisMint,
  owner: string,
  amount: bigint,
  associated: boolean,
): Uint8Array {
  const withOwner = mint.tokenProgram === TOKEN_2022_PROGRAM && associated;
  const withFee = mint.transferFeeBps !== undefined;
  let length = TOKEN_ACCOUNT_LENGTH;
  if (withOwner || withFee) length += 1;
  if (withOwner) length += TYPE_AND_TLV_HEAD;
  if (withFee) length += TYPE_AND_TLV_HEAD + TRANSFER_FEE_AMOUNT_LENGTH;
  const writer = writeTokenAccount(new LayoutWriter(length), mint.address, owner, amount);
  if (withOwner || withFee) writer.u8(ACCOUNT_TYPE_TOKEN_ACCOUNT);
  if (withOwner) writer.u16(EXTENSION_IMMUTABLE_OWNER).u16(0);
  if (withFee) writer.u16(EXTENSION_TRANSFER_FEE_AMOUNT).u16(TRANSFER_FEE_AMOUNT_LENGTH).u64(0n);
  return writer.bytes;
}
