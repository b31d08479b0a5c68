/** SubscribeUpdateTransaction: our own wallets' transactions only, so built as plain objects. */
import { type Address, asSlot, type Signature } from '../model/brands.js';
import type { KeyInterner } from './key-interner.js';
import type { TokenBalance, TransactionUpdate } from './types.js';
import { malformed, tag, WIRE_BYTES, WIRE_VARINT, WireReader } from './wire-reader.js';
import { yellowstone } from './yellowstone-package.js';

const UPDATE_INFO = tag(1, WIRE_BYTES);
const UPDATE_SLOT = tag(2, WIRE_VARINT);
const INFO_SIGNATURE = tag(1, WIRE_BYTES);
const INFO_TRANSACTION = tag(3, WIRE_BYTES);
const INFO_META = tag(4, WIRE_BYTES);
const INFO_INDEX = tag(5, WIRE_VARINT);
const TRANSACTION_MESSAGE = tag(2, WIRE_BYTES);
const MESSAGE_ACCOUNT_KEYS = tag(2, WIRE_BYTES);
const META_ERR = tag(1, WIRE_BYTES);
const META_FEE = tag(2, WIRE_VARINT);
/** Balances are packed; a single one unpacked is legal too. */
const META_PRE_BALANCES = tag(3, WIRE_BYTES);
const META_PRE_BALANCE = tag(3, WIRE_VARINT);
const META_POST_BALANCES = tag(4, WIRE_BYTES);
const META_POST_BALANCE = tag(4, WIRE_VARINT);
const META_LOG_MESSAGES = tag(6, WIRE_BYTES);
const META_PRE_TOKEN_BALANCES = tag(7, WIRE_BYTES);
const META_POST_TOKEN_BALANCES = tag(8, WIRE_BYTES);
const META_LOADED_WRITABLE = tag(12, WIRE_BYTES);
const META_LOADED_READONLY = tag(13, WIRE_BYTES);
const META_COMPUTE_UNITS = tag(16, WIRE_VARINT);
const ERROR_BYTES = tag(1, WIRE_BYTES);
const TOKEN_ACCOUNT_INDEX = tag(1, WIRE_VARINT);
const TOKEN_MINT = tag(2, WIRE_BYTES);
const TOKEN_AMOUNT = tag(3, WIRE_BYTES);
const TOKEN_OWNER = tag(4, WIRE_BYTES);
const AMOUNT_AMOUNT = tag(3, WIRE_BYTES);

interface Meta {
  error: unknown;
  feeLamports: bigint;
  computeUnitsConsumed: bigint | undefined;
  readonly preBalances: bigint[];
  readonly postBalances: bigint[];
  readonly preTokenBalances: TokenBalance[];
  readonly postTokenBalances: TokenBalance[];
  logMessages: string[];
  readonly loadedWritable: Address[];
  readonly loadedReadonly: Address[];
}

/**
 * Reads the SubscribeUpdateTransaction that `reader` is set to.
 * @throws HotslotError STREAM_FAILED where it is malformed
 */
export function decodeTransaction(
  reader: WireReader,
  receivedUs: number,
  keys: KeyInterner,
  signatures: KeyInterner,
): TransactionUpdate {
  let slot = 0;
  let index = 0;
  let signature: string | undefined;
  let staticKeys: Address[] = [];
  let meta = emptyMeta();
  while (reader.more) {
    const next = reader.number();
    if (next === UPDATE_SLOT) {
      slot = reader.number();
    } else if (next === UPDATE_INFO) {
      const info = nested(reader);
      while (info.more) {
        const field = info.number();
        if (field === INFO_SIGNATURE) signature = signatures.text(info.bytes, info.key(64));
        else if (field === INFO_TRANSACTION) staticKeys = readStaticKeys(nested(info), keys);
        else if (field === INFO_META) meta = readMeta(nested(info), keys);
        else if (field === INFO_INDEX) index = info.number();
        else info.skip(field);
      }
    } else {
      reader.skip(next);
    }
  }
  if (signature === undefined) throw malformed('a transaction update without its signature');
  const { loadedWritable, loadedReadonly, ...read } = meta;
  return {
    signature: signature as Signature,
    slot: asSlot(slot),
    index,
    accountKeys: [...staticKeys, ...loadedWritable, ...loadedReadonly],
    receivedUs,
    ...read,
  };
}

