import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';

/** Most distinct accounts that locks are kept for; about 200 bytes each in the lock table. */
export const MAX_INTERNED_ACCOUNTS = 262_144;

/**
 * Gives each account address a small integer, once, when a route is prepared: hashing a dozen base58
 * strings a trade would cost more than all of its locks.
 */
export class AccountInterner {
  readonly #ids = new Map<string, number>();
  readonly #addresses: Address[] = [];

  /** The id of an address, from 0 without gaps. @throws HotslotError TOO_MANY_ACCOUNTS past MAX_INTERNED_ACCOUNTS */
  intern(address: Address): number {
    const known = this.#ids.get(address);
    if (known !== undefined) return known;
    const id = this.#addresses.length;
    if (id >= MAX_INTERNED_ACCOUNTS) {
      throw new HotslotError('TOO_MANY_ACCOUNTS', { context: { limit: MAX_INTERNED_ACCOUNTS } });
    }
    this.#ids.set(address, id);
    this.#addresses.push(address);
    return id;
  }

  addressOf(id: number): Address {
    const address = this.#addresses[id];
    if (address === undefined) throw new Error(`no account was interned as ${id}`);
    return address;
  }

  get size(): number {
    return this.#addresses.length;
  }
}
