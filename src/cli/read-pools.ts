/** The configured pools, read once over RPC and ready to quote. */
import { PoolBook } from '../market/pool-book.js';
import { decodePoolKeys, isPoolState } from '../market/raydium-cpmm-layout.js';
import { RAYDIUM_CPMM_PROGRAM } from '../market/raydium-cpmm-program.js';
import { StillAccounts } from '../market/still-accounts.js';
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import { type ChainReader, MAX_ACCOUNTS_A_CALL } from '../send/chain-reader.js';

/** Mainnet's epoch length; it decides only which Token-2022 transfer fee is in force. */
const SLOTS_AN_EPOCH = 432_000;

/** Addresses that are no pool of a known venue are left out. */
export async function readPools(reader: ChainReader, pools: readonly Address[]): Promise<PoolBook> {
  const accounts = new StillAccounts();
  await read(reader, accounts, pools);
  const keys = pools.flatMap((pool): PoolKeys[] => {
    const account = accounts.get(pool);
    const isPool = account?.owner === RAYDIUM_CPMM_PROGRAM && isPoolState(account.data);
    return isPool ? [decodePoolKeys(pool, account.data)] : [];
  });
  // A book that is never quoted from says which accounts a pool consists of.
  const parts = bookOf(accounts, keys).watchedAccounts();
  await read(reader, accounts, parts);
  return bookOf(accounts, keys);
}

function bookOf(accounts: StillAccounts, keys: readonly PoolKeys[]): PoolBook {
  const book = new PoolBook({ accounts, epochOf: (slot) => BigInt(Math.floor(slot / SLOTS_AN_EPOCH)) });
  for (const one of keys) book.addPool(one);
  return book;
}

async function read(
  reader: ChainReader,
  accounts: StillAccounts,
  addresses: readonly Address[],
): Promise<void> {
  for (let start = 0; start < addresses.length; start += MAX_ACCOUNTS_A_CALL) {
    const batch = addresses.slice(start, start + MAX_ACCOUNTS_A_CALL);
    const answer = await reader.accounts(batch, 'confirmed');
    for (const account of answer.accounts)
      if (account !== undefined) accounts.add(account, answer.contextSlot);
  }
}
