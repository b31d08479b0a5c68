/**
 * Transaction bytes, read and checked in full. The runtime aborts the process on malformed transactions, so
 * nothing reaches it that did not come through here. The rules are those of the validator's deserialisation
 * and `sanitize`.
 */
import { base58 } from '@scure/base';
import { WireError } from './wire-error.js';

/** The most bytes a legacy or v0 transaction may have on the wire. */
export const MAX_WIRE_BYTES = 1232;
/** The most accounts that one transaction may lock, looked-up ones included. */
export const MAX_ACCOUNT_LOCKS = 64;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const VERSION_FLAG = 0x80;
/** Three bytes hold 16 bits at 7 bits each. */
const MAX_COMPACT_BYTES = 3;

export interface ParsedInstruction {
  readonly programIdIndex: number;
  readonly accounts: Uint8Array;
  readonly data: Uint8Array;
}

export interface ParsedLookup {
  readonly table: Uint8Array;
  readonly writableIndexes: Uint8Array;
  readonly readonlyIndexes: Uint8Array;
}

/** Views into `wire`: the bytes must not change while this is in use. */
export interface ParsedTransaction {
  readonly wire: Uint8Array;
  readonly version: 'legacy' | 0;
  /** Base58 of the first signature, the transaction's name. */
  readonly signature: string;
  readonly requiredSignatures: number;
  readonly readonlySigned: number;
  readonly readonlyUnsigned: number;
  readonly staticKeys: readonly Uint8Array[];
  readonly recentBlockhash: string;
  readonly instructions: readonly ParsedInstruction[];
  readonly lookups: readonly ParsedLookup[];
}

/** Reads forward only and throws `WireError` at the first byte that is missing. */
class Reader {
  offset = 0;
  constructor(private readonly bytes: Uint8Array) {}

  remaining(): number {
    return this.bytes.length - this.offset;
  }

  peek(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) throw new WireError('malformed', 'the bytes end early');
    return byte;
  }

  u8(): number {
    const byte = this.peek();
    this.offset += 1;
    return byte;
  }

  take(length: number): Uint8Array {
    if (length > this.remaining()) throw new WireError('malformed', 'the bytes end early');
    const part = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return part;
  }

  /** A length of 7 bits a byte, low bits first; longer forms of the same number are refused. */
  compactU16(): number {
    let value = 0;
    for (let index = 0; index < MAX_COMPACT_BYTES; index += 1) {
      const byte = this.u8();
      if (index > 0 && byte === 0) throw new WireError('malformed', 'a length is not in its shortest form');
      value |= (byte & 0x7f) << (7 * index);
      if ((byte & 0x80) === 0) {
        if (value > 0xffff) throw new WireError('malformed', 'a length is over 65535');
        return value;
      }
    }
    throw new WireError('malformed', 'a length has more than three bytes');
  }

  bytesWithLength(): Uint8Array {
    return this.take(this.compactU16());
  }
}

/**
 * Parses and sanitises one transaction.
 * @throws WireError `tooLarge`, `malformed` (cannot be read) or `sanitize` (can be read, makes no sense).
 */
export function parseTransaction(wire: Uint8Array): ParsedTransaction {
  if (wire.length > MAX_WIRE_BYTES) {
    throw new WireError('tooLarge', `too large: ${wire.length} bytes (max: ${MAX_WIRE_BYTES} bytes)`);
  }
  const reader = new Reader(wire);
  const signatureCount = reader.compactU16();
  const signatures = reader.take(signatureCount * SIGNATURE_BYTES);
  const version = readVersion(reader);
  const header = { required: reader.u8(), readonlySigned: reader.u8(), readonlyUnsigned: reader.u8() };
  const staticKeys = readKeys(reader);
  const recentBlockhash = base58.encode(reader.take(KEY_BYTES));
  const instructions = readInstructions(reader);
  const lookups = version === 0 ? readLookups(reader) : [];
  if (reader.remaining() > 0) {
    throw new WireError('malformed', `${reader.remaining()} bytes follow the transaction`);
  }
  checkHeader(signatureCount, header, staticKeys.length);
  checkKeys(staticKeys);
  checkReferences(staticKeys.length, instructions, lookups);
  return {
    wire,
    version,
    signature: base58.encode(signatures.subarray(0, SIGNATURE_BYTES)),
    requiredSignatures: header.required,
    readonlySigned: header.readonlySigned,
    readonlyUnsigned: header.readonlyUnsigned,
    staticKeys,
    recentBlockhash,
    instructions,
    lookups,
  };
}

