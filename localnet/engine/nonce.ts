/** Durable nonces: transactions that live by a stored hash instead of a recent one. */
import { createHash } from 'node:crypto';
import type { AccountStore } from './account-store.js';
import { decodeAddress, encodeAddress } from './address-book.js';
import { LAMPORTS_PER_SIGNATURE } from './compute-budget.js';
import type { ResolvedAccounts } from './lookup-tables.js';
import type { AccountState } from './messages.js';
import { SYSTEM_PROGRAM } from './well-known.js';
import type { ParsedTransaction } from './wire.js';

/** Bincode of `Versions::Current(State::Initialized(Data))`: two u32, authority, durable hash, fee u64. */
export const NONCE_ACCOUNT_BYTES = 80;
const AUTHORITY_OFFSET = 8;
const HASH_OFFSET = 40;
const FEE_OFFSET = 72;
const CURRENT_VERSION = 1;
const STATE_INITIALIZED = 1;
const ADVANCE_NONCE_INSTRUCTION = 4;

/** The value that a nonce takes when it is advanced on top of a block with this hash. */
export function durableNonce(parentBlockhash: Uint8Array): Uint8Array {
  return createHash('sha256').update('DURABLE_NONCE').update(parentBlockhash).digest();
}

/** Whether a system account of this content is an initialised nonce. */
export function isInitializedNonce(account: AccountState): boolean {
  if (account.owner !== SYSTEM_PROGRAM || account.data.length !== NONCE_ACCOUNT_BYTES) return false;
  const view = new DataView(account.data.buffer, account.data.byteOffset, NONCE_ACCOUNT_BYTES);
  return view.getUint32(0, true) === CURRENT_VERSION && view.getUint32(4, true) === STATE_INITIALIZED;
}

/** Whether the first instruction would advance a nonce, so that no recent blockhash is needed. */
export function mayUseNonce(tx: ParsedTransaction): boolean {
  const first = tx.instructions[0];
  if (first === undefined || encodeAddress(tx.staticKeys[first.programIdIndex]!) !== SYSTEM_PROGRAM)
    return false;
  const { data } = first;
  return (
    data.length >= 4 &&
    new DataView(data.buffer, data.byteOffset).getUint32(0, true) === ADVANCE_NONCE_INSTRUCTION
  );
}

/**
 * The nonce account by which this transaction is valid now, or null. The first instruction must advance it, the
 * transaction's hash must be the stored one, its authority must sign, and it must not have been advanced on the
 * same parent already.
 */
export function usableNonce(
  tx: ParsedTransaction,
  accounts: ResolvedAccounts,
  store: AccountStore,
  parentBlockhash: Uint8Array,
): { readonly address: string; readonly key: Uint8Array } | null {
  if (!mayUseNonce(tx)) return null;
  const first = tx.instructions[0]!;
  const index = first.accounts[0];
  // The nonce must be a static key: a looked-up one would not be known before the tables are read.
  if (index === undefined || index >= tx.staticKeys.length || accounts.writable[index] !== true) return null;
  const address = accounts.addresses[index]!;
  const account = store.get(address, accounts.keys[index]);
  if (account === null || !isInitializedNonce(account)) return null;
  const stored = encodeAddress(account.data.subarray(HASH_OFFSET, FEE_OFFSET));
  if (stored !== tx.recentBlockhash || stored === encodeAddress(durableNonce(parentBlockhash))) return null;
  const authority = encodeAddress(account.data.subarray(AUTHORITY_OFFSET, HASH_OFFSET));
  const signs = [...first.accounts].some(
    (account) => account < tx.requiredSignatures && accounts.addresses[account] === authority,
  );
  return signs ? { address, key: decodeAddress(address) } : null;
}

/** The account after it was advanced on a block with this parent. */
export function advancedNonce(account: AccountState, parentBlockhash: Uint8Array): AccountState {
  const data = new Uint8Array(account.data);
  data.set(durableNonce(parentBlockhash), HASH_OFFSET);
  new DataView(data.buffer).setBigUint64(FEE_OFFSET, LAMPORTS_PER_SIGNATURE, true);
  return { ...account, data };
}
