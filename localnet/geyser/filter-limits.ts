import { addressFault } from './base58.js';
import { FilterError } from './filter-error.js';

/** What an operator can forbid. */
export interface FilterLimits {
  /** Filters of one kind in a request, also data slices and bytes of a cuckoo filter. */
  readonly filtersMax: number;
  /** Addresses in one list. */
  readonly addressesMax: number;
  /** Whether a filter may be empty, that is ask for everything of its kind. */
  readonly any: boolean;
  /** Addresses that may not be asked for. */
  readonly rejectedAddresses: ReadonlySet<string>;
  readonly dataSlicesMax: number;
  readonly cuckooBytesMax: number;
  readonly blockTransactions: boolean;
  readonly blockAccounts: boolean;
  readonly blockEntries: boolean;
}

/**
 * The real server's defaults allow everything. Ours do too, but for the number of filters and slices: each of them
 * costs time on every update, and a 4 MiB request has room for a million.
 */
export const DEFAULT_FILTER_LIMITS: FilterLimits = Object.freeze({
  filtersMax: 10_000,
  addressesMax: Number.POSITIVE_INFINITY,
  any: true,
  rejectedAddresses: new Set<string>(),
  dataSlicesMax: 1_024,
  cuckooBytesMax: Number.POSITIVE_INFINITY,
  blockTransactions: true,
  blockAccounts: true,
  blockEntries: true,
});

/** Longest name of a filter, in bytes of UTF-8. */
const NAME_BYTES_MAX = 128;

export function checkMax(count: number, max: number): void {
  if (count > max) throw new FilterError(`Max amount of filters/data_slices reached, only ${max} allowed`);
}

export function checkAny(isEmpty: boolean, limits: FilterLimits): void {
  if (!isEmpty || limits.any) return;
  throw new FilterError('Subscribe on full stream with `any` is not allowed, at least one filter required');
}

export function checkName(name: string): void {
  const size = Buffer.byteLength(name);
  if (size <= NAME_BYTES_MAX) return;
  throw new FilterError(`oversized filter name (max allowed size ${NAME_BYTES_MAX}), found ${size}`);
}

/** The addresses as a set, each of them checked. Base58 of 32 bytes is unique, so texts compare as keys do. */
export function checkAddresses(
  addresses: readonly string[],
  limits: FilterLimits,
  mayReject = true,
): Set<string> {
  if (addresses.length > limits.addressesMax) {
    throw new FilterError(`Max amount of Pubkeys reached, only ${limits.addressesMax} allowed`);
  }
  const checked = new Set<string>();
  for (const address of addresses) {
    if (checked.has(address)) continue;
    const fault = addressFault(address);
    if (fault !== undefined) {
      throw new FilterError(fault === 'size' ? 'String is the wrong size' : 'Invalid Base58 string');
    }
    if (mayReject && limits.rejectedAddresses.has(address)) {
      throw new FilterError(`Pubkey ${address} in filters is not allowed`);
    }
    checked.add(address);
  }
  return checked;
}
