/** Reads the two addresses by which token accounts are looked up. */
import { base58 } from '@scure/base';
import type { AccountState } from '../engine/messages.js';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../engine/well-known.js';

/** SPL Token's account layout: mint at 0, owner at 32, state at 108, 165 bytes in all. */
const TOKEN_ACCOUNT_BYTES = 165;
const OWNER_OFFSET = 32;
const KEYS_END = 64;
const STATE_OFFSET = 108;
/** Token-2022 marks accounts longer than 165 bytes with their kind at byte 165: 2 is a token account. */
const TOKEN_ACCOUNT_KIND = 2;
/** A Token-2022 account is never as long as a multisig of the same program. */
const MULTISIG_BYTES = 355;

export interface TokenKeys {
  readonly mint: string;
  readonly wallet: string;
}

/** Mint and wallet of an initialised Token or Token-2022 account; undefined for anything else. */
export function tokenKeys(account: AccountState): TokenKeys | undefined {
  if (!isTokenAccount(account)) return undefined;
  return {
    mint: base58.encode(account.data.subarray(0, OWNER_OFFSET)),
    wallet: base58.encode(account.data.subarray(OWNER_OFFSET, KEYS_END)),
  };
}

/** True when both are token accounts of the same mint and wallet, without encoding either. */
export function sameTokenKeys(before: AccountState, after: AccountState): boolean {
  if (!isTokenAccount(before) || !isTokenAccount(after)) return false;
  for (let index = 0; index < KEYS_END; index += 1) {
    if (before.data[index] !== after.data[index]) return false;
  }
  return true;
}

function isTokenAccount(account: AccountState): boolean {
  const { data, owner } = account;
  if (data.length < TOKEN_ACCOUNT_BYTES || data[STATE_OFFSET] === 0) return false;
  if (owner === TOKEN_PROGRAM) return data.length === TOKEN_ACCOUNT_BYTES;
  if (owner !== TOKEN_2022_PROGRAM || data.length === MULTISIG_BYTES) return false;
  return data.length === TOKEN_ACCOUNT_BYTES || data[TOKEN_ACCOUNT_BYTES] === TOKEN_ACCOUNT_KIND;
}
