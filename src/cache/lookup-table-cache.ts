/**
 * Address lookup tables, as the tracked accounts have them at confirmed. Layout of the account: u32 kind (1),
 * u64 slot of deactivation (all ones while active), u64 slot of the last extension, u8 index of the first address
 * of that extension, u8 whether an authority follows and its 32 bytes, 2 bytes of padding; from byte 56 the
 * addresses, 32 bytes each.
 */

import { base58OfFixed } from '../model/base58.js';
import { type Address, asSlot, type Slot, U64_MAX } from '../model/brands.js';
import type { AccountVersion, AccountView } from './types.js';

export const LOOKUP_TABLE_PROGRAM = 'AddressLookupTab1e1111111111111111111111111' as Address;
const META_BYTES = 56;
const ADDRESS_BYTES = 32;
const KIND_TABLE = 1;
/** Indices are one byte. */
const MAX_ADDRESSES = 256;

export interface LookupTable {
  readonly address: Address;
  /** Usable addresses only, by index. */
  readonly addresses: readonly Address[];
  /** Slot of the state that it was read from. */
  readonly slot: Slot;
  /** Undefined while the table is active. A table that is being closed must not be compiled against. */
  readonly deactivationSlot: Slot | undefined;
}

/**
 * Decodes a table.
 * @param atSlot newest slot whose state is taken for granted; what was added in it is usable only later
 * @returns undefined for an account that is no lookup table
 */
export function decodeLookupTable(version: AccountVersion, atSlot: Slot): LookupTable | undefined {
  const { data, owner } = version;
  if (owner !== LOOKUP_TABLE_PROGRAM || data.length < META_BYTES) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== KIND_TABLE) return undefined;
  const deactivation = view.getBigUint64(4, true);
  const lastExtended = view.getBigUint64(12, true);
  const stored = Math.min(MAX_ADDRESSES, Math.floor((data.length - META_BYTES) / ADDRESS_BYTES));
  const usable = lastExtended >= BigInt(atSlot) ? Math.min(stored, data[20]!) : stored;
  const addresses: Address[] = [];
  for (let index = 0; index < usable; index++) {
    addresses.push(base58OfFixed(data, META_BYTES + index * ADDRESS_BYTES, ADDRESS_BYTES) as Address);
  }
  return {
    address: version.address,
    addresses,
    slot: version.slot,
    deactivationSlot: deactivation === U64_MAX ? undefined : asSlot(Number(deactivation)),
  };
}

export class LookupTableCache {
  readonly #accounts: AccountView;
  readonly #confirmed: () => Slot;
  /** By the state they were read from; states are never changed in place. */
  readonly #decoded = new WeakMap<AccountVersion, LookupTable>();

  constructor(accounts: AccountView, confirmed: () => Slot) {
    this.#accounts = accounts;
    this.#confirmed = confirmed;
  }

  /**
   * A table whose addresses may be used in the next transaction: it is active and its confirmed state is known.
   * An extension that is not confirmed yet can be forked away, so it is not in here.
   */
  usable(address: Address): LookupTable | undefined {
    const version = this.#accounts.getConfirmed(address);
    if (version === undefined) return undefined;
    const known = this.#decoded.get(version);
    const table = known ?? decodeLookupTable(version, this.#confirmed());
    if (table === undefined || table.deactivationSlot !== undefined) return undefined;
    // While its newest extension waits for the next slot the answer is not final.
    if (known === undefined && version.slot < this.#confirmed()) this.#decoded.set(version, table);
    return table;
  }
}
