import { addUnderEach } from './account-filter.js';
import { addressBytes, signatureFault } from './base58.js';
import { CuckooFilter } from './cuckoo-filter.js';
import { FilterError } from './filter-error.js';
import { checkAddresses, checkAny, checkMax, checkName, type FilterLimits } from './filter-limits.js';
import { FilterNames, type NameSet } from './filter-names.js';
import type { TransactionsFilterMessage } from './request-types.js';
import type { TransactionUpdate } from './transaction-update.js';

/** How token balances widen a transaction's keys: by all their owners, or by those whose balance changed. */
export type TokenOwners = 'all' | 'changed';

const TOKEN_OWNERS: readonly TokenOwners[] = ['all', 'changed'];

interface TransactionFilter {
  readonly index: number;
  readonly vote: boolean | undefined;
  readonly failed: boolean | undefined;
  readonly signature: string | undefined;
  readonly include: ReadonlySet<string>;
  readonly exclude: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
  readonly cuckoo: CuckooFilter | undefined;
  readonly tokenOwners: TokenOwners | undefined;
}

/**
 * The transaction filters of one subscriber. A filter stands under the addresses of which a transaction must have at
 * least one, under its signature, or in the list that every transaction is tried on.
 */
export class TransactionMatcher {
  readonly #names: FilterNames;
  readonly #bySignature = new Map<string, TransactionFilter[]>();
  readonly #byAddress = new Map<string, TransactionFilter[]>();
  readonly #always: TransactionFilter[] = [];

  /** Throws `FilterError`. */
  constructor(messages: ReadonlyMap<string, TransactionsFilterMessage>, limits: FilterLimits) {
    checkMax(messages.size, limits.filtersMax);
    for (const [index, [name, message]] of [...messages].entries()) {
      this.#place(compile(index, name, message, limits));
    }
    this.#names = new FilterNames([...messages.keys()]);
  }

  #place(filter: TransactionFilter): void {
    if (filter.signature !== undefined) addUnderEach(this.#bySignature, [filter.signature], filter);
    else if (filter.tokenOwners !== undefined || filter.cuckoo !== undefined) this.#always.push(filter);
    else if (filter.include.size > 0) addUnderEach(this.#byAddress, filter.include, filter);
    else if (filter.required.size > 0)
      addUnderEach(this.#byAddress, [...filter.required].slice(0, 1), filter);
    else this.#always.push(filter);
  }

  match(update: TransactionUpdate): NameSet | undefined {
    const matched = new Set<number>();
    const collect = (filters: readonly TransactionFilter[] | undefined): void => {
      for (const filter of filters ?? []) {
        if (!matched.has(filter.index) && matches(filter, update)) matched.add(filter.index);
      }
    };
    collect(this.#always);
    if (this.#bySignature.size > 0) collect(this.#bySignature.get(update.transaction.signature));
    if (this.#byAddress.size > 0) {
      for (const address of update.transaction.accountKeys) collect(this.#byAddress.get(address));
    }
    return this.#names.setOf([...matched].sort((left, right) => left - right));
  }
}

function compile(
  index: number,
  name: string,
  message: TransactionsFilterMessage,
  limits: FilterLimits,
): TransactionFilter {
  const { vote, failed, signature, tokenAccounts, accountInclude, accountExclude, accountRequired } = message;
  const unset = [vote, failed, message.cuckoo, tokenAccounts].every((value) => value === undefined);
  checkAny(unset && accountInclude.length + accountExclude.length + accountRequired.length === 0, limits);
  if (message.cuckoo !== undefined) checkMax(message.cuckoo.data.length, limits.cuckooBytesMax);
  checkName(name);
  if (signature !== undefined) checkSignature(signature);
  const include = checkAddresses(accountInclude, limits);
  const exclude = checkAddresses(accountExclude, limits, false);
  const required = checkAddresses(accountRequired, limits, false);
  return {
    index,
    vote,
    failed,
    signature,
    include,
    exclude,
    required,
    cuckoo: message.cuckoo === undefined ? undefined : new CuckooFilter(message.cuckoo),
    tokenOwners: tokenAccounts === undefined ? undefined : compileTokenOwners(tokenAccounts),
  };
}

function checkSignature(signature: string): void {
  const fault = signatureFault(signature);
  if (fault === undefined) return;
  throw new FilterError(
    fault === 'size' ? 'string decoded to wrong size for signature' : 'failed to decode string to signature',
  );
}

function compileTokenOwners(mode: number): TokenOwners {
  const owners = TOKEN_OWNERS[mode];
  if (owners !== undefined) return owners;
  throw new FilterError(`invalid token_accounts mode value ${mode}; expected ALL (0) or BALANCE_CHANGED (1)`);
}

function matches(filter: TransactionFilter, update: TransactionUpdate): boolean {
  const { transaction } = update;
  if (filter.vote !== undefined && filter.vote !== transaction.isVote) return false;
  if (filter.failed !== undefined && filter.failed !== (transaction.err !== null)) return false;
  if (filter.signature !== undefined && filter.signature !== transaction.signature) return false;
  const keys = update.keys(filter.tokenOwners);
  for (const address of filter.required) if (!keys.has(address)) return false;
  const included = filter.include.size === 0 && filter.cuckoo === undefined;
  if (!included && !overlaps(filter.include, keys) && !cuckooHit(filter.cuckoo, keys)) return false;
  return filter.exclude.size === 0 || !overlaps(filter.exclude, keys);
}

/** Walks the smaller of the two sets. */
export function overlaps(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  const [smaller, larger] = left.size <= right.size ? [left, right] : [right, left];
  for (const address of smaller) if (larger.has(address)) return true;
  return false;
}

export function cuckooHit(cuckoo: CuckooFilter | undefined, keys: Iterable<string>): boolean {
  if (cuckoo === undefined) return false;
  for (const address of keys) if (cuckoo.contains(addressBytes(address))) return true;
  return false;
}
