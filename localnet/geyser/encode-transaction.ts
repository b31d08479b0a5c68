import type { WireWriter } from './wire-writer.js';

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
/** Set in a message's first byte when it is versioned; the other bits are the version. */
const VERSIONED = 0x80;

/** The transaction's first signature. */
export function firstSignature(wire: Uint8Array): Uint8Array {
  // At most 12 signatures fit into a packet, so their count is one byte.
  return wire.subarray(1, 1 + SIGNATURE_BYTES);
}

/** Reads a serialized transaction; the engine has checked it before. */
class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  peek(): number {
    return this.#bytes[this.#at]!;
  }

  byte(): number {
    return this.#bytes[this.#at++]!;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('transaction bytes end early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Solana's compact length: seven bits a byte, low bits first. */
  length(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }
}

/** The fields of `Transaction`, from its serialized form. Throws `RangeError` on bytes that end early. */
export function writeTransaction(out: WireWriter, wire: Uint8Array): void {
  const reader = new WireReader(wire);
  for (let left = reader.length(); left > 0; left--) out.bytesAlways(1, reader.take(SIGNATURE_BYTES));
  const message = out.open(2);
  writeMessage(out, reader);
  out.close(message);
}

function writeMessage(out: WireWriter, reader: WireReader): void {
  const versioned = (reader.peek() & VERSIONED) !== 0;
  if (versioned) reader.byte();
  const header = out.open(1);
  for (const field of [1, 2, 3]) out.uint(field, reader.byte());
  out.close(header);
  for (let left = reader.length(); left > 0; left--) out.bytesAlways(2, reader.take(KEY_BYTES));
  out.bytesAlways(3, reader.take(KEY_BYTES));
  for (let left = reader.length(); left > 0; left--) {
    const instruction = out.open(4);
    out.uint(1, reader.byte());
    out.bytes(2, reader.take(reader.length()));
    out.bytes(3, reader.take(reader.length()));
    out.close(instruction);
  }
  out.bool(5, versioned);
  if (!versioned) return;
  for (let left = reader.length(); left > 0; left--) {
    const lookup = out.open(6);
    out.bytesAlways(1, reader.take(KEY_BYTES));
    out.bytes(2, reader.take(reader.length()));
    out.bytes(3, reader.take(reader.length()));
    out.close(lookup);
  }
}
