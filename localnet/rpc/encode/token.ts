/** SPL Token and Token-2022 account layouts, and their `jsonParsed` form. */
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../../engine/well-known.js';
import { toBase58 } from './base.js';
import type { Json } from './json.js';

/** Sizes and offsets of the token programs' fixed layouts, bytes. */
const TOKEN_ACCOUNT_SIZE = 165;
const MINT_SIZE = 82;
const MULTISIG_SIZE = 355;
/** Token-2022 puts the kind of an extended account behind the longest fixed layout, and its extensions after it. */
const ACCOUNT_TYPE_OFFSET = 165;
const ACCOUNT_TYPE_MINT = 1;
const ACCOUNT_TYPE_ACCOUNT = 2;
const EXTENSIONS_OFFSET = 166;
const EXTENSIONS_MAX = 64;
const STATES = ['uninitialized', 'initialized', 'frozen'] as const;

export interface TokenAccount {
  readonly mint: string;
  readonly owner: string;
  readonly amount: bigint;
  readonly delegate: string | undefined;
  readonly state: (typeof STATES)[number];
  /** Lamports kept for rent; only wrapped SOL has it. */
  readonly rentExemptReserve: bigint | undefined;
  readonly delegatedAmount: bigint;
  readonly closeAuthority: string | undefined;
}

export interface Mint {
  readonly mintAuthority: string | undefined;
  readonly supply: bigint;
  readonly decimals: number;
  readonly isInitialized: boolean;
  readonly freezeAuthority: string | undefined;
}

export function isTokenProgram(programId: string): boolean {
  return programId === TOKEN_PROGRAM || programId === TOKEN_2022_PROGRAM;
}

/** Undefined when the bytes are not an initialised token account. */
export function decodeTokenAccount(data: Uint8Array): TokenAccount | undefined {
  const sized =
    data.length === TOKEN_ACCOUNT_SIZE ||
    (data.length > TOKEN_ACCOUNT_SIZE &&
      data.length !== MULTISIG_SIZE &&
      data[ACCOUNT_TYPE_OFFSET] === ACCOUNT_TYPE_ACCOUNT);
  if (!sized) return undefined;
  const state = STATES[data[108]!];
  if (state === undefined || state === 'uninitialized') return undefined;
  const view = viewOf(data);
  return {
    mint: toBase58(data.subarray(0, 32)),
    owner: toBase58(data.subarray(32, 64)),
    amount: view.getBigUint64(64, true),
    delegate: optionalKey(data, view, 72),
    state,
    rentExemptReserve: view.getUint32(109, true) === 1 ? view.getBigUint64(113, true) : undefined,
    delegatedAmount: view.getBigUint64(121, true),
    closeAuthority: optionalKey(data, view, 129),
  };
}

/** Undefined when the bytes are not an initialised mint. */
export function decodeMint(data: Uint8Array): Mint | undefined {
  const sized =
    data.length === MINT_SIZE ||
    (data.length > ACCOUNT_TYPE_OFFSET &&
      data.length !== MULTISIG_SIZE &&
      data[ACCOUNT_TYPE_OFFSET] === ACCOUNT_TYPE_MINT);
  if (!sized || data[45] !== 1) return undefined;
  const view = viewOf(data);
  return {
    mintAuthority: optionalKey(data, view, 0),
    supply: view.getBigUint64(36, true),
    decimals: data[44]!,
    isInitialized: true,
    freezeAuthority: optionalKey(data, view, 46),
  };
}

/** Decimals of the mint when the bytes are one. */
export type MintDecimals = (mint: string) => number | undefined;

