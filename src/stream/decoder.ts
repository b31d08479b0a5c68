/**
 * SubscribeUpdate straight from the wire into what the executor reads of it. Field numbers are those of
 * proto/geyser.proto and proto/solana-storage.proto; every field that nobody here reads is stepped over.
 */
import { type Address, asBlockHeight, asBlockhash, asSlot, type Signature } from '../model/brands.js';
import { KeyInterner } from './key-interner.js';
import { decodeTransaction } from './transaction-decoder.js';
import type { AccountUpdate, BlockMetaUpdate, SlotStatus, SlotUpdate, TransactionUpdate } from './types.js';
import { malformed, tag, WIRE_BYTES, WIRE_VARINT, WireReader } from './wire-reader.js';

/** What kind of update a message was; `other` is one that we did not ask for. */
export type UpdateKind = 'account' | 'slot' | 'blockMeta' | 'transaction' | 'ping' | 'pong' | 'other';

/** Receives what a message holds; exactly one call a message, none for `other`. */
export interface UpdateHandler {
  onAccount(update: AccountUpdate): void;
  /** @param createdAtMs when the server made the update, by its own clock; undefined where it does not say */
  onSlot(update: SlotUpdate, createdAtMs: number | undefined): void;
  /** @param createdAtMs as with slots */
  onBlockMeta(update: BlockMetaUpdate, createdAtMs: number | undefined): void;
  onTransaction(update: TransactionUpdate): void;
  onPing(createdAtMs: number | undefined): void;
  onPong(id: number): void;
}

const UPDATE_ACCOUNT = tag(2, WIRE_BYTES);
const UPDATE_SLOT = tag(3, WIRE_BYTES);
const UPDATE_TRANSACTION = tag(4, WIRE_BYTES);
const UPDATE_PING = tag(6, WIRE_BYTES);
const UPDATE_BLOCK_META = tag(7, WIRE_BYTES);
const UPDATE_PONG = tag(9, WIRE_BYTES);
const UPDATE_FILTERS = tag(1, WIRE_BYTES);
const UPDATE_CREATED_AT = tag(11, WIRE_BYTES);

const ACCOUNT_INFO = tag(1, WIRE_BYTES);
const ACCOUNT_SLOT = tag(2, WIRE_VARINT);
const INFO_PUBKEY = tag(1, WIRE_BYTES);
const INFO_LAMPORTS = tag(2, WIRE_VARINT);
const INFO_OWNER = tag(3, WIRE_BYTES);
const INFO_DATA = tag(6, WIRE_BYTES);
const INFO_WRITE_VERSION = tag(7, WIRE_VARINT);
const INFO_TXN_SIGNATURE = tag(8, WIRE_BYTES);

const SLOT_SLOT = tag(1, WIRE_VARINT);
const SLOT_PARENT = tag(2, WIRE_VARINT);
const SLOT_STATUS = tag(3, WIRE_VARINT);

const META_SLOT = tag(1, WIRE_VARINT);
const META_BLOCKHASH = tag(2, WIRE_BYTES);
const META_BLOCK_TIME = tag(4, WIRE_BYTES);
const META_BLOCK_HEIGHT = tag(5, WIRE_BYTES);
const META_PARENT_SLOT = tag(6, WIRE_VARINT);

/** By number in geyser.proto's SlotStatus. */
const SLOT_STATUSES: readonly SlotStatus[] = [
  'processed',
  'confirmed',
  'finalized',
  'firstShred',
  'completed',
  'createdBank',
  'dead',
];

/** Accounts and programs that a stream names again and again: 8,192 places, 256 KiB of keys. */
const KEY_PLACES_LOG2 = 13;
/** Several accounts and the transaction itself bear one signature, close together. */
const SIGNATURE_PLACES_LOG2 = 10;
const EMPTY = new Uint8Array(0);

export class UpdateDecoder {
  readonly #outer = new WireReader();
  readonly #inner = new WireReader();
  readonly #stamp = new WireReader();
  readonly #keys = new KeyInterner(32, KEY_PLACES_LOG2);
  readonly #signatures = new KeyInterner(64, SIGNATURE_PLACES_LOG2);

  /**
   * Decodes one message and hands what it holds to `handler`.
   * @param receivedUs the clock's monotonic microseconds at which the bytes came
   * @throws HotslotError STREAM_FAILED for bytes that are not a SubscribeUpdate
   */
  decode(bytes: Uint8Array, receivedUs: number, handler: UpdateHandler): UpdateKind {
    const reader = this.#outer;
    reader.reset(bytes, 0, bytes.length);
    let found = 0;
    let start = 0;
    let end = 0;
    this.#stamp.reset(bytes, 0, 0);
    while (reader.more) {
      const next = reader.number();
      if (next === UPDATE_FILTERS) {
        reader.span();
      } else if (next === UPDATE_CREATED_AT) {
        reader.span();
        this.#stamp.reset(bytes, reader.spanStart, reader.spanEnd);
      } else if ((next & 7) === WIRE_BYTES) {
        // Of a oneof the last one on the wire counts.
        reader.span();
        found = next;
        start = reader.spanStart;
        end = reader.spanEnd;
      } else {
        reader.skip(next);
      }
    }
    return this.#dispatch(found, bytes, start, end, receivedUs, handler);
  }

