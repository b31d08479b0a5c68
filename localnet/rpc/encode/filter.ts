/** The filters of getProgramAccounts and programSubscribe. */
import { invalidParams } from '../errors.js';
import { readConfig, readU64, readVariant, wrongType } from '../params.js';
import { describeBase58Error, describeBase64Error, fromBase58, fromBase64 } from './base.js';
import { decodeTokenAccount } from './token.js';

const FILTERS_MAX = 4;
const MEMCMP_BYTES_MAX = 128;
/** The longest texts that 128 bytes can need. */
const MEMCMP_BASE58_CHARS_MAX = 175;
const MEMCMP_BASE64_CHARS_MAX = 172;

export type AccountFilter = (data: Uint8Array) => boolean;

/** Throws -32602 as a node does: too many, too long, not decodable. */
export function readFilters(value: unknown): readonly AccountFilter[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType(value, 'a sequence');
  if (value.length > FILTERS_MAX) throw invalidParams(`Too many filters provided; max ${FILTERS_MAX}`);
  return value.map(readFilter);
}

function readFilter(value: unknown): AccountFilter {
  if (typeof value === 'string') {
    readVariant(value, ['tokenAccountState']);
    return (data) => decodeTokenAccount(data) !== undefined;
  }
  const filter = readConfig(value, 'RpcFilterType');
  const [kind] = Object.keys(filter);
  readVariant(kind, ['dataSize', 'memcmp', 'tokenAccountState']);
  if (kind === 'dataSize') {
    const size = readU64(filter.dataSize);
    return (data) => data.length === size;
  }
  if (kind === 'memcmp') return readMemcmp(filter.memcmp);
  return (data) => decodeTokenAccount(data) !== undefined;
}

function readMemcmp(value: unknown): AccountFilter {
  const memcmp = readConfig(value, 'Memcmp');
  if (memcmp.offset === undefined) throw invalidParams('Invalid params: missing field `offset`.');
  const offset = readU64(memcmp.offset);
  const wanted = readMemcmpBytes(memcmp.bytes, memcmp.encoding);
  return (data) => {
    if (offset + wanted.length > data.length) return false;
    for (let i = 0; i < wanted.length; i++) if (data[offset + i] !== wanted[i]) return false;
    return true;
  };
}

function readMemcmpBytes(bytes: unknown, encoding: unknown): Uint8Array {
  if (bytes === undefined) throw invalidParams('Invalid params: missing field `bytes`.');
  if (Array.isArray(bytes)) {
    if (bytes.length > MEMCMP_BYTES_MAX) throw dataTooLarge();
    return Uint8Array.from(bytes, (byte) => {
      if (typeof byte !== 'number' || !Number.isInteger(byte) || byte < 0 || byte > 255) {
        throw invalidParams('Invalid params: data did not match any variant of untagged enum DataType.');
      }
      return byte;
    });
  }
  if (typeof bytes !== 'string') throw wrongType(bytes, 'a string');
  const kind =
    encoding === undefined || encoding === null ? 'base58' : readVariant(encoding, ['base58', 'base64']);
  const base58 = kind === 'base58';
  if (bytes.length > (base58 ? MEMCMP_BASE58_CHARS_MAX : MEMCMP_BASE64_CHARS_MAX)) throw dataTooLarge();
  const decoded = base58 ? fromBase58(bytes) : fromBase64(bytes);
  if (decoded === undefined) {
    throw invalidParams(
      base58
        ? `Invalid param: Base58DecodeError(${describeBase58Error(bytes)})`
        : `Invalid param: Base64DecodeError(${describeBase64Error(bytes)})`,
    );
  }
  if (decoded.length > MEMCMP_BYTES_MAX) throw dataTooLarge();
  return decoded;
}

function dataTooLarge(): Error {
  return invalidParams('Invalid param: DataTooLarge');
}