/** The `data` member of a `jsonParsed` answer; undefined when the bytes cannot be parsed (then base64 is due). */
export function parseTokenData(owner: string, data: Uint8Array, decimalsOf: MintDecimals): Json | undefined {
  const program = owner === TOKEN_PROGRAM ? 'spl-token' : 'spl-token-2022';
  const extensions =
    owner === TOKEN_2022_PROGRAM && data.length > EXTENSIONS_OFFSET ? parseExtensions(data) : undefined;
  const account = decodeTokenAccount(data);
  if (account !== undefined) {
    const decimals = decimalsOf(account.mint);
    if (decimals === undefined) return undefined;
    const info = { ...tokenAccountInfo(account, decimals), extensions };
    return { parsed: { info, type: 'account' }, program, space: data.length };
  }
  const mint = decodeMint(data);
  if (mint === undefined) return undefined;
  const info = {
    decimals: mint.decimals,
    freezeAuthority: mint.freezeAuthority ?? null,
    isInitialized: mint.isInitialized,
    mintAuthority: mint.mintAuthority ?? null,
    supply: mint.supply.toString(),
    extensions,
  };
  return { parsed: { info, type: 'mint' }, program, space: data.length };
}

function tokenAccountInfo(account: TokenAccount, decimals: number): { readonly [key: string]: Json } {
  return {
    isNative: account.rentExemptReserve !== undefined,
    mint: account.mint,
    owner: account.owner,
    state: account.state,
    tokenAmount: uiTokenAmount(account.amount, decimals),
    delegate: account.delegate,
    delegatedAmount:
      account.delegate === undefined ? undefined : uiTokenAmount(account.delegatedAmount, decimals),
    rentExemptReserve:
      account.rentExemptReserve === undefined
        ? undefined
        : uiTokenAmount(account.rentExemptReserve, decimals),
    closeAuthority: account.closeAuthority,
  };
}

/** An amount in base units with its decimal forms. */
export function uiTokenAmount(amount: bigint, decimals: number): Json {
  const uiAmountString = decimalString(amount, decimals);
  return { amount: amount.toString(), decimals, uiAmount: Number(uiAmountString), uiAmountString };
}

function decimalString(amount: bigint, decimals: number): string {
  if (decimals === 0) return amount.toString();
  const digits = amount.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  const whole = digits.slice(0, -decimals);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Token-2022's type-length-value list: u16 type, u16 length, bytes. */
function parseExtensions(data: Uint8Array): Json[] {
  const view = viewOf(data);
  const extensions: Json[] = [];
  let offset = EXTENSIONS_OFFSET;
  while (offset + 4 <= data.length && extensions.length < EXTENSIONS_MAX) {
    const type = view.getUint16(offset, true);
    const end = offset + 4 + view.getUint16(offset + 2, true);
    if (type === 0 || end > data.length) break;
    extensions.push(parseExtension(type, data.subarray(offset + 4, end)));
    offset = end;
  }
  return extensions;
}

function parseExtension(type: number, state: Uint8Array): Json {
  const view = viewOf(state);
  if (type === 1 && state.length === 108) {
    return {
      extension: 'transferFeeConfig',
      state: {
        newerTransferFee: transferFee(view, 90),
        olderTransferFee: transferFee(view, 72),
        transferFeeConfigAuthority: nonZeroKey(state, 0),
        withdrawWithheldAuthority: nonZeroKey(state, 32),
        withheldAmount: view.getBigUint64(64, true),
      },
    };
  }
  if (type === 2 && state.length === 8) {
    return { extension: 'transferFeeAmount', state: { withheldAmount: view.getBigUint64(0, true) } };
  }
  if (type === 7) return { extension: 'immutableOwner' };
  return { extension: 'unparseableExtension' };
}

function transferFee(view: DataView, offset: number): Json {
  return {
    epoch: view.getBigUint64(offset, true),
    maximumFee: view.getBigUint64(offset + 8, true),
    transferFeeBasisPoints: view.getUint16(offset + 16, true),
  };
}

function nonZeroKey(data: Uint8Array, offset: number): string | null {
  const key = data.subarray(offset, offset + 32);
  return key.every((byte) => byte === 0) ? null : toBase58(key);
}

function optionalKey(data: Uint8Array, view: DataView, offset: number): string | undefined {
  return view.getUint32(offset, true) === 1 ? toBase58(data.subarray(offset + 4, offset + 36)) : undefined;
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