function readVersion(reader: Reader): 'legacy' | 0 {
  const first = reader.peek();
  if ((first & VERSION_FLAG) === 0) return 'legacy';
  reader.u8();
  if ((first & ~VERSION_FLAG) !== 0) {
    throw new WireError('malformed', `unsupported message version ${first & ~VERSION_FLAG}`);
  }
  return 0;
}

function readKeys(reader: Reader): Uint8Array[] {
  const count = reader.compactU16();
  const all = reader.take(count * KEY_BYTES);
  const keys: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) {
    keys.push(all.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES));
  }
  return keys;
}

function readInstructions(reader: Reader): ParsedInstruction[] {
  const count = reader.compactU16();
  const instructions: ParsedInstruction[] = [];
  for (let index = 0; index < count; index += 1) {
    const programIdIndex = reader.u8();
    const accounts = reader.bytesWithLength();
    const data = reader.bytesWithLength();
    instructions.push({ programIdIndex, accounts, data });
  }
  return instructions;
}

function readLookups(reader: Reader): ParsedLookup[] {
  const count = reader.compactU16();
  const lookups: ParsedLookup[] = [];
  for (let index = 0; index < count; index += 1) {
    const table = reader.take(KEY_BYTES);
    const writableIndexes = reader.bytesWithLength();
    const readonlyIndexes = reader.bytesWithLength();
    lookups.push({ table, writableIndexes, readonlyIndexes });
  }
  return lookups;
}

function checkHeader(
  signatureCount: number,
  header: { readonly required: number; readonly readonlySigned: number; readonly readonlyUnsigned: number },
  keyCount: number,
): void {
  if (header.required === 0) throw new WireError('sanitize', 'no signature is required: nobody pays');
  if (signatureCount !== header.required) {
    throw new WireError('sanitize', `${signatureCount} signatures where ${header.required} are required`);
  }
  if (header.readonlySigned >= header.required) {
    throw new WireError('sanitize', 'the fee payer is not writable');
  }
  if (header.required + header.readonlyUnsigned > keyCount) {
    throw new WireError('sanitize', 'the header counts more accounts than there are');
  }
}

function checkKeys(staticKeys: readonly Uint8Array[]): void {
  const seen = new Set<string>();
  for (const key of staticKeys) {
    seen.add(Buffer.from(key.buffer, key.byteOffset, KEY_BYTES).toString('latin1'));
  }
  if (seen.size !== staticKeys.length) throw new WireError('sanitize', 'an account is named twice');
}

function checkReferences(
  staticCount: number,
  instructions: readonly ParsedInstruction[],
  lookups: readonly ParsedLookup[],
): void {
  let total = staticCount;
  for (const lookup of lookups) {
    const count = lookup.writableIndexes.length + lookup.readonlyIndexes.length;
    if (count === 0) throw new WireError('sanitize', 'a lookup takes no address from its table');
    total += count;
  }
  if (total > MAX_ACCOUNT_LOCKS) {
    throw new WireError('sanitize', `${total} accounts are locked (max: ${MAX_ACCOUNT_LOCKS})`);
  }
  for (const instruction of instructions) {
    if (instruction.programIdIndex === 0)
      throw new WireError('sanitize', 'the fee payer is called as a program');
    if (instruction.programIdIndex >= staticCount) {
      throw new WireError('sanitize', 'a program index is out of range');
    }
    for (const account of instruction.accounts) {
      if (account >= total) throw new WireError('sanitize', 'an account index is out of range');
    }
  }
}
