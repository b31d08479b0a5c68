import type { AccountWrite } from '../engine/messages.js';
import { addressBytes } from './base58.js';
import { type DataSlices, sliceData } from './data-slices.js';
import { writeCreatedAt } from './timestamp.js';
import { varint64Size, varintSize, WireWriter } from './wire-writer.js';

const UPDATE_ACCOUNT = 2;
const ACCOUNT_INFO = 1;
const ACCOUNT_SLOT = 2;

const writer = new WireWriter();

/** One account write on its way to subscribers. Its bytes are made once for each set of data slices. */
export class AccountUpdate {
  readonly slot: number;
  readonly write: AccountWrite;
  /** Of the transaction that wrote; undefined where none did. */
  readonly signature: Uint8Array | undefined;
  readonly #createdAtMs: number;
  readonly #bodies = new Map<string, Buffer>();

  constructor(slot: number, write: AccountWrite, signature: Uint8Array | undefined, createdAtMs: number) {
    this.slot = slot;
    this.write = write;
    this.signature = signature;
    this.#createdAtMs = createdAtMs;
  }

  /** The encoded `SubscribeUpdate` without its filter names. */
  body(slices: DataSlices): Buffer {
    let body = this.#bodies.get(slices.key);
    if (body === undefined) {
      const data = sliceData(this.write.account.data, slices);
      const infoBytes = accountInfoSize(this.write, data, this.signature);
      // The lengths are known beforehand, so the account's data is moved once only.
      writer.varint(UPDATE_ACCOUNT * 8 + 2);
      writer.varint(
        1 + varintSize(infoBytes) + infoBytes + (this.slot === 0 ? 0 : 1 + varintSize(this.slot)),
      );
      writer.varint(ACCOUNT_INFO * 8 + 2);
      writer.varint(infoBytes);
      writeAccountInfo(writer, this.write, data, this.signature);
      writer.uint(ACCOUNT_SLOT, this.slot);
      writeCreatedAt(writer, this.#createdAtMs);
      body = writer.finish();
      this.#bodies.set(slices.key, body);
    }
    return body;
  }
}

/** The fields of `SubscribeUpdateAccountInfo`. */
export function writeAccountInfo(
  out: WireWriter,
  { address, account, writeVersion }: AccountWrite,
  data: Uint8Array,
  signature: Uint8Array | undefined,
): void {
  out.bytes(1, addressBytes(address));
  out.bigint(2, account.lamports);
  out.bytes(3, addressBytes(account.owner));
  out.bool(4, account.executable);
  out.bigint(5, account.rentEpoch);
  out.bytes(6, data);
  out.bigint(7, writeVersion);
  if (signature !== undefined) out.bytesAlways(8, signature);
}

function accountInfoSize(write: AccountWrite, data: Uint8Array, signature: Uint8Array | undefined): number {
  const { account } = write;
  return (
    bytesSize(addressBytes(write.address)) +
    bigintSize(account.lamports) +
    bytesSize(addressBytes(account.owner)) +
    (account.executable ? 2 : 0) +
    bigintSize(account.rentEpoch) +
    bytesSize(data) +
    bigintSize(write.writeVersion) +
    (signature === undefined ? 0 : bytesSize(signature))
  );
}

/** Of a field with a one-byte tag. */
function bytesSize(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : 1 + varintSize(bytes.length) + bytes.length;
}

function bigintSize(value: bigint): number {
  return value === 0n ? 0 : 1 + varint64Size(value);
}
