/**
 * What a Token-2022 mint's extensions mean for who holds or trades it. Sources: the type-length-value list from byte
 * 166 on and the layouts of each extension in the token program (`extension/<name>/mod.rs`).
 */
import { base58OfFixed } from '../model/base58.js';
import { type Address, asAddress } from '../model/brands.js';
import { readU16, readU64 } from './bytes.js';

const TLV_START = 166;
/** More than there are kinds of extension. */
const MAX_EXTENSIONS = 64;
const KEY_BYTES = 32;
const STATE_FROZEN = 2;
const NEWER_FEE = 90;
const OLDER_FEE = 72;
const INTEREST_RATE_OFFSET = 50;

export interface MintExtension {
  /** `extension <number>` where the number has no known name. */
  readonly name: string;
  /** Whoever may change or use it; absent where nobody can any more. */
  readonly authority?: Address;
  /** What it is set to, in words. */
  readonly detail?: string;
  /** Why tokens cannot be swapped, or may be taken at any time. */
  readonly problem?: string;
  /** What somebody may do with it later. */
  readonly warning?: string;
}

type Meaning = Omit<MintExtension, 'name'>;
type Reader = (value: Uint8Array) => Meaning;

const nothing: Reader = () => ({});
const withAuthority: Reader = (value) => authorityOf(value, 0);

/** By the number of the extension: its name, the bytes that its reader needs, and the reader. */
const KNOWN: { readonly [type: number]: readonly [name: string, atLeastBytes: number, read: Reader] } = {
  1: ['transferFeeConfig', 108, transferFee],
  3: ['mintCloseAuthority', KEY_BYTES, withAuthority],
  4: ['confidentialTransferMint', KEY_BYTES, withAuthority],
  6: ['defaultAccountState', 1, defaultState],
  9: ['nonTransferable', 0, () => ({ problem: 'Its tokens cannot be transferred.' })],
  10: ['interestBearingConfig', INTEREST_RATE_OFFSET + 2, interest],
  12: ['permanentDelegate', KEY_BYTES, permanentDelegate],
  14: ['transferHook', 2 * KEY_BYTES, transferHook],
  16: ['confidentialTransferFeeConfig', KEY_BYTES, withAuthority],
  18: ['metadataPointer', KEY_BYTES, withAuthority],
  19: ['tokenMetadata', KEY_BYTES, withAuthority],
  20: ['groupPointer', KEY_BYTES, withAuthority],
  21: ['tokenGroup', KEY_BYTES, withAuthority],
  22: ['groupMemberPointer', KEY_BYTES, withAuthority],
  23: ['tokenGroupMember', 0, nothing],
  24: ['confidentialMintBurn', 0, nothing],
  25: ['scaledUiAmount', KEY_BYTES, withAuthority],
  26: ['pausable', KEY_BYTES + 1, pausable],
};

/** Of a mint's account; what is cut off or has too few bytes is told by name alone. */
export function extensionsOf(data: Uint8Array): MintExtension[] {
  const found: MintExtension[] = [];
  for (let offset = TLV_START; offset + 4 <= data.length && found.length < MAX_EXTENSIONS; ) {
    const type = readU16(data, offset);
    if (type === 0) break;
    const end = offset + 4 + readU16(data, offset + 2);
    const [name, atLeastBytes, read] = KNOWN[type] ?? [`extension ${type}`, 0, nothing];
    const value = data.subarray(offset + 4, end);
    found.push({ name, ...(value.length >= atLeastBytes ? read(value) : {}) });
    offset = end;
  }
  return found;
}

function keyAt(value: Uint8Array, offset: number): Address | undefined {
  const bytes = value.subarray(offset, offset + KEY_BYTES);
  return bytes.every((byte) => byte === 0) ? undefined : asAddress(base58OfFixed(value, offset, KEY_BYTES));
}

function authorityOf(value: Uint8Array, offset: number): { readonly authority?: Address } {
  const authority = keyAt(value, offset);
  return authority === undefined ? {} : { authority };
}

function transferFee(value: Uint8Array): Meaning {
  const fee = (offset: number) =>
    `${readU16(value, offset + 16) / 100}%, at most ${readU64(value, offset + 8)}`;
  const withdraw = keyAt(value, KEY_BYTES);
  const own = authorityOf(value, 0);
  return {
    ...own,
    detail:
      `${fee(NEWER_FEE)} from epoch ${readU64(value, NEWER_FEE)} on, before ${fee(OLDER_FEE)}` +
      (withdraw === undefined ? '' : `; withdrawn by ${withdraw}`),
    ...(own.authority === undefined ? {} : { warning: 'Its transfer fee can be changed.' }),
  };
}

function defaultState(value: Uint8Array): Meaning {
  if (value[0] !== STATE_FROZEN) return { detail: 'new accounts are open' };
  return { detail: 'new accounts are frozen', problem: 'New accounts of it begin frozen.' };
}

function interest(value: Uint8Array): Meaning {
  const rate = new DataView(value.buffer, value.byteOffset).getInt16(INTEREST_RATE_OFFSET, true);
  return { ...authorityOf(value, 0), detail: `${rate / 100}% a year, shown and not paid` };
}

function permanentDelegate(value: Uint8Array): Meaning {
  const own = authorityOf(value, 0);
  if (own.authority === undefined) return {};
  return { ...own, problem: `${own.authority} can move or burn anybody's tokens of it.` };
}

function transferHook(value: Uint8Array): Meaning {
  const program = keyAt(value, KEY_BYTES);
  const own = authorityOf(value, 0);
  if (program !== undefined) {
    return { ...own, detail: `program ${program}`, problem: `Each transfer calls the program ${program}.` };
  }
  return own.authority === undefined ? own : { ...own, warning: 'A transfer hook can be set.' };
}

function pausable(value: Uint8Array): Meaning {
  const own = authorityOf(value, 0);
  if (value[KEY_BYTES] === 1) return { ...own, detail: 'paused', problem: 'Its transfers are paused.' };
  return own.authority === undefined ? own : { ...own, warning: 'Its transfers can be paused.' };
}
