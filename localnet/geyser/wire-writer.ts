/** Protobuf wire types, as the low three bits of a tag. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

const INITIAL_BYTES = 64 * 1024;
/** A buffer that one large block has grown beyond this is given back. */
const KEPT_BYTES = 1024 * 1024;
const VARINT_BYTES_MAX = 10;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const U64_MAX = 2n ** 64n - 1n;
/** Nearly every account has this number as its rent epoch, and big numbers are slow. */
const U64_MAX_VARINT = Buffer.from('ffffffffffffffffff01', 'hex');

/**
 * Writes protobuf messages into one buffer that is used again for each message. Fields with proto3's default value
 * are left out, except by the `…Always` methods. Nested messages are opened and closed; a message of 128 bytes or
 * more is moved once to make room for its length.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #position = 0;

  /** The bytes written since the last call, in a buffer of their own. */
  finish(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#position));
    this.#position = 0;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(INITIAL_BYTES);
    return bytes;
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }

  /** A bare varint; `value` is a whole number from 0 to 2^53. */
  varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#position++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#position++] = rest;
  }

  /** A bare varint of 64 bits; a negative value is written as its two's complement. */
  varint64(value: bigint): void {
    if (value >= 0n && value <= SAFE_MAX) {
      this.varint(Number(value));
      return;
    }
    if (value === U64_MAX) {
      this.raw(U64_MAX_VARINT);
      return;
    }
    this.#reserve(VARINT_BYTES_MAX);
    let rest = BigInt.asUintN(64, value);
    while (rest >= 128n) {
      this.#buffer[this.#position++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#buffer[this.#position++] = Number(rest);
  }

  uint(field: number, value: number): void {
    if (value !== 0) this.uintAlways(field, value);
  }

  uintAlways(field: number, value: number): void {
    this.varint(field * 8 + VARINT);
    this.varint(value);
  }

  bigint(field: number, value: bigint): void {
    if (value !== 0n) this.bigintAlways(field, value);
  }

  bigintAlways(field: number, value: bigint): void {
    this.varint(field * 8 + VARINT);
    this.varint64(value);
  }

  bool(field: number, value: boolean): void {
    if (value) this.uintAlways(field, 1);
  }

  double(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field * 8 + FIXED64);
    this.#reserve(8);
    this.#position = this.#buffer.writeDoubleLE(value, this.#position);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length !== 0) this.bytesAlways(field, value);
  }

  bytesAlways(field: number, value: Uint8Array): void {
    this.varint(field * 8 + LENGTH_DELIMITED);
    this.varint(value.length);
    this.raw(value);
  }

  /** Bytes as they are, without tag or length. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#position);
    this.#position += value.length;
  }

  string(field: number, value: string): void {
    if (value.length !== 0) this.stringAlways(field, value);
  }

  stringAlways(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(field * 8 + LENGTH_DELIMITED);
    this.varint(length);
    this.#reserve(length);
    this.#position += this.#buffer.write(value, this.#position, length, 'utf8');
  }

  /** Begins a nested message; the result goes to `close`. */
  open(field: number): number {
    this.varint(field * 8 + LENGTH_DELIMITED);
    this.#reserve(1);
    return ++this.#position;
  }

  close(start: number): void {
    const length = this.#position - start;
    if (length < 128) {
      this.#buffer[start - 1] = length;
      return;
    }
    const extra = varintSize(length) - 1;
    this.#reserve(extra);
    this.#buffer.copyWithin(start + extra, start, this.#position);
    const end = this.#position + extra;
    this.#position = start - 1;
    this.varint(length);
    this.#position = end;
  }
}

/** Bytes that a varint takes; `value` from 0 to 2^64 - 1. */
export function varint64Size(value: bigint): number {
  if (value <= SAFE_MAX) return varintSize(Number(value));
  if (value === U64_MAX) return U64_MAX_VARINT.length;
  let size = 0;
  for (let rest = value; rest > 0n; rest >>= 7n) size++;
  return size;
}

/** Bytes that a varint takes; `value` from 0 to 2^53. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
