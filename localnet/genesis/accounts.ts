/** How accounts of a genesis are held while it is built. */
import type { AccountState } from '../engine/messages.js';

/** Rent is no longer collected; accounts carry this epoch. */
const RENT_EXEMPT_EPOCH = 0xffff_ffff_ffff_ffffn;
const RENT_LAMPORTS_PER_BYTE = 6960n;
const ACCOUNT_OVERHEAD_BYTES = 128n;

/** Lamports that free an account of this length from rent: (128 + length) bytes × 3480 lamports × 2 years. */
export function rentExemptLamports(dataLength: number): bigint {
  return (ACCOUNT_OVERHEAD_BYTES + BigInt(dataLength)) * RENT_LAMPORTS_PER_BYTE;
}

export interface GenesisAccount {
  readonly address: string;
  readonly account: AccountState;
}

/** A rent-exempt account; `extraLamports` come on top. */
export function programAccount(owner: string, data: Uint8Array, extraLamports = 0n): AccountState {
  const lamports = rentExemptLamports(data.length) + extraLamports;
  return { lamports, owner, executable: false, rentEpoch: RENT_EXEMPT_EPOCH, data };
}

/** Accounts by address, in the order in which they were first put; a later one replaces an earlier one. */
export class AccountSet {
  readonly #accounts = new Map<string, AccountState>();

  put(address: string, account: AccountState): void {
    this.#accounts.set(address, account);
  }

  get(address: string): AccountState | undefined {
    return this.#accounts.get(address);
  }

  has(address: string): boolean {
    return this.#accounts.has(address);
  }

  list(): GenesisAccount[] {
    return [...this.#accounts].map(([address, account]) => ({ address, account }));
  }
}
