/** Accounts as RPC answers show them. */
import type { AccountState } from '../../engine/messages.js';
import { invalidParams, invalidRequest } from '../errors.js';
import { type Config, readConfig, readU64, readVariant } from '../params.js';
import { toBase58, toBase64 } from './base.js';
import type { Json } from './json.js';
import { isTokenProgram, type MintDecimals, parseTokenData } from './token.js';

/** `binary` is the old default: base58 without naming the encoding. */
export type AccountEncoding = 'binary' | 'base58' | 'base64' | 'jsonParsed';

export interface AccountFormat {
  readonly encoding: AccountEncoding;
  readonly dataSlice: { readonly offset: number; readonly length: number } | undefined;
}

const ENCODINGS = ['binary', 'base58', 'base64', 'jsonParsed', 'base64+zstd'];
/** Base58 costs the square of the length: nodes refuse more than this many bytes. */
const BASE58_BYTES_MAX = 128;

/** Reads `encoding` and `dataSlice` of a config object. */
export function readAccountFormat(config: Config, fallback: AccountEncoding = 'binary'): AccountFormat {
  return { encoding: readEncoding(config.encoding) ?? fallback, dataSlice: readDataSlice(config.dataSlice) };
}

function readEncoding(value: unknown): AccountEncoding | undefined {
  if (value === undefined || value === null) return undefined;
  const encoding = readVariant(value, ENCODINGS);
  if (encoding === 'base64+zstd') {
    throw invalidParams(
      'Invalid params: encoding `base64+zstd` is not supported by this node, use `base64`.',
    );
  }
  return encoding as AccountEncoding;
}

function readDataSlice(value: unknown): AccountFormat['dataSlice'] {
  if (value === undefined || value === null) return undefined;
  const slice = readConfig(value, 'UiDataSliceConfig');
  return { offset: readU64(slice.offset), length: readU64(slice.length) };
}

/** Throws -32600 when base58 is asked of more than 128 bytes. */
export function encodeAccount(account: AccountState, format: AccountFormat, decimalsOf: MintDecimals): Json {
  return {
    data: encodeData(account, format, decimalsOf),
    executable: account.executable,
    lamports: account.lamports,
    owner: account.owner,
    rentEpoch: account.rentEpoch,
    space: account.data.length,
  };
}

function encodeData(account: AccountState, format: AccountFormat, decimalsOf: MintDecimals): Json {
  const { encoding, dataSlice } = format;
  if (encoding === 'jsonParsed' && isTokenProgram(account.owner)) {
    const parsed = parseTokenData(account.owner, account.data, decimalsOf);
    if (parsed !== undefined) return parsed;
  }
  const data =
    dataSlice === undefined
      ? account.data
      : account.data.subarray(dataSlice.offset, dataSlice.offset + dataSlice.length);
  if (encoding === 'base64' || encoding === 'jsonParsed') return [toBase64(data), 'base64'];
  if (data.length > BASE58_BYTES_MAX) {
    throw invalidRequest(
      `Encoded binary (base 58) data should be less than ${BASE58_BYTES_MAX} bytes, please use Base64 encoding.`,
    );
  }
  return encoding === 'binary' ? toBase58(data) : [toBase58(data), 'base58'];
}