function emptyMeta(): Meta {
  return {
    error: undefined,
    feeLamports: 0n,
    computeUnitsConsumed: undefined,
    preBalances: [],
    postBalances: [],
    preTokenBalances: [],
    postTokenBalances: [],
    logMessages: [],
    loadedWritable: [],
    loadedReadonly: [],
  };
}

/** A cursor over the length-delimited field that comes next. */
function nested(reader: WireReader): WireReader {
  reader.span();
  const inner = new WireReader();
  inner.reset(reader.bytes, reader.spanStart, reader.spanEnd);
  return inner;
}

function readStaticKeys(transaction: WireReader, keys: KeyInterner): Address[] {
  let found: Address[] = [];
  while (transaction.more) {
    const next = transaction.number();
    if (next !== TRANSACTION_MESSAGE) {
      transaction.skip(next);
      continue;
    }
    const message = nested(transaction);
    found = [];
    while (message.more) {
      const field = message.number();
      if (field === MESSAGE_ACCOUNT_KEYS) found.push(readKey(message, keys));
      else message.skip(field);
    }
  }
  return found;
}

function readMeta(reader: WireReader, keys: KeyInterner): Meta {
  const meta = emptyMeta();
  const start = reader.position;
  while (reader.more) {
    const next = reader.number();
    if (next === META_ERR) meta.error = readError(nested(reader));
    else if (next === META_FEE) meta.feeLamports = reader.u64();
    else if (next === META_COMPUTE_UNITS) meta.computeUnitsConsumed = reader.u64();
    else if (next === META_LOADED_WRITABLE) meta.loadedWritable.push(readKey(reader, keys));
    else if (next === META_LOADED_READONLY) meta.loadedReadonly.push(readKey(reader, keys));
    else if (next === META_PRE_TOKEN_BALANCES) meta.preTokenBalances.push(readTokenBalance(nested(reader)));
    else if (next === META_POST_TOKEN_BALANCES) meta.postTokenBalances.push(readTokenBalance(nested(reader)));
    else if (next === META_PRE_BALANCES) readPacked(nested(reader), meta.preBalances);
    else if (next === META_PRE_BALANCE) meta.preBalances.push(reader.u64());
    else if (next === META_POST_BALANCES) readPacked(nested(reader), meta.postBalances);
    else if (next === META_POST_BALANCE) meta.postBalances.push(reader.u64());
    else reader.skip(next);
  }
  if (meta.error !== undefined) {
    reader.position = start;
    meta.logMessages = readLogs(reader);
  }
  return meta;
}

/** Of a transaction that failed: its logs say why. Those of all others would be half of what is held of them. */
function readLogs(reader: WireReader): string[] {
  const lines: string[] = [];
  while (reader.more) {
    const next = reader.number();
    if (next === META_LOG_MESSAGES) lines.push(reader.string());
    else reader.skip(next);
  }
  return lines;
}

function readKey(reader: WireReader, keys: KeyInterner): Address {
  return keys.text(reader.bytes, reader.key(32)) as Address;
}

function readPacked(reader: WireReader, into: bigint[]): void {
  while (reader.more) into.push(reader.u64());
}

function readTokenBalance(reader: WireReader): TokenBalance {
  let accountIndex = 0;
  let mint = '';
  let owner = '';
  let amount = 0n;
  while (reader.more) {
    const next = reader.number();
    if (next === TOKEN_ACCOUNT_INDEX) accountIndex = reader.number();
    else if (next === TOKEN_MINT) mint = reader.string();
    else if (next === TOKEN_OWNER) owner = reader.string();
    else if (next === TOKEN_AMOUNT) amount = readAmount(nested(reader));
    else reader.skip(next);
  }
  return { accountIndex, mint: mint as Address, owner: owner as Address, amount };
}

function readAmount(reader: WireReader): bigint {
  let amount = '0';
  while (reader.more) {
    const next = reader.number();
    if (next === AMOUNT_AMOUNT) amount = reader.string();
    else reader.skip(next);
  }
  if (!/^\d{1,20}$/.test(amount)) throw malformed('a token amount that is not a number');
  return BigInt(amount);
}

/** An error of a kind that is newer than our tables is still an error: its bytes stand for it. */
function readError(reader: WireReader): unknown {
  let encoded: Uint8Array = new Uint8Array(0);
  while (reader.more) {
    const next = reader.number();
    if (next === ERROR_BYTES) encoded = reader.view();
    else reader.skip(next);
  }
  try {
    return yellowstone.txErrDecode.decode(encoded);
  } catch {
    return { Undecoded: Buffer.from(encoded).toString('hex') };
  }
}
