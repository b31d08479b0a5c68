/** Which accounts a trade locks, and how. Built once a route and wallet, then shared by all of its trades. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import type { AccountInterner } from './account-interner.js';

/** Most accounts of one transaction (128 once the cluster raises its limit from 64). */
export const MAX_LOCKS_PER_TRADE = 128;

/**
 * `owned`: the wallet and its token accounts. `venue`: what a quote reads (pool state, vaults). `shared`:
 * what every trade of a venue writes (tip and protocol-fee accounts), never locked, since it would put all
 * trades of the venue in one line for nothing.
 */
export type LockRole = 'owned' | 'venue' | 'shared';

/** LOCK_SCOPE: `all` locks owned and venue accounts, `owned` only our own. */
export type LockScope = 'all' | 'owned';

export interface LockAccount {
  readonly address: Address;
  readonly writable: boolean;
  readonly role: LockRole;
}

/** Interned accounts, each once; index i of the three arrays is one account. */
export interface LockSet {
  readonly accounts: Int32Array;
  /** 1 for a write lock, 0 for a read lock. */
  readonly writable: Uint8Array;
  /** 1 for the venue's accounts, which may be let go before the others. */
  readonly venue: Uint8Array;
}

/**
 * @param accounts a transaction's accounts, lookup-table ones included; an account named twice is locked
 *   once, for writing if any mention writes
 * @throws HotslotError TOO_MANY_ACCOUNTS
 */
export function createLockSet(
  interner: AccountInterner,
  accounts: readonly LockAccount[],
  scope: LockScope = 'all',
): LockSet {
  const byId = new Map<number, { writable: boolean; venue: boolean }>();
  for (const account of accounts) {
    if (account.role === 'shared' || (scope === 'owned' && account.role !== 'owned')) continue;
    const id = interner.intern(account.address);
    const known = byId.get(id);
    byId.set(id, {
      writable: account.writable || known?.writable === true,
      venue: account.role === 'venue' && known?.venue !== false,
    });
  }
  if (byId.size > MAX_LOCKS_PER_TRADE) {
    throw new HotslotError('TOO_MANY_ACCOUNTS', {
      context: { accounts: byId.size, limit: MAX_LOCKS_PER_TRADE },
    });
  }
  const entries = [...byId].sort(([a], [b]) => a - b);
  return {
    accounts: Int32Array.from(entries, ([id]) => id),
    writable: Uint8Array.from(entries, ([, lock]) => (lock.writable ? 1 : 0)),
    venue: Uint8Array.from(entries, ([, lock]) => (lock.venue ? 1 : 0)),
  };
}
