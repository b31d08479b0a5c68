/** One pool's accounts as the book holds them, and the numbers that a quote needs made from them. */
import type { AccountVersion } from '../cache/types.js';
import { type Address, type Slot, U64_MAX } from '../model/brands.js';
import { CPMM_NUMBER, CpmmNumbers } from './cpmm-numbers.js';
import {
  ACCRUED_FEES,
  isAmmConfig,
  isPoolState,
  putRates,
  putReserve,
  putTerms,
  TOKEN_ACCOUNT_BYTES,
} from './raydium-cpmm-layout.js';
import { transferFeeAt } from './transfer-fee.js';
import type { PoolKeys, PoolNews, PoolSnapshot } from './types.js';

/** Which account of a pool. The first three are what a swap writes. */
export const PART = { state: 0, vault0: 1, vault1: 2, config: 3, mint0: 4, mint1: 5 } as const;
export const POOL_PARTS = 6;
/** Parts below this number move together in a swap. */
export const AMM_STATE_PARTS = 3;

type Parts = (AccountVersion | undefined)[];

/** What is published of the pool is what PoolNews tells. */
export interface PoolEntry extends PoolNews {
  /** By part. */
  readonly addresses: readonly Address[];
  /** Newest whole state. */
  readonly parts: Parts;
  /** What the last publication was made from. */
  readonly publishedParts: Parts;
  /** Accounts of a transaction that is not whole yet. */
  readonly pending: Parts;
  pendingCount: number;
  pendingSignature: string | undefined;
  /** The parts may be of different moments: nothing is published until they are one state. */
  dirty: boolean;
  /** Of whole states that are not published yet, because newer ones are on their way; bounded by the book. */
  passed: string[];
  /** Whether anything is known of the pool. */
  isPublished: boolean;
  slot: Slot;
  revision: number;
  txnSignature: string | undefined;
  passedSignatures: string[];
  /** Of what is published, once somebody asked. */
  snapshot: PoolSnapshot | undefined;
  /** The versions whose part of the numbers is in the record already: they change seldom. */
  ratesFrom: AccountVersion | undefined;
  readonly fees: [TakenFee | undefined, TakenFee | undefined];
}

interface TakenFee {
  readonly from: AccountVersion;
  readonly epoch: bigint;
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
    passed: [],
    isPublished: false,
    slot: 0 as Slot,
    revision: 0,
    txnSignature: undefined,
    passedSignatures: [],
    numbers: new CpmmNumbers(),
    snapshot: undefined,
    ratesFrom: undefined,
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

/**
 * Puts the quote's numbers into the entry's record.
 * @param epoch of the state's slot
 * @returns false while an account is missing, foreign, or owes more fees than it holds; the record is then of no use
 */
export function decodeNumbers(entry: PoolEntry, epoch: bigint): boolean {
  const state = entry.parts[PART.state];
  const vault0 = entry.parts[PART.vault0];
  const vault1 = entry.parts[PART.vault1];
  if (state === undefined || vault0 === undefined || vault1 === undefined) return false;
  if (state.owner !== entry.keys.programId || !isPoolState(state.data)) return false;
  if (vault0.data.length < TOKEN_ACCOUNT_BYTES || vault1.data.length < TOKEN_ACCOUNT_BYTES) return false;
  if (!takeRates(entry) || !takeFee(entry, 0, epoch) || !takeFee(entry, 1, epoch)) return false;
  const { words } = entry.numbers;
  putTerms(words, state.data);
  return (
    putReserve(words, CPMM_NUMBER.reserve0, vault0.data, state.data, ACCRUED_FEES[0]) &&
    putReserve(words, CPMM_NUMBER.reserve1, vault1.data, state.data, ACCRUED_FEES[1])
  );
}

function takeRates(entry: PoolEntry): boolean {
  const config = entry.parts[PART.config];
  if (config === undefined) return false;
  if (entry.ratesFrom === config) return true;
  if (config.owner !== entry.keys.programId || !isAmmConfig(config.data)) return false;
  putRates(entry.numbers.words, config.data);
  entry.ratesFrom = config;
  return true;
}

function takeFee(entry: PoolEntry, token: 0 | 1, epoch: bigint): boolean {
  const mint = entry.parts[token === 0 ? PART.mint0 : PART.mint1];
  if (mint === undefined) return false;
  const taken = entry.fees[token];
  if (taken?.from === mint && taken.epoch === epoch) return true;
  const { basisPoints, maximum } = transferFeeAt(mint.data, mint.owner, epoch);
  entry.numbers.setTransferFee(token, basisPoints, maximum);
  entry.fees[token] = { from: mint, epoch };
  return true;
}

/** A copy of what is published, to be kept. */
export function snapshotOf({ keys, slot, revision, numbers }: PoolEntry): PoolSnapshot {
  return { pool: keys.pool, venue: keys.venue, slot, revision, state: numbers.toState() };
}
