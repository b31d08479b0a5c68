/** Reads protobuf's wire format in place: no copies, no object tree, every length checked. */
import { HotslotError } from '../errors/hotslot-error.js';

/** Wire types that a proto3 message can have; groups (3 and 4) are not among them. */
export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/** A tag: field number and wire type together. */
export const tag = (field: number, wireType: number): number => field * 8 + wireType;

/** A varint never has more bytes. */
const MAX_VARINT_BYTES = 10;

const utf8 = new TextDecoder();

/** The bytes are not a message of the form that we read: the stream cannot be trusted any further. */
export function malformed(detail: string): HotslotError {
  return new HotslotError('STREAM_FAILED', { detail: `A message is malformed: ${detail}.` });
}

/**
 * A cursor over one message. `position` and `end` are offsets into `bytes`; a nested message is read by
 * another cursor, or by the same one with `end` narrowed.
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  position = 0;
  end = 0;
  /** Start and end of the field last read by `span`. */
  spanStart = 0;
  spanEnd = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get more(): boolean {
    return this.position < this.end;
  }

  /** Field number times 8 plus wire type; also any other varint that must be an exact number. */
  number(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let count = 1; count < MAX_VARINT_BYTES; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw malformed('a number is over 2^53');
        return value;
      }
      scale *= 0x80;
    }
    throw malformed('a varint is too long');
  }

  /** An unsigned 64-bit varint. */
  u64(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let middle = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      middle |= (byte & 0x7f) << shift;
      if (byte < 0x80) return join(low, middle, 0);
    }
    const ninth = this.#byte();
    if (ninth < 0x80) return join(low, middle, ninth);
    const tenth = this.#byte();
    if (tenth > 1) throw malformed('a varint is over 64 bits');
    return join(low, middle, (ninth & 0x7f) | (tenth << 7));
  }

  /** A signed 32-bit varint (proto's int32: negative values take ten bytes). */
  int32(): number {
    return Number(BigInt.asIntN(32, this.u64()));
  }

  /** A signed 64-bit varint (proto's int64). */
  int64(): bigint {
    return BigInt.asIntN(64, this.u64());
  }

  /** Notes where a length-delimited field lies and steps over it. */
  span(): void {
    const length = this.number();
    const start = this.position;
    if (length > this.end - start) throw malformed('a field reaches past its message');
    this.spanStart = start;
    this.spanEnd = start + length;
    this.position = this.spanEnd;
  }

  /** Steps over a field that must have this many bytes; answers where it starts. */
  key(length: 32 | 64): number {
    this.span();
    if (this.spanEnd - this.spanStart !== length) throw malformed(`a key that is not ${length} bytes`);
    return this.spanStart;
  }

  /** A length-delimited field as a view. */
  view(): Uint8Array {
    this.span();
    return this.bytes.subarray(this.spanStart, this.spanEnd);
  }

  string(): string {
    return utf8.decode(this.view());
  }

  /** Steps over the value of a field that is not read. */
  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === WIRE_VARINT) this.#skipVarint();
    else if (wireType === WIRE_BYTES) this.span();
    else if (wireType === WIRE_FIXED64) this.#advance(8);
    else if (wireType === WIRE_FIXED32) this.#advance(4);
    else throw malformed(`wire type ${wireType}`);
  }

  #skipVarint(): void {
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      if (this.#byte() < 0x80) return;
    }
    throw malformed('a varint is too long');
  }

  #advance(count: number): void {
    if (count > this.end - this.position) throw malformed('a field reaches past its message');
    this.position += count;
  }

  #byte(): number {
    if (this.position >= this.end) throw malformed('it ends inside a field');
    return this.bytes[this.position++]!;
  }
}

/** 28 + 28 + 8 bits, by way of a plain number wherever it is exact (BigInt shifts are slow). */
function join(low: number, middle: number, high: number): bigint {
  if (high === 0 && middle < 2 ** 25) return BigInt(middle * 2 ** 28 + low);
  return (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low);
}
