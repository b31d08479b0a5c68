/** The accounts that a trade locks: what its quote reads and what we own. */
import type { PoolKeys } from '../market/types.js';
import type { Address } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { AccountInterner } from '../schedule/account-interner.js';
import { createLockSet, type LockAccount, type LockScope, type LockSet } from '../schedule/lock-set.js';
import { swapTokenAccounts } from '../transaction/prepared-swap.js';

/** Lock sets kept; one a wallet, pool and direction. */
const MAX_LOCK_SETS = 65_536;

export class TradeLocks {
  readonly #interner: AccountInterner;
  readonly #scope: LockScope;
  readonly #poolKeys: (pool: Address) => PoolKeys | undefined;
  readonly #sets = new Map<string, LockSet>();

  constructor(
    interner: AccountInterner,
    scope: LockScope,
    poolKeys: (pool: Address) => PoolKeys | undefined,
  ) {
    this.#interner = interner;
    this.#scope = scope;
    this.#poolKeys = poolKeys;
  }

  lockSet(trade: Pick<Trade, 'pool' | 'wallet' | 'intent'>): LockSet {
    const key = `${trade.wallet} ${trade.pool} ${trade.intent.inputMint}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const made = createLockSet(this.#interner, this.#accounts(trade), this.#scope);
    if (this.#sets.size >= MAX_LOCK_SETS) this.#sets.clear();
    this.#sets.set(key, made);
    return made;
  }

  #accounts({ wallet, pool, intent }: Pick<Trade, 'pool' | 'wallet' | 'intent'>): LockAccount[] {
    const owned = (address: Address): LockAccount => ({ address, writable: true, role: 'owned' });
    const venue = (address: Address): LockAccount => ({ address, writable: true, role: 'venue' });
    const keys = this.#poolKeys(pool);
    // A pool that is no longer configured: its trade from before a restart still holds its wallet.
    if (keys === undefined) return [owned(wallet), venue(pool)];
    const { inputAccount, outputAccount } = swapTokenAccounts(keys, wallet, keys.mint0 === intent.inputMint);
    return [
      owned(wallet),
      owned(inputAccount),
      owned(outputAccount),
      venue(pool),
      venue(keys.vault0),
      venue(keys.vault1),
      venue(keys.observation),
    ];
  }
}
