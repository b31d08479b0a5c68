/** Accounts, singly, in lists and by their program. */
import type { AccountState, Commitment } from '../../engine/messages.js';
import type { AccountAtSlot, Ledger } from '../../ledger/types.js';
import type { Method } from '../context.js';
import { selectView, withContext } from '../context.js';
import { type AccountFormat, encodeAccount, readAccountFormat } from '../encode/account.js';
import { checkPubkey } from '../encode/base.js';
import { readFilters } from '../encode/filter.js';
import type { Json } from '../encode/json.js';
import { decodeMint, type MintDecimals } from '../encode/token.js';
import { invalidParams, invalidRequest } from '../errors.js';
import {
  readArguments,
  readCommitment,
  readConfig,
  readOptionalBoolean,
  readString,
  readStrings,
  readU64,
} from '../params.js';

const MULTIPLE_ACCOUNTS_MAX = 100;
/** The most data that an account can hold: 10 MiB. */
const ACCOUNT_DATA_BYTES_MAX = 10 * 1024 * 1024;

/** The account, unless it was drained: accounts without lamports do not exist. */
export function existingAccount(
  ledger: Ledger,
  address: string,
  commitment: Commitment,
): AccountState | undefined {
  const found = ledger.account(address, commitment)?.account;
  return found === undefined || found.lamports === 0n ? undefined : found;
}

export function mintDecimals(ledger: Ledger, commitment: Commitment): MintDecimals {
  return (mint) => {
    const account = existingAccount(ledger, mint, commitment);
    return account === undefined ? undefined : decodeMint(account.data)?.decimals;
  };
}

export function encodeKeyedAccounts(
  accounts: readonly AccountAtSlot[],
  format: AccountFormat,
  decimalsOf: MintDecimals,
): Json {
  return accounts.map(({ address, account }) => ({
    account: encodeAccount(account, format, decimalsOf),
    pubkey: address,
  }));
}

const getBalance: Method = (params, { ledger }) => {
  const [address, config] = readArguments(params, 1, 2);
  const pubkey = checkPubkey(readString(address));
  const view = selectView(ledger, readConfig(config, 'RpcContextConfig'));
  return withContext(view.slot, ledger.account(pubkey, view.commitment)?.account.lamports ?? 0n);
};

const getAccountInfo: Method = (params, { ledger }) => {
  const [address, config] = readArguments(params, 1, 2);
  const pubkey = checkPubkey(readString(address));
  const options = readConfig(config, 'RpcAccountInfoConfig');
  const format = readAccountFormat(options);
  const view = selectView(ledger, options);
  const account = existingAccount(ledger, pubkey, view.commitment);
  const value =
    account === undefined ? null : encodeAccount(account, format, mintDecimals(ledger, view.commitment));
  return withContext(view.slot, value);
};

const getMultipleAccounts: Method = (params, { ledger }) => {
  const [addresses, config] = readArguments(params, 1, 2);
  const texts = readStrings(addresses);
  const options = readConfig(config, 'RpcAccountInfoConfig');
  if (texts.length > MULTIPLE_ACCOUNTS_MAX) {
    throw invalidParams(`Too many inputs provided; max ${MULTIPLE_ACCOUNTS_MAX}`);
  }
  const pubkeys = texts.map(checkPubkey);
  const format = readAccountFormat(options, 'base64');
  const view = selectView(ledger, options);
  const decimalsOf = mintDecimals(ledger, view.commitment);
  const value = pubkeys.map((pubkey) => {
    const account = existingAccount(ledger, pubkey, view.commitment);
    return account === undefined ? null : encodeAccount(account, format, decimalsOf);
  });
  return withContext(view.slot, value);
};

const getProgramAccounts: Method = (params, { ledger }) => {
  const [address, config] = readArguments(params, 1, 2);
  const program = checkPubkey(readString(address));
  const options = readConfig(config, 'RpcProgramAccountsConfig');
  const filters = readFilters(options.filters);
  const format = readAccountFormat(options);
  const view = selectView(ledger, options);
  const accounts = ledger
    .accountsByOwner(program, view.commitment)
    .filter(({ account }) => account.lamports > 0n && filters.every((allows) => allows(account.data)));
  const value = encodeKeyedAccounts(accounts, format, mintDecimals(ledger, view.commitment));
  return readOptionalBoolean(options.withContext) === true ? withContext(view.slot, value) : value;
};

const getMinimumBalanceForRentExemption: Method = (params, { ledger }) => {
  const [length, config] = readArguments(params, 1, 2);
  const dataLength = readU64(length);
  readCommitment(readConfig(config, 'CommitmentConfig').commitment);
  if (dataLength > ACCOUNT_DATA_BYTES_MAX) throw invalidRequest();
  return ledger.minimumBalanceForRentExemption(dataLength);
};

export const accountMethods: Readonly<Record<string, Method>> = {
  getBalance,
  getAccountInfo,
  getMultipleAccounts,
  getProgramAccounts,
  getMinimumBalanceForRentExemption,
};
