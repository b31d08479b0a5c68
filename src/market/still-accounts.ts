/** Accounts as they were read once: a view for those who quote without a stream. */
import type { AccountVersion, AccountView } from '../cache/types.js';
import { type Address, type Slot, U64_MAX } from '../model/brands.js';

interface ReadAccount {
  readonly address: Address;
  readonly lamports: bigint;
  readonly owner: Address;
  readonly data: Uint8Array;
}

export class StillAccounts implements AccountView {
  readonly #accounts = new Map<Address, AccountVersion>();

  add(account: ReadAccount, slot: Slot): void {
    this.#accounts.set(account.address, {
      ...account,
      slot,
      writeVersion: U64_MAX,
      txnSignature: undefined,
    });
  }

  get(address: Address): AccountVersion | undefined {
    return this.#accounts.get(address);
  }

  getConfirmed(address: Address): AccountVersion | undefined {
    return this.#accounts.get(address);
  }

  /** It was never followed. */
  ageSlots(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Nothing more will come. */
  isSlotComplete(): boolean {
    return true;
  }
}
