import { type AccountStateFilter, compileAccountStateFilter } from './account-state-filter.js';
import type { AccountUpdate } from './account-update.js';
import { addressBytes } from './base58.js';
import { CuckooFilter } from './cuckoo-filter.js';
import { checkAddresses, checkAny, checkMax, checkName, type FilterLimits } from './filter-limits.js';
import { FilterNames, type NameSet } from './filter-names.js';
import type { AccountsFilterMessage } from './request-types.js';

interface AccountFilter {
  readonly index: number;
  readonly addresses: ReadonlySet<string> | undefined;
  readonly cuckoo: CuckooFilter | undefined;
  readonly owners: ReadonlySet<string> | undefined;
  readonly state: AccountStateFilter | undefined;
  readonly signed: boolean | undefined;
}

/**
 * The account filters of one subscriber. Each filter stands in exactly one place: under its addresses, or under its
 * owners when it names no address, or in the list that every update is tried on. So an update costs two look-ups,
 * however many addresses are subscribed.
 */
export class AccountMatcher {
  readonly #names: FilterNames;
  readonly #byAddress = new Map<string, AccountFilter[]>();
  readonly #byOwner = new Map<string, AccountFilter[]>();
  readonly #always: AccountFilter[] = [];

  /** Throws `FilterError`. */
  constructor(messages: ReadonlyMap<string, AccountsFilterMessage>, limits: FilterLimits) {
    checkMax(messages.size, limits.filtersMax);
    for (const [index, [name, message]] of [...messages].entries()) {
      const filter = compile(index, name, message, limits);
      if (filter.cuckoo !== undefined) this.#always.push(filter);
      else if (filter.addresses !== undefined) addUnderEach(this.#byAddress, filter.addresses, filter);
      else if (filter.owners !== undefined) addUnderEach(this.#byOwner, filter.owners, filter);
      else this.#always.push(filter);
    }
    this.#names = new FilterNames([...messages.keys()]);
  }

  match(update: AccountUpdate): NameSet | undefined {
    const { address, account } = update.write;
    const matched: number[] = [];
    collect(this.#byAddress.get(address), update, matched);
    collect(this.#byOwner.get(account.owner), update, matched);
    collect(this.#always, update, matched);
    if (matched.length > 1) matched.sort((left, right) => left - right);
    return this.#names.setOf(matched);
  }
}

function compile(
  index: number,
  name: string,
  message: AccountsFilterMessage,
  limits: FilterLimits,
): AccountFilter {
  checkAny(
    message.account.length === 0 && message.owner.length === 0 && message.cuckoo === undefined,
    limits,
  );
  checkName(name);
  const addresses = checkAddresses(message.account, limits);
  const owners = checkAddresses(message.owner, limits);
  const state = compileAccountStateFilter(message.filters);
  if (message.cuckoo !== undefined) checkMax(message.cuckoo.data.length, limits.cuckooBytesMax);
  return {
    index,
    addresses: addresses.size === 0 ? undefined : addresses,
    cuckoo: message.cuckoo === undefined ? undefined : new CuckooFilter(message.cuckoo),
    owners: owners.size === 0 ? undefined : owners,
    state,
    signed: message.nonemptyTxnSignature,
  };
}

export function addUnderEach<T>(map: Map<string, T[]>, keys: Iterable<string>, value: T): void {
  for (const key of keys) {
    const values = map.get(key);
    if (values === undefined) map.set(key, [value]);
    else values.push(value);
  }
}

function collect(
  filters: readonly AccountFilter[] | undefined,
  update: AccountUpdate,
  matched: number[],
): void {
  if (filters === undefined) return;
  for (const filter of filters) if (matches(filter, update)) matched.push(filter.index);
}

function matches(filter: AccountFilter, { write, signature }: AccountUpdate): boolean {
  if (filter.signed !== undefined && filter.signed !== (signature !== undefined)) return false;
  if (filter.cuckoo !== undefined) {
    const listed = filter.addresses?.has(write.address) ?? false;
    if (!listed && !filter.cuckoo.contains(addressBytes(write.address))) return false;
  }
  if (filter.owners !== undefined && !filter.owners.has(write.account.owner)) return false;
  return filter.state === undefined || filter.state(write.account);
}
