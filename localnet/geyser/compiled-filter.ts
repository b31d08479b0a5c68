import type { Commitment } from '../engine/messages.js';
import { AccountMatcher } from './account-filter.js';
import { type BlockFilter, compileBlockFilters } from './block-filter.js';
import { compileDataSlices, type DataSlices, WHOLE_DATA } from './data-slices.js';
import { FilterError } from './filter-error.js';
import { checkMax, checkName, type FilterLimits } from './filter-limits.js';
import { FilterNames, type NameSet } from './filter-names.js';
import type { SubscribeRequestMessage } from './request-types.js';
import { SlotMatcher } from './slot-filter.js';
import { TransactionMatcher } from './transaction-filter.js';

/** One request made ready for matching. A kind that was not asked for is undefined (or empty, for blocks). */
export interface CompiledFilter {
  readonly commitment: Commitment;
  readonly slices: DataSlices;
  readonly accounts: AccountMatcher | undefined;
  readonly slots: SlotMatcher | undefined;
  readonly transactions: TransactionMatcher | undefined;
  readonly transactionsStatus: TransactionMatcher | undefined;
  readonly entries: NameSet | undefined;
  readonly blocks: readonly BlockFilter[];
  readonly blocksMeta: NameSet | undefined;
}

/** Commitments by their number on the wire. */
export const COMMITMENTS: readonly Commitment[] = ['processed', 'confirmed', 'finalized'];

/** What a stream has before its first request. */
export const EMPTY_FILTER: CompiledFilter = Object.freeze({
  commitment: 'processed',
  slices: WHOLE_DATA,
  accounts: undefined,
  slots: undefined,
  transactions: undefined,
  transactionsStatus: undefined,
  entries: undefined,
  blocks: [],
  blocksMeta: undefined,
});

/** Checks and compiles a request whole, in the real server's order of checks. Throws `FilterError`. */
export function compileFilter(request: SubscribeRequestMessage, limits: FilterLimits): CompiledFilter {
  const commitment = COMMITMENTS[request.commitment ?? 0];
  const { accounts, slots, transactions, transactionsStatus } = request;
  const compiled = {
    accounts: accounts.size === 0 ? undefined : new AccountMatcher(accounts, limits),
    slots: slots.size === 0 ? undefined : new SlotMatcher(slots, commitment ?? 'processed', limits),
    transactions: transactions.size === 0 ? undefined : new TransactionMatcher(transactions, limits),
    transactionsStatus:
      transactionsStatus.size === 0 ? undefined : new TransactionMatcher(transactionsStatus, limits),
    entries: compileNames(request.entry, limits),
    blocks: compileBlockFilters(request.blocks, limits),
    blocksMeta: compileNames(request.blocksMeta, limits),
  };
  if (commitment === undefined) {
    throw new FilterError(`failed to create CommitmentLevel from ${request.commitment}`);
  }
  return { ...compiled, commitment, slices: compileDataSlices(request.accountsDataSlice, limits) };
}

/** Filters without conditions: all their names are on every update. */
function compileNames(names: readonly string[], limits: FilterLimits): NameSet | undefined {
  checkMax(names.length, limits.filtersMax);
  for (const name of names) checkName(name);
  return new FilterNames(names).setOf([...names.keys()]);
}
