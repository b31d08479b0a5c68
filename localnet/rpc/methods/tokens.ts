/** Balances, supplies and holders of SPL tokens. */
import type { Commitment } from '../../engine/messages.js';
import type { AccountAtSlot, Ledger } from '../../ledger/types.js';
import type { Method } from '../context.js';
import { selectView, withContext } from '../context.js';
import { readAccountFormat } from '../encode/account.js';
import { checkPubkey } from '../encode/base.js';
import { decodeMint, decodeTokenAccount, isTokenProgram, type Mint, uiTokenAmount } from '../encode/token.js';
import { invalidParams } from '../errors.js';
import { readArguments, readConfig, readString } from '../params.js';
import { encodeKeyedAccounts, existingAccount, mintDecimals } from './accounts.js';

const LARGEST_ACCOUNTS_MAX = 20;

/** Throws -32602 when there is no such mint. */
function requireMint(ledger: Ledger, address: string, commitment: Commitment): Mint & { program: string } {
  const account = existingAccount(ledger, address, commitment);
  if (account === undefined) throw invalidParams('Invalid param: could not find mint');
  const mint = decodeMint(account.data);
  if (mint === undefined) throw invalidParams('Invalid param: Token mint could not be unpacked');
  if (!isTokenProgram(account.owner)) throw invalidParams('Invalid param: not a Token mint');
  return { ...mint, program: account.owner };
}

const getTokenAccountBalance: Method = (params, { ledger }) => {
  const [address, config] = readArguments(params, 1, 2);
  const pubkey = checkPubkey(readString(address));
  const view = selectView(ledger, readConfig(config, 'CommitmentConfig'));
  const account = existingAccount(ledger, pubkey, view.commitment);
  if (account === undefined) throw invalidParams('Invalid param: could not find account');
  const token = isTokenProgram(account.owner) ? decodeTokenAccount(account.data) : undefined;
  if (token === undefined) throw invalidParams('Invalid param: not a Token account');
  const { decimals } = requireMint(ledger, token.mint, view.commitment);
  return withContext(view.slot, uiTokenAmount(token.amount, decimals));
};

const getTokenSupply: Method = (params, { ledger }) => {
  const [address, config] = readArguments(params, 1, 2);
  const pubkey = checkPubkey(readString(address));
  const view = selectView(ledger, readConfig(config, 'CommitmentConfig'));
  const account = existingAccount(ledger, pubkey, view.commitment);
  if (account === undefined) throw invalidParams('Invalid param: could not find account');
  if (!isTokenProgram(account.owner)) throw invalidParams('Invalid param: not a Token mint');
  const mint = decodeMint(account.data);
  if (mint === undefined) throw invalidParams('Invalid param: mint could not be unpacked');
  return withContext(view.slot, uiTokenAmount(mint.supply, mint.decimals));
};

const getTokenLargestAccounts: Method = (params, { ledger }) => {
  const [address, config] = readArguments(params, 1, 2);
  const pubkey = checkPubkey(readString(address));
  const view = selectView(ledger, readConfig(config, 'CommitmentConfig'));
  const { decimals } = requireMint(ledger, pubkey, view.commitment);
  const holders = ledger
    .tokenAccountsByMint(pubkey, view.commitment)
    .map((holder) => ({
      address: holder.address,
      amount: decodeTokenAccount(holder.account.data)?.amount ?? 0n,
    }))
    .sort((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0))
    .slice(0, LARGEST_ACCOUNTS_MAX);
  const value = holders.map((holder) => ({
    address: holder.address,
    ...(uiTokenAmount(holder.amount, decimals) as Record<string, string | number>),
  }));
  return withContext(view.slot, value);
};

const getTokenAccountsByOwner: Method = (params, { ledger }) => {
  const [owner, filter, config] = readArguments(params, 2, 3);
  const wallet = checkPubkey(readString(owner));
  const accepts = readTokenFilter(filter);
  const options = readConfig(config, 'RpcAccountInfoConfig');
  const format = readAccountFormat(options);
  const view = selectView(ledger, options);
  const belongs = accepts(ledger, view.commitment);
  const accounts = ledger.tokenAccountsByWallet(wallet, view.commitment).filter(belongs);
  const value = encodeKeyedAccounts(accounts, format, mintDecimals(ledger, view.commitment));
  return withContext(view.slot, value);
};

type TokenFilter = (ledger: Ledger, commitment: Commitment) => (account: AccountAtSlot) => boolean;

/** `{ mint }` or `{ programId }`. */
function readTokenFilter(value: unknown): TokenFilter {
  const filter = readConfig(value, 'RpcTokenAccountsFilter');
  if (filter.mint !== undefined) {
    const mint = checkPubkey(readString(filter.mint));
    return (ledger, commitment) => {
      const { program } = requireMint(ledger, mint, commitment);
      return ({ account }) => account.owner === program && decodeTokenAccount(account.data)?.mint === mint;
    };
  }
  if (filter.programId === undefined) {
    throw invalidParams('Invalid params: expected one of `mint`, `programId`.');
  }
  const program = checkPubkey(readString(filter.programId));
  return () => {
    if (!isTokenProgram(program)) throw invalidParams('Invalid param: unrecognized Token program id');
    return ({ account }) => account.owner === program;
  };
}

export const tokenMethods: Readonly<Record<string, Method>> = {
  getTokenAccountBalance,
  getTokenSupply,
  getTokenLargestAccounts,
  getTokenAccountsByOwner,
};
