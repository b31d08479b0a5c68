/** One pool's accounts as the book holds them, and the numbers that a quote needs made from them. */
import type { AccountVersion } from '../cache/types.js';
import { type Address, U64_MAX } from '../model/brands.js';
import {
  accruedFees0,
  accruedFees1,
  type ConfigRates,
  creatorFeeEnabled,
  creatorFeeOn,
  decodeConfigRates,
  isAmmConfig,
  isPoolState,
  openTime,
  swapEnabled,
  TOKEN_ACCOUNT_BYTES,
  tokenAccountAmount,
} from './raydium-cpmm-layout.js';
import { type TransferFee, transferFeeAt } from './transfer-fee.js';
import type { CpmmState, PoolKeys, PoolSnapshot } from './types.js';

/** Which account of a pool. The first three are what a swap writes. */
export const PART = { state: 0, vault0: 1, vault1: 2, config: 3, mint0: 4, mint1: 5 } as const;
export const POOL_PARTS = 6;
/** Parts below this number move together in a swap. */
export const AMM_STATE_PARTS = 3;

type Parts = (AccountVersion | undefined)[];

export interface PoolEntry {
  readonly keys: PoolKeys;
  /** By part. */
  readonly addresses: readonly Address[];
  /** Newest whole state. */
  readonly parts: Parts;
  /** What the last snapshot was made from. */
  readonly publishedParts: Parts;
  /** Accounts of a transaction that is not whole yet. */
  readonly pending: Parts;
  pendingCount: number;
  pendingSignature: string | undefined;
  /** The parts may be of different moments: nothing is published until they are one state. */
  dirty: boolean;
  revision: number;
  /** Of whole states that are not published, because newer ones are on their way; bounded by the book. */
  passedSignatures: string[];
  snapshot: PoolSnapshot | undefined;
  /** Decoded once a version of the account. */
  rates: { readonly from: AccountVersion; readonly value: ConfigRates } | undefined;
  fees: [DecodedFee | undefined, DecodedFee | undefined];
}

interface DecodedFee {
  readonly from: AccountVersion;
  readonly epoch: bigint;
  readonly value: TransferFee;
}

export function partAddresses(keys: PoolKeys): readonly Address[] {
  return [keys.pool, keys.vault0, keys.vault1, keys.ammConfig, keys.mint0, keys.mint1];
}

export function newPoolEntry(keys: PoolKeys): PoolEntry {
  return {
    keys,
    addresses: partAddresses(keys),
    parts: new Array<AccountVersion | undefined>(POOL_PARTS).fill(undefined),
    publishedParts: new Array<AccountVersion | undefined>(POOL_PARTS).fill(undefined),
    pending: new Array<AccountVersion | undefined>(AMM_STATE_PARTS).fill(undefined),
    pendingCount: 0,
    pendingSignature: undefined,
    dirty: false,
    revision: 0,
    passedSignatures: [],
    snapshot: undefined,
    rates: undefined,
    fees: [undefined, undefined],
  };
}

/**
 * Whether state and vaults, taken from the cache at one time, stand between two transactions. They do when all slots
 * they are of have come to their end. Before that the rest of a transaction may be still to come, or what was fetched
 * may be ahead of the stream; unless one transaction wrote all three, or they were all read at one slot.
 */
export function isOneState(
  parts: Readonly<Parts>,
  isSlotComplete: (slot: AccountVersion['slot']) => boolean,
): boolean {
  const [state, ...vaults] = parts.slice(0, AMM_STATE_PARTS);
  if (state !== undefined) {
    const { slot, writeVersion, txnSignature } = state;
    if (txnSignature !== undefined && vaults.every((vault) => vault?.txnSignature === txnSignature))
      return true;
    const isRead = (vault: AccountVersion | undefined) =>
      vault?.slot === slot && vault.writeVersion === U64_MAX;
    if (writeVersion === U64_MAX && vaults.every(isRead)) return true;
  }
  return [state, ...vaults].every((version) => version === undefined || isSlotComplete(version.slot));
}

/** The quote's numbers, or undefined while an account is missing, foreign, or owes more fees than it holds. */
export function computeState(entry: PoolEntry, epoch: bigint): CpmmState | undefined {
  const [state, vault0, vault1, config] = entry.parts;
  if (state === undefined || vault0 === undefined || vault1 === undefined || config === undefined)
    return undefined;
  if (state.owner !== entry.keys.programId || !isPoolState(state.data)) return undefined;
  if (vault0.data.length < TOKEN_ACCOUNT_BYTES || vault1.data.length < TOKEN_ACCOUNT_BYTES) return undefined;
  const rates = ratesOf(entry, config);
  const fee0 = feeOf(entry, 0, epoch);
  const fee1 = feeOf(entry, 1, epoch);
  if (rates === undefined || fee0 === undefined || fee1 === undefined) return undefined;
  const reserve0 = tokenAccountAmount(vault0.data) - accruedFees0(state.data);
  const reserve1 = tokenAccountAmount(vault1.data) - accruedFees1(state.data);
  if (reserve0 < 0n || reserve1 < 0n) return undefined;
  return {
    reserve0,
    reserve1,
    tradeFeeRate: rates.tradeFeeRate,
    protocolFeeRate: rates.protocolFeeRate,
    fundFeeRate: rates.fundFeeRate,
    creatorFeeRate: rates.creatorFeeRate,
    creatorFeeOn: creatorFeeOn(state.data),
    creatorFeeEnabled: creatorFeeEnabled(state.data),
    swapEnabled: swapEnabled(state.data),
    openTime: openTime(state.data),
    transferFeeBps0: fee0.basisPoints,
    maxTransferFee0: fee0.maximum,
    transferFeeBps1: fee1.basisPoints,
    maxTransferFee1: fee1.maximum,
  };
}

function ratesOf(entry: PoolEntry, config: AccountVersion): ConfigRates | undefined {
  if (entry.rates?.from === config) return entry.rates.value;
  if (config.owner !== entry.keys.programId || !isAmmConfig(config.data)) return undefined;
  entry.rates = { from: config, value: decodeConfigRates(config.data) };
  return entry.rates.value;
}

function feeOf(entry: PoolEntry, token: 0 | 1, epoch: bigint): TransferFee | undefined {
  const mint = entry.parts[token === 0 ? PART.mint0 : PART.mint1];
  if (mint === undefined) return undefined;
  const held = entry.fees[token];
  if (held?.from === mint && held.epoch === epoch) return held.value;
  const value = transferFeeAt(mint.data, mint.owner, epoch);
  entry.fees[token] = { from: mint, epoch, value };
  return value;
}
