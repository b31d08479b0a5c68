import type { Type } from 'protobufjs';
import type {
  AccountStateFilterMessage,
  AccountsFilterMessage,
  BlocksFilterMessage,
  CuckooFilterMessage,
  DataSliceMessage,
  LamportsMessage,
  MemcmpMessage,
  SlotsFilterMessage,
  SubscribeRequestMessage,
  TransactionsFilterMessage,
} from './request-types.js';

/** A message as protobufjs decodes it; fields that were not on the wire are not its own properties. */
type Decoded = Readonly<Record<string, unknown>>;

/** Decodes the bytes of a `SubscribeRequest`. Throws on bytes that are not one, which gRPC answers with INTERNAL. */
export function decodeSubscribeRequest(type: Type, bytes: Uint8Array): SubscribeRequestMessage {
  const message = type.decode(bytes) as unknown as Decoded;
  const ping = own(message, 'ping') as Decoded | undefined;
  const fromSlot = own(message, 'fromSlot');
  return {
    accounts: mapOf(message, 'accounts', accountsFilter),
    slots: mapOf(message, 'slots', slotsFilter),
    transactions: mapOf(message, 'transactions', transactionsFilter),
    transactionsStatus: mapOf(message, 'transactionsStatus', transactionsFilter),
    blocks: mapOf(message, 'blocks', blocksFilter),
    blocksMeta: Object.keys(message.blocksMeta as Decoded),
    entry: Object.keys(message.entry as Decoded),
    ...optional('commitment', own(message, 'commitment') as number | undefined),
    accountsDataSlice: (message.accountsDataSlice as Decoded[]).map(dataSlice),
    ...optional('pingId', ping === undefined ? undefined : (ping.id as number)),
    ...optional('fromSlot', fromSlot === undefined ? undefined : u64(fromSlot)),
  };
}

function accountsFilter(message: Decoded): AccountsFilterMessage {
  return {
    account: message.account as string[],
    owner: message.owner as string[],
    filters: (message.filters as Decoded[]).map(accountStateFilter),
    ...optional('nonemptyTxnSignature', own(message, 'nonemptyTxnSignature') as boolean | undefined),
    ...optional('cuckoo', cuckoo(own(message, 'cuckooAccountsFilter'))),
  };
}

function accountStateFilter(message: Decoded): AccountStateFilterMessage {
  const memcmp = own(message, 'memcmp') as Decoded | undefined;
  const datasize = own(message, 'datasize');
  const lamports = own(message, 'lamports') as Decoded | undefined;
  return {
    ...optional('memcmp', memcmp === undefined ? undefined : memcmpFilter(memcmp)),
    ...optional('datasize', datasize === undefined ? undefined : u64(datasize)),
    ...optional('tokenAccountState', own(message, 'tokenAccountState') as boolean | undefined),
    ...optional('lamports', lamports === undefined ? undefined : lamportsFilter(lamports)),
  };
}

function memcmpFilter(message: Decoded): MemcmpMessage {
  return {
    offset: u64(message.offset),
    ...optional('bytes', own(message, 'bytes') as Uint8Array | undefined),
    ...optional('base58', own(message, 'base58') as string | undefined),
    ...optional('base64', own(message, 'base64') as string | undefined),
  };
}

function lamportsFilter(message: Decoded): LamportsMessage {
  const comparisons: Record<string, bigint> = {};
  for (const name of ['eq', 'ne', 'lt', 'gt']) {
    const value = own(message, name);
    if (value !== undefined) comparisons[name] = u64(value);
  }
  return comparisons;
}

function slotsFilter(message: Decoded): SlotsFilterMessage {
  return {
    filterByCommitment: own(message, 'filterByCommitment') === true,
    interslotUpdates: own(message, 'interslotUpdates') === true,
  };
}

function transactionsFilter(message: Decoded): TransactionsFilterMessage {
  return {
    ...optional('vote', own(message, 'vote') as boolean | undefined),
    ...optional('failed', own(message, 'failed') as boolean | undefined),
    ...optional('signature', own(message, 'signature') as string | undefined),
    accountInclude: message.accountInclude as string[],
    accountExclude: message.accountExclude as string[],
    accountRequired: message.accountRequired as string[],
    ...optional('cuckoo', cuckoo(own(message, 'cuckooAccountInclude'))),
    ...optional('tokenAccounts', own(message, 'tokenAccounts') as number | undefined),
  };
}

function blocksFilter(message: Decoded): BlocksFilterMessage {
  return {
    accountInclude: message.accountInclude as string[],
    ...optional('includeTransactions', own(message, 'includeTransactions') as boolean | undefined),
    ...optional('includeAccounts', own(message, 'includeAccounts') as boolean | undefined),
    ...optional('includeEntries', own(message, 'includeEntries') as boolean | undefined),
    ...optional('cuckoo', cuckoo(own(message, 'cuckooAccountInclude'))),
  };
}

function dataSlice(message: Decoded): DataSliceMessage {
  return { offset: u64(message.offset), length: u64(message.length) };
}

function cuckoo(value: unknown): CuckooFilterMessage | undefined {
  if (value === undefined) return undefined;
  const message = value as Decoded;
  return { data: message.data as Uint8Array, hashSeed: u64(message.hashSeed) };
}

/** Prototypes hold the defaults, so only own properties were on the wire. */
function own(message: Decoded, name: string): unknown {
  const value = Object.hasOwn(message, name) ? message[name] : undefined;
  return value === null ? undefined : value;
}

/** Object spread that leaves an undefined value out altogether. */
function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };
}

function mapOf<T>(message: Decoded, name: string, convert: (value: Decoded) => T): Map<string, T> {
  const converted = new Map<string, T>();
  for (const [key, value] of Object.entries(message[name] as Decoded))
    converted.set(key, convert(value as Decoded));
  return converted;
}

/** protobufjs has u64 as `Long` where that package is there, else as a number. */
function u64(value: unknown): bigint {
  if (typeof value === 'number') return BigInt(value);
  const { high, low } = value as { readonly high: number; readonly low: number };
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
