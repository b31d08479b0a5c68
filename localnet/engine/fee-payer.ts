/** Who may pay: refused payers cost nothing, because nobody is there to be charged. */
import type { AccountStore } from './account-store.js';
import type { TransactionErrorJson } from './messages.js';
import { isInitializedNonce, NONCE_ACCOUNT_BYTES } from './nonce.js';
import { SYSTEM_PROGRAM } from './well-known.js';

/** Null when the account can pay `fee` lamports and stay rent-exempt, or be emptied to the last lamport. */
export function feePayerError(
  store: AccountStore,
  address: string,
  key: Uint8Array,
  fee: bigint,
): TransactionErrorJson | null {
  const account = store.get(address, key);
  if (account === null) return 'AccountNotFound';
  if (account.owner !== SYSTEM_PROGRAM) return 'InvalidAccountForFee';
  const isNonce = account.data.length > 0;
  if (isNonce && !isInitializedNonce(account)) return 'InvalidAccountForFee';
  const reserve = isNonce ? store.runtime.rentExemptMinimum(NONCE_ACCOUNT_BYTES) : 0n;
  if (account.lamports < fee + reserve) return 'InsufficientFundsForFee';
  const left = account.lamports - fee;
  const minimum = store.runtime.rentExemptMinimum(account.data.length);
  const wasExempt = account.lamports >= minimum;
  if (left !== 0n && left < minimum && wasExempt) return { InsufficientFundsForRent: { account_index: 0 } };
  return null;
}
