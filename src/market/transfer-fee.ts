/**
 * Token-2022's transfer fee. Sources: the mint's TLV extensions (type 1, TransferFeeConfig, 108 bytes) and the
 * token program's rounding (`extension/transfer_fee`).
 */
import type { Address } from '../model/brands.js';
import { U64_MAX } from '../model/brands.js';
import { readU16, readU64 } from './bytes.js';

export const TOKEN_2022_PROGRAM = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as Address;

/** A mint's extensions start here: the base is padded to a token account's 165 bytes, then one type byte. */
const TLV_START = 166;
const ACCOUNT_TYPE_OFFSET = 165;
const ACCOUNT_TYPE_MINT = 1;
const EXTENSION_TRANSFER_FEE_CONFIG = 1;
const TRANSFER_FEE_CONFIG_BYTES = 108;
/** In TransferFeeConfig: two authorities and the withheld amount precede. Each fee: epoch, maximum, basis points. */
const OLDER_FEE = 72;
const NEWER_FEE = 90;
const ONE_IN_BASIS_POINTS = 10_000n;

export interface TransferFee {
  readonly basisPoints: number;
  /** Base units. */
  readonly maximum: bigint;
}

export const NO_TRANSFER_FEE: TransferFee = { basisPoints: 0, maximum: 0n };

/** The fee in force at an epoch: the newer one from its own epoch on, the older one before. */
export function transferFeeAt(mint: Uint8Array, owner: Address, epoch: bigint): TransferFee {
  const at = owner === TOKEN_2022_PROGRAM ? findTransferFeeConfig(mint) : -1;
  if (at < 0) return NO_TRANSFER_FEE;
  const fee = epoch >= readU64(mint, at + NEWER_FEE) ? at + NEWER_FEE : at + OLDER_FEE;
  return { maximum: readU64(mint, fee + 8), basisPoints: readU16(mint, fee + 16) };
}

function findTransferFeeConfig(mint: Uint8Array): number {
  if (mint.length <= TLV_START || mint[ACCOUNT_TYPE_OFFSET] !== ACCOUNT_TYPE_MINT) return -1;
  let offset = TLV_START;
  // Each step moves by at least 4 bytes, so the account's length bounds the loop.
  while (offset + 4 <= mint.length) {
    const type = readU16(mint, offset);
    const length = readU16(mint, offset + 2);
    const value = offset + 4;
    if (type === 0) return -1;
    if (type === EXTENSION_TRANSFER_FEE_CONFIG) {
      return length === TRANSFER_FEE_CONFIG_BYTES && value + length <= mint.length ? value : -1;
    }
    offset = value + length;
  }
  return -1;
}

/** Fee withheld from a transfer of `amount`: rounded up, capped. */
export function transferFeeOf(amount: bigint, basisPoints: number, maximum: bigint): bigint {
  if (basisPoints === 0 || amount === 0n) return 0n;
  const raw = (amount * BigInt(basisPoints) + ONE_IN_BASIS_POINTS - 1n) / ONE_IN_BASIS_POINTS;
  return raw < maximum ? raw : maximum;
}

/**
 * Fee to add so that `received` arrives, as the AMM computes it before an exact-out swap.
 * Undefined where the program itself fails: overflow, or its own check that the two directions agree.
 */
export function inverseTransferFee(
  received: bigint,
  basisPoints: number,
  maximum: bigint,
): bigint | undefined {
  if (basisPoints === 0) return 0n;
  if (BigInt(basisPoints) === ONE_IN_BASIS_POINTS) return maximum;
  const keep = ONE_IN_BASIS_POINTS - BigInt(basisPoints);
  let sent = (received * ONE_IN_BASIS_POINTS + keep - 1n) / keep;
  if (sent - received >= maximum) sent = received + maximum;
  if (sent > U64_MAX) return undefined;
  const fee = transferFeeOf(sent, basisPoints, maximum);
  const check = received + fee;
  if (check > U64_MAX || transferFeeOf(check, basisPoints, maximum) !== fee) return undefined;
  return fee;
}
