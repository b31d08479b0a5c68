/** Reads the query of a request; what does not fit becomes a 400 that names the parameter. */
import { base58 } from '@scure/base';

const ADDRESS_BYTES = 32;
const ADDRESS_CHARACTERS_MAX = 44;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
const SLIPPAGE_BPS_MAX = 10_000;
/** As the API documents it. */
export const PRICE_IDS_MAX = 50;

/** An answer that is not 200, with Jupiter's own code where it has one. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly errorCode: string | undefined;
  constructor(status: number, message: string, errorCode?: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

export function readMint(query: URLSearchParams, name: string): string {
  return checkMint(required(query, name), name);
}

function checkMint(text: string, name: string): string {
  if (!isAddress(text)) throw new ApiError(400, `Invalid ${name}: it must be a base58 address`);
  return text;
}

function isAddress(text: string): boolean {
  if (text === '' || text.length > ADDRESS_CHARACTERS_MAX) return false;
  try {
    return base58.decode(text).length === ADDRESS_BYTES;
  } catch {
    return false;
  }
}

/** Base units, 1 to u64. */
export function readAmount(query: URLSearchParams, name: string): bigint {
  const text = required(query, name);
  const amount = /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
  if (amount < 1n || amount > U64_MAX) throw new ApiError(400, `Invalid ${name}: it must be 1 to ${U64_MAX}`);
  return amount;
}

export function readSlippageBps(query: URLSearchParams, fallback: number): number {
  const text = query.get('slippageBps');
  if (text === null) return fallback;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= SLIPPAGE_BPS_MAX)) {
    throw new ApiError(400, `Invalid slippageBps: it must be 0 to ${SLIPPAGE_BPS_MAX}`);
  }
  return value;
}

export function readFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? 'false';
  if (text !== 'true' && text !== 'false')
    throw new ApiError(400, `Invalid ${name}: it must be true or false`);
  return text === 'true';
}

/** Exact inputs are what this cluster quotes. */
export function expectExactIn(query: URLSearchParams): void {
  const mode = query.get('swapMode') ?? 'ExactIn';
  if (mode !== 'ExactIn') throw new ApiError(400, 'Invalid swapMode: only ExactIn is quoted here');
}

/** 1 to 50 mints, comma-separated. */
export function readIds(query: URLSearchParams): readonly string[] {
  const ids = required(query, 'ids').split(',');
  if (ids.length > PRICE_IDS_MAX) throw new ApiError(400, `Too many ids: at most ${PRICE_IDS_MAX}`);
  return [...new Set(ids.map((id) => checkMint(id, 'ids')))];
}

function required(query: URLSearchParams, name: string): string {
  const text = query.get(name);
  if (text === null) throw new ApiError(400, `Missing query parameter: ${name}`);
  return text;
}
