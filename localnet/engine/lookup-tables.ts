/** A transaction's full account list: static keys, then looked-up writable, then looked-up read-only. */

import type { AccountStore } from './account-store.js';
import { encodeAddress } from './address-book.js';
import type { TransactionErrorJson } from './messages.js';
import { BPF_LOADER_UPGRADEABLE, LOOKUP_TABLE_PROGRAM, RESERVED_KEYS } from './well-known.js';
import type { ParsedLookup, ParsedTransaction } from './wire.js';

/** Layout of a table: type u32 (1), deactivation slot u64, last extended slot u64, start index u8, authority, …; addresses from byte 56. */
const META_BYTES = 56;
const TYPE_LOOKUP_TABLE = 1;
const NEVER_DEACTIVATED = 2n ** 64n - 1n;

export interface ResolvedAccounts {
  readonly keys: readonly Uint8Array[];
  readonly addresses: readonly string[];
  /** Whether the transaction really may write it: reserved keys and called programs are demoted. */
  readonly writable: readonly boolean[];
  readonly loadedWritable: readonly string[];
  readonly loadedReadonly: readonly string[];
}

/** What a lookup needs to know of the chain. */
export interface LookupContext {
  /** The slot of the block that is being filled. */
  readonly slot: number;
  /** Whether a slot is among the 512 of SlotHashes: a table that was deactivated in one of them still serves. */
  isRecentSlot(slot: bigint): boolean;
}

export function resolveAccounts(
  tx: ParsedTransaction,
  store: Pick<AccountStore, 'get'>,
  context: LookupContext,
): { readonly accounts: ResolvedAccounts } | { readonly err: TransactionErrorJson } {
  const writableKeys: Uint8Array[] = [];
  const readonlyKeys: Uint8Array[] = [];
  for (const lookup of tx.lookups) {
    const table = readTable(lookup, store, context);
    if ('err' in table) return table;
    if (!pick(table.addresses, lookup.writableIndexes, writableKeys))
      return { err: 'InvalidAddressLookupTableIndex' };
    if (!pick(table.addresses, lookup.readonlyIndexes, readonlyKeys))
      return { err: 'InvalidAddressLookupTableIndex' };
  }
  const keys = [...tx.staticKeys, ...writableKeys, ...readonlyKeys];
  const addresses = keys.map(encodeAddress);
  if (tx.lookups.length > 0 && new Set(addresses).size !== addresses.length)
    return { err: 'AccountLoadedTwice' };
  const staticCount = tx.staticKeys.length;
  return {
    accounts: {
      keys,
      addresses,
      writable: writableFlags(tx, addresses, writableKeys.length),
      loadedWritable: addresses.slice(staticCount, staticCount + writableKeys.length),
      loadedReadonly: addresses.slice(staticCount + writableKeys.length),
    },
  };
}

function readTable(
  lookup: ParsedLookup,
  store: Pick<AccountStore, 'get'>,
  context: LookupContext,
): { readonly addresses: Uint8Array } | { readonly err: TransactionErrorJson } {
  const account = store.get(encodeAddress(lookup.table), lookup.table);
  if (account === null) return { err: 'AddressLookupTableNotFound' };
  if (account.owner !== LOOKUP_TABLE_PROGRAM) return { err: 'InvalidAddressLookupTableOwner' };
  const { data } = account;
  if (data.length < META_BYTES || data.length % 32 !== META_BYTES % 32)
    return { err: 'InvalidAddressLookupTableData' };
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== TYPE_LOOKUP_TABLE) return { err: 'InvalidAddressLookupTableData' };
  const deactivationSlot = view.getBigUint64(4, true);
  const lastExtendedSlot = view.getBigUint64(12, true);
  const startIndex = view.getUint8(20);
  const serves =
    deactivationSlot === NEVER_DEACTIVATED ||
    deactivationSlot === BigInt(context.slot) ||
    context.isRecentSlot(deactivationSlot);
  if (!serves) return { err: 'AddressLookupTableNotFound' };
  const all = data.subarray(META_BYTES);
  // Addresses of this very slot's extension are not usable before the next slot.
  const addresses = BigInt(context.slot) > lastExtendedSlot ? all : all.subarray(0, startIndex * 32);
  return { addresses };
}

function pick(addresses: Uint8Array, indexes: Uint8Array, into: Uint8Array[]): boolean {
  for (const index of indexes) {
    const end = (index + 1) * 32;
    if (end > addresses.length) return false;
    into.push(addresses.slice(index * 32, end));
  }
  return true;
}

function writableFlags(
  tx: ParsedTransaction,
  addresses: readonly string[],
  loadedWritable: number,
): boolean[] {
  const staticCount = tx.staticKeys.length;
  const called = new Set(tx.instructions.map((instruction) => instruction.programIdIndex));
  const upgrades = addresses.includes(BPF_LOADER_UPGRADEABLE);
  return addresses.map((address, index) => {
    const asked =
      index < tx.requiredSignatures
        ? index < tx.requiredSignatures - tx.readonlySigned
        : index < staticCount
          ? index < staticCount - tx.readonlyUnsigned
          : index < staticCount + loadedWritable;
    return asked && !RESERVED_KEYS.has(address) && (upgrades || !called.has(index));
  });
}
