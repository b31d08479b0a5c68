import type { AccountState } from '../engine/messages.js';
import { decodeBase58 } from './base58.js';
import { FilterError } from './filter-error.js';
import type { AccountStateFilterMessage, LamportsMessage, MemcmpMessage } from './request-types.js';

const FILTERS_MAX = 4;
const MEMCMP_BYTES_MAX = 128;
const MEMCMP_BASE58_CHARS_MAX = 175;
const MEMCMP_BASE64_CHARS_MAX = 172;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** SPL Token account layout: length, where its state stands, and what Token-2022 puts behind it. */
const TOKEN_ACCOUNT_BYTES = 165;
const TOKEN_STATE_OFFSET = 108;
const MULTISIG_BYTES = 355;
const ACCOUNT_TYPE_ACCOUNT = 2;

export type AccountStateFilter = (account: AccountState) => boolean;

/** All of the conditions at once; undefined when there is none. Throws `FilterError`. */
export function compileAccountStateFilter(
  messages: readonly AccountStateFilterMessage[],
): AccountStateFilter | undefined {
  if (messages.length > FILTERS_MAX) throw new FilterError(`Too many filters provided; max ${FILTERS_MAX}`);
  if (messages.filter(({ datasize }) => datasize !== undefined).length > 1) {
    throw new FilterError('datasize used more than once');
  }
  const conditions = messages.map(compileCondition);
  return conditions.length === 0
    ? undefined
    : (account) => conditions.every((condition) => condition(account));
}

function compileCondition(message: AccountStateFilterMessage): AccountStateFilter {
  if (message.memcmp !== undefined) return compileMemcmp(message.memcmp);
  if (message.datasize !== undefined) {
    const size = Number(message.datasize);
    return (account) => account.data.length === size;
  }
  if (message.tokenAccountState !== undefined) {
    if (!message.tokenAccountState) throw new FilterError('token_account_state only allowed to be true');
    return (account) => isTokenAccount(account.data);
  }
  if (message.lamports !== undefined) return compileLamports(message.lamports);
  throw new FilterError('filter should be defined');
}

function compileMemcmp(message: MemcmpMessage): AccountStateFilter {
  const wanted = memcmpBytes(message);
  if (wanted.length > MEMCMP_BYTES_MAX) throw new FilterError('data too large');
  const start = Number(message.offset);
  const end = start + wanted.length;
  return ({ data }) => data.length >= end && Buffer.compare(data.subarray(start, end), wanted) === 0;
}

function memcmpBytes(message: MemcmpMessage): Uint8Array {
  if (message.bytes !== undefined) return message.bytes;
  if (message.base58 !== undefined) {
    if (message.base58.length > MEMCMP_BASE58_CHARS_MAX) throw new FilterError('data too large');
    const bytes = decodeBase58(message.base58);
    if (bytes === undefined) throw new FilterError('invalid base58');
    return bytes;
  }
  if (message.base64 !== undefined) {
    if (message.base64.length > MEMCMP_BASE64_CHARS_MAX) throw new FilterError('data too large');
    if (!BASE64.test(message.base64)) throw new FilterError('invalid base64');
    return Buffer.from(message.base64, 'base64');
  }
  throw new FilterError('data for memcmp should be defined');
}

function compileLamports({ eq, ne, lt, gt }: LamportsMessage): AccountStateFilter {
  if (eq !== undefined) return ({ lamports }) => lamports === eq;
  if (ne !== undefined) return ({ lamports }) => lamports !== ne;
  if (lt !== undefined) return ({ lamports }) => lamports < lt;
  if (gt !== undefined) return ({ lamports }) => lamports > gt;
  throw new FilterError('cmp for lamports should be defined');
}

/** Whether the data is an initialized token account of either token program. */
function isTokenAccount(data: Uint8Array): boolean {
  if (data.length < TOKEN_ACCOUNT_BYTES || data[TOKEN_STATE_OFFSET] === 0) return false;
  if (data.length === TOKEN_ACCOUNT_BYTES) return true;
  return data.length !== MULTISIG_BYTES && data[TOKEN_ACCOUNT_BYTES] === ACCOUNT_TYPE_ACCOUNT;
}
