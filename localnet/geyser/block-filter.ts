import { CuckooFilter } from './cuckoo-filter.js';
import { FilterError } from './filter-error.js';
import { checkAddresses, checkAny, checkMax, checkName, type FilterLimits } from './filter-limits.js';
import { FilterNames, type NameSet } from './filter-names.js';
import type { BlocksFilterMessage } from './request-types.js';
import { cuckooHit, overlaps } from './transaction-filter.js';

/** What one block filter wants of each block. Every filter gets a block message of its own. */
export interface BlockFilter {
  readonly names: NameSet;
  readonly includeTransactions: boolean;
  readonly includeAccounts: boolean;
  readonly includeEntries: boolean;
  /** Whether a transaction (by its keys) or an account (by its address alone) belongs into the block. */
  readonly wants: (addresses: ReadonlySet<string>) => boolean;
}

/** Throws `FilterError`. */
export function compileBlockFilters(
  messages: ReadonlyMap<string, BlocksFilterMessage>,
  limits: FilterLimits,
): readonly BlockFilter[] {
  checkMax(messages.size, limits.filtersMax);
  const names = new FilterNames([...messages.keys()]);
  return [...messages].map(([name, message], index) => compile(name, names.setOf([index])!, message, limits));
}

function compile(
  name: string,
  names: NameSet,
  message: BlocksFilterMessage,
  limits: FilterLimits,
): BlockFilter {
  checkAny(message.accountInclude.length === 0, limits);
  const includeTransactions = message.includeTransactions ?? true;
  const includeAccounts = message.includeAccounts ?? false;
  const includeEntries = message.includeEntries ?? false;
  checkAllowed('transactions', !includeTransactions || limits.blockTransactions);
  checkAllowed('accounts', !includeAccounts || limits.blockAccounts);
  checkAllowed('entries', !includeEntries || limits.blockEntries);
  if (message.cuckoo !== undefined) checkMax(message.cuckoo.data.length, limits.cuckooBytesMax);
  checkName(name);
  const include = checkAddresses(message.accountInclude, limits);
  const cuckoo = message.cuckoo === undefined ? undefined : new CuckooFilter(message.cuckoo);
  const everything = include.size === 0 && cuckoo === undefined;
  const wants = (addresses: ReadonlySet<string>): boolean =>
    everything || overlaps(include, addresses) || cuckooHit(cuckoo, addresses);
  return { names, includeTransactions, includeAccounts, includeEntries, wants };
}

function checkAllowed(what: string, allowed: boolean): void {
  if (!allowed) throw new FilterError(`\`include_${what}\` is not allowed`);
}
