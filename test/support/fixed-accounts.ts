import type { AccountVersion, AccountView } from '../../src/cache/types.js';
import { type Address, asAddress, asSlot } from '../../src/model/brands.js';

const TOKEN_ACCOUNT_BYTES = 165;
const AMOUNT_OFFSET = 64;

/** Accounts that stand as a test sets them, the same at every commitment. */
export class FixedAccounts implements AccountView {
  readonly #accounts = new Map<Address, AccountVersion>();

  setLamports(address: Address, lamports: bigint): void {
    this.#set(address, lamports, new Uint8Array(0));
  }

  setTokens(address: Address, amount: bigint): void {
    const data = Buffer.alloc(TOKEN_ACCOUNT_BYTES);
    data.writeBigUInt64LE(amount, AMOUNT_OFFSET);
    this.#set(address, 2_039_280n, data);
  }

  get(address: Address): AccountVersion | undefined {
    return this.#accounts.get(address);
  }

  getConfirmed(address: Address): AccountVersion | undefined {
    return this.#accounts.get(address);
  }

  ageSlots(): number {
    return 0;
  }

  isSlotComplete(): boolean {
    return true;
  }

  isConfirmedThrough(): boolean {
    return true;
  }

  #set(address: Address, lamports: bigint, data: Uint8Array): void {
    const owner = asAddress('owner');
    this.#accounts.set(address, {
      address,
      slot: asSlot(1),
      writeVersion: 1n,
      lamports,
      owner,
      data,
      txnSignature: undefined,
    });
  }
}