  #dispatch(
    found: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    receivedUs: number,
    handler: UpdateHandler,
  ): UpdateKind {
    const reader = this.#outer;
    reader.reset(bytes, start, end);
    switch (found) {
      case UPDATE_ACCOUNT:
        handler.onAccount(this.#account(reader, receivedUs));
        return 'account';
      case UPDATE_SLOT:
        handler.onSlot(readSlot(reader, receivedUs), readTimestampMs(this.#stamp));
        return 'slot';
      case UPDATE_TRANSACTION:
        handler.onTransaction(decodeTransaction(reader, receivedUs, this.#keys, this.#signatures));
        return 'transaction';
      case UPDATE_BLOCK_META:
        handler.onBlockMeta(readBlockMeta(reader, receivedUs), readTimestampMs(this.#stamp));
        return 'blockMeta';
      case UPDATE_PING:
        handler.onPing(readTimestampMs(this.#stamp));
        return 'ping';
      case UPDATE_PONG:
        handler.onPong(readPongId(reader));
        return 'pong';
      default:
        return 'other';
    }
  }

  #account(reader: WireReader, receivedUs: number): AccountUpdate {
    let slot = 0;
    let infoStart = -1;
    let infoEnd = 0;
    while (reader.more) {
      const next = reader.number();
      if (next === ACCOUNT_SLOT) {
        slot = reader.number();
      } else if (next === ACCOUNT_INFO) {
        reader.span();
        infoStart = reader.spanStart;
        infoEnd = reader.spanEnd;
      } else {
        reader.skip(next);
      }
    }
    if (infoStart < 0) throw malformed('an account update without its account');
    this.#inner.reset(reader.bytes, infoStart, infoEnd);
    return this.#accountInfo(this.#inner, slot, receivedUs);
  }

  #accountInfo(reader: WireReader, slot: number, receivedUs: number): AccountUpdate {
    let pubkeyAt = -1;
    let ownerAt = -1;
    let signatureAt = -1;
    let data: Uint8Array = EMPTY;
    let lamports = 0n;
    let writeVersion = 0n;
    while (reader.more) {
      const next = reader.number();
      switch (next) {
        case INFO_PUBKEY:
          pubkeyAt = reader.key(32);
          break;
        case INFO_LAMPORTS:
          lamports = reader.u64();
          break;
        case INFO_OWNER:
          ownerAt = reader.key(32);
          break;
        case INFO_DATA:
          data = reader.view();
          break;
        case INFO_WRITE_VERSION:
          writeVersion = reader.u64();
          break;
        case INFO_TXN_SIGNATURE:
          signatureAt = reader.key(64);
          break;
        default:
          reader.skip(next);
      }
    }
    if (pubkeyAt < 0 || ownerAt < 0) throw malformed('an account update without its keys');
    const bytes = reader.bytes;
    return {
      address: this.#keys.text(bytes, pubkeyAt) as Address,
      slot: asSlot(slot),
      writeVersion,
      lamports,
      owner: this.#keys.text(bytes, ownerAt) as Address,
      data,
      txnSignature: signatureAt < 0 ? undefined : (this.#signatures.text(bytes, signatureAt) as Signature),
      receivedUs,
    };
  }
}

function readSlot(reader: WireReader, receivedUs: number): SlotUpdate {
  let slot = 0;
  let parent: number | undefined;
  let status = 0;
  while (reader.more) {
    const next = reader.number();
    if (next === SLOT_SLOT) slot = reader.number();
    else if (next === SLOT_PARENT) parent = reader.number();
    else if (next === SLOT_STATUS) status = reader.number();
    else reader.skip(next);
  }
  const name = SLOT_STATUSES[status];
  if (name === undefined) throw malformed(`slot status ${status}`);
  return {
    slot: asSlot(slot),
    parent: parent === undefined ? undefined : asSlot(parent),
    status: name,
    receivedUs,
  };
}

function readBlockMeta(reader: WireReader, receivedUs: number): BlockMetaUpdate {
  let slot = 0;
  let parentSlot = 0;
  let blockhash = '';
  let blockHeight = 0;
  let blockTimeS = 0;
  while (reader.more) {
    const next = reader.number();
    if (next === META_SLOT) slot = reader.number();
    else if (next === META_PARENT_SLOT) parentSlot = reader.number();
    else if (next === META_BLOCKHASH) blockhash = reader.string();
    else if (next === META_BLOCK_HEIGHT) blockHeight = Number(readWrapped(reader));
    else if (next === META_BLOCK_TIME) blockTimeS = Number(BigInt.asIntN(64, readWrapped(reader)));
    else reader.skip(next);
  }
  return {
    slot: asSlot(slot),
    parentSlot: asSlot(parentSlot),
    blockhash: asBlockhash(blockhash),
    blockHeight: asBlockHeight(blockHeight),
    blockTimeMs: blockTimeS * 1000,
    receivedUs,
  };
}

/** A message that only wraps one integer, as field 1 (UnixTimestamp, BlockHeight). */
function readWrapped(reader: WireReader): bigint {
  const wrapped = new WireReader();
  reader.span();
  wrapped.reset(reader.bytes, reader.spanStart, reader.spanEnd);
  let value = 0n;
  while (wrapped.more) {
    const next = wrapped.number();
    if (next === tag(1, WIRE_VARINT)) value = wrapped.u64();
    else wrapped.skip(next);
  }
  return value;
}

/** A google.protobuf.Timestamp; undefined for an empty one. */
function readTimestampMs(reader: WireReader): number | undefined {
  if (!reader.more) return undefined;
  let seconds = 0;
  let nanos = 0;
  while (reader.more) {
    const next = reader.number();
    if (next === tag(1, WIRE_VARINT)) seconds = Number(reader.int64());
    else if (next === tag(2, WIRE_VARINT)) nanos = reader.int32();
    else reader.skip(next);
  }
  return seconds * 1_000 + nanos / 1_000_000;
}

function readPongId(reader: WireReader): number {
  let id = 0;
  while (reader.more) {
    const next = reader.number();
    if (next === tag(1, WIRE_VARINT)) id = reader.int32();
    else reader.skip(next);
  }
  return id;
}
