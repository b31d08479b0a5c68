/**
 * A record on disk: 12 bytes of header, then the body.
 *   0  u16  magic 0x4a48          4  u32  length of the body
 *   2  u8   version (1)           8  u32  CRC-32 of header bytes 0 to 7 and the body
 *   3  u8   zero
 * Little-endian. The body is one MessagePack map that needs no other record to be read; u64 amounts are
 * MessagePack integers of 64 bits and come back as bigint, other numbers as number.
 */
import { crc32 } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr';
import type { JournalRecord } from './types.js';

export const HEADER_BYTES = 12;
const MAGIC = 0x4a48;
const VERSION = 1;
/** Far above any record (an attempt is about 1.6 KB); a length above it is damage, not a record. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Magic, version and the zero. */
const FRAME_START = [MAGIC & 0xff, MAGIC >> 8, VERSION, 0];

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, copyBuffers: true, int64AsType: 'bigint' });

const scratch = Buffer.alloc(HEADER_BYTES + MAX_BODY_BYTES);

/**
 * The record's frame, in a buffer that the next call overwrites.
 * @throws Error for a record over MAX_BODY_BYTES, which no caller can make of valid input
 */
export function encodeRecord(record: JournalRecord): Buffer {
  const body = packr.pack(record);
  if (body.length > MAX_BODY_BYTES)
    throw new Error(`a ${record.kind} record of ${body.length} bytes is too long`);
  scratch.writeUInt16LE(MAGIC, 0);
  scratch[2] = VERSION;
  scratch[3] = 0;
  scratch.writeUInt32LE(body.length, 4);
  scratch.set(body, HEADER_BYTES);
  scratch.writeUInt32LE(checksum(scratch, 0, body.length), 8);
  return scratch.subarray(0, HEADER_BYTES + body.length);
}

function checksum(bytes: Buffer, offset: number, bodyLength: number): number {
  const body = bytes.subarray(offset + HEADER_BYTES, offset + HEADER_BYTES + bodyLength);
  return crc32(body, crc32(bytes.subarray(offset, offset + 8)));
}

/** Length of the sound frame at an offset, or undefined where there is none. */
function frameLengthAt(bytes: Buffer, offset: number): number | undefined {
  if (offset + HEADER_BYTES > bytes.length || bytes.readUInt16LE(offset) !== MAGIC) return undefined;
  if (bytes[offset + 2] !== VERSION) return undefined;
  const bodyLength = bytes.readUInt32LE(offset + 4);
  if (bodyLength > MAX_BODY_BYTES || offset + HEADER_BYTES + bodyLength > bytes.length) return undefined;
  if (bytes.readUInt32LE(offset + 8) !== checksum(bytes, offset, bodyLength)) return undefined;
  return HEADER_BYTES + bodyLength;
}

/** Whether the rest of the file is the beginning of a frame, and no more than that. */
function isCutFrame(bytes: Buffer, offset: number): boolean {
  const rest = bytes.subarray(offset);
  const begins = FRAME_START.every((byte, at) => at >= rest.length || rest[at] === byte);
  if (!begins || rest.length < HEADER_BYTES) return begins;
  const bodyLength = rest.readUInt32LE(4);
  return bodyLength <= MAX_BODY_BYTES && rest.length < HEADER_BYTES + bodyLength;
}

/** One stretch of a segment: a record, or bytes that are none. */
export type Stretch =
  | {
      readonly kind: 'record';
      readonly record: JournalRecord;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly kind: 'damage';
      readonly offset: number;
      readonly length: number;
      /** A write cut short at the very end: the beginning of a frame that says it is longer. */
      readonly isCut: boolean;
    };

/**
 * Reads a segment from front to back. Damage is stepped over to the next frame whose checksum holds; only the
 * beginning of a frame at the end of the file (`isCut`) is what a write cut short leaves behind.
 */
export function* readSegment(bytes: Buffer): Generator<Stretch> {
  let offset = 0;
  while (offset < bytes.length) {
    const length = frameLengthAt(bytes, offset);
    if (length !== undefined) {
      const body = bytes.subarray(offset + HEADER_BYTES, offset + length);
      yield { kind: 'record', record: unpackr.unpack(body) as JournalRecord, offset, length };
      offset += length;
      continue;
    }
    let next = offset + 1;
    while (next < bytes.length && frameLengthAt(bytes, next) === undefined) next += 1;
    const isCut = next === bytes.length && isCutFrame(bytes, offset);
    yield { kind: 'damage', offset, length: next - offset, isCut };
    offset = next;
  }
}
