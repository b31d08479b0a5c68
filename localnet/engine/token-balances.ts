/** Token balances as a transaction's meta lists them. */
import type { AccountStore } from './account-store.js';
import { encodeAddress } from './address-book.js';
import type { AccountState, TokenBalanceInfo } from './messages.js';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './well-known.js';

/** Both programs: mint, wallet, amount u64, delegate option, state byte at 108. */
const TOKEN_ACCOUNT_BYTES = 165;
const AMOUNT_OFFSET = 64;
const STATE_OFFSET = 108;
/** Token-2022 marks what an account with extensions is, right behind the base layout. */
const ACCOUNT_TYPE_TOKEN = 2;
const MINT_BYTES = 82;
const DECIMALS_OFFSET = 44;

function isTokenAccount(account: AccountState): boolean {
  const { owner, data } = account;
  if (owner !== TOKEN_PROGRAM && owner !== TOKEN_2022_PROGRAM) return false;
  const sized =
    data.length === TOKEN_ACCOUNT_BYTES ||
    (owner === TOKEN_2022_PROGRAM &&
      data.length > TOKEN_ACCOUNT_BYTES &&
      data[TOKEN_ACCOUNT_BYTES] === ACCOUNT_TYPE_TOKEN);
  return sized && data[STATE_OFFSET] !== 0;
}

/** The balance of one account of the transaction, or null if it is not a token account. */
export function tokenBalanceOf(
  account: AccountState | null,
  accountIndex: number,
  store: AccountStore,
): TokenBalanceInfo | null {
  if (account === null || !isTokenAccount(account)) return null;
  const { data } = account;
  const mintKey = data.subarray(0, 32);
  const mint = encodeAddress(mintKey);
  const mintAccount = store.get(mint, mintKey);
  if (mintAccount === null || mintAccount.data.length < MINT_BYTES) return null;
  return {
    accountIndex,
    mint,
    owner: encodeAddress(data.subarray(32, 64)),
    programId: account.owner,
    amount: new DataView(data.buffer, data.byteOffset).getBigUint64(AMOUNT_OFFSET, true),
    decimals: mintAccount.data[DECIMALS_OFFSET]!,
  };
}
