/**
 * A mint's account: authorities, supply, decimals, and Token-2022's extensions. Sources: spl-token's `Mint` (82 bytes,
 * options of four bytes before each authority) and Token-2022's TLV area, which begins at byte 166.
 */
import { base58OfFixed } from '../model/base58.js';
import { type Address, asAddress } from '../model/brands.js';
import { readU64 } from './bytes.js';
import { extensionsOf, type MintExtension } from './mint-extensions.js';

const MINT_BYTES = 82;
const SUPPLY_OFFSET = 36;
const DECIMALS_OFFSET = 44;
const INITIALIZED_OFFSET = 45;
const FREEZE_OFFSET = 46;
const ACCOUNT_TYPE_OFFSET = 165;
const ACCOUNT_TYPE_MINT = 1;
const TLV_START = 166;

export interface MintFacts {
  readonly mintAuthority: Address | undefined;
  readonly freezeAuthority: Address | undefined;
  readonly supply: bigint;
  readonly decimals: number;
  readonly extensions: readonly MintExtension[];
}

/** Undefined where the bytes are no initialised mint. */
export function decodeMint(data: Uint8Array): MintFacts | undefined {
  const isMint =
    data.length === MINT_BYTES ||
    (data.length > TLV_START && data[ACCOUNT_TYPE_OFFSET] === ACCOUNT_TYPE_MINT);
  if (!isMint || data[INITIALIZED_OFFSET] !== 1) return undefined;
  return {
    mintAuthority: optionalAddress(data, 0),
    freezeAuthority: optionalAddress(data, FREEZE_OFFSET),
    supply: readU64(data, SUPPLY_OFFSET),
    decimals: data[DECIMALS_OFFSET]!,
    extensions: extensionsOf(data),
  };
}

function optionalAddress(data: Uint8Array, offset: number): Address | undefined {
  return data[offset] === 1 ? asAddress(base58OfFixed(data, offset + 4, 32)) : undefined;
}
