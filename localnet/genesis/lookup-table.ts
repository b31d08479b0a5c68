/**
 * Address lookup tables: 56 bytes of head, then up to 256 keys. They are extended in slot 0, so that they are
 * usable from slot 1 on.
 */
import { LayoutWriter } from './layout-writer.js';

export const MAX_LOOKUP_TABLE_ADDRESSES = 256;
const HEAD_LENGTH = 56;
const TYPE_LOOKUP_TABLE = 1;
const NEVER_DEACTIVATED = 0xffff_ffff_ffff_ffffn;

/** An active table. Throws RangeError for more addresses than a table can hold. */
export function lookupTableData(addresses: readonly string[], authority: string): Uint8Array {
  if (addresses.length > MAX_LOOKUP_TABLE_ADDRESSES) {
    throw new RangeError(`a lookup table holds ${MAX_LOOKUP_TABLE_ADDRESSES} addresses`);
  }
  const writer = new LayoutWriter(HEAD_LENGTH + 32 * addresses.length)
    .u32(TYPE_LOOKUP_TABLE)
    .u64(NEVER_DEACTIVATED)
    .u64(0n) // last extended slot
    .u8(0) // index of the first address of that extension
    .u8(1) // has an authority
    .key(authority)
    .skip(2);
  for (const address of addresses) writer.key(address);
  return writer.bytes;
}

/** Splits groups of addresses over tables that all begin with the same common addresses; no group is torn. */
export function planLookupTables(
  common: readonly string[],
  groups: readonly (readonly string[])[],
): string[][] {
  const tables: Set<string>[] = [new Set(common)];
  for (const group of groups) {
    const fresh = group.filter((address) => !tables.at(-1)!.has(address));
    if (tables.at(-1)!.size + fresh.length > MAX_LOOKUP_TABLE_ADDRESSES) tables.push(new Set(common));
    for (const address of group) tables.at(-1)!.add(address);
  }
  return tables.map((table) => [...table]);
}
