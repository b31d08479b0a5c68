/**
 * A recording: the raw messages of a stream with the times at which they came. All numbers little-endian.
 *
 * Header: magic (8 bytes), u16 version, f64 epoch milliseconds of the start, u16 length of the stream's name, name.
 * Then records: u8 kind, f64 microseconds since the start, u32 payload length, payload.
 */
import { HotslotError } from '../errors/hotslot-error.js';

const MAGIC = Buffer.from('HSLOTREC', 'latin1');
const VERSION = 1;
const FIXED_HEADER_BYTES = MAGIC.length + 2 + 8 + 2;
export const RECORD_HEADER_BYTES = 1 + 8 + 4;
/** A longer record is taken for damage: no block with everything in it comes near. */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/** A SubscribeUpdate as it came. */
export const KIND_MESSAGE = 1;
/** A session began: JSON `{reason, fromSlot?}`. */
export const KIND_SESSION = 2;
/** Messages are missing here, the disk was too slow: u32 count. */
export const KIND_DROPPED = 3;
/** Accounts that were read over RPC meanwhile: see fetched-record.ts. */
export const KIND_FETCHED = 4;

export interface RecordingHeader {
  readonly name: string;
  readonly startedAtMs: number;
}

export interface RecordingRecord {
  readonly kind: number;
  /** Microseconds since the start. */
  readonly offsetUs: number;
  readonly payload: Uint8Array;
}

export function encodeHeader(header: RecordingHeader): Buffer {
  const name = Buffer.from(header.name, 'utf8');
  const bytes = Buffer.alloc(FIXED_HEADER_BYTES + name.length);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt16LE(VERSION, 8);
  bytes.writeDoubleLE(header.startedAtMs, 10);
  bytes.writeUInt16LE(name.length, 18);
  name.copy(bytes, FIXED_HEADER_BYTES);
  return bytes;
}

export function encodeRecordHeader(kind: number, offsetUs: number, payloadBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  bytes.writeUInt8(kind, 0);
  bytes.writeDoubleLE(offsetUs, 1);
  bytes.writeUInt32LE(payloadBytes, 9);
  return bytes;
}

/**
 * Reads the header.
 * @returns the header and its length, or undefined where more bytes are needed
 * @throws HotslotError STREAM_FAILED where it is no recording, or one of another version
 */
export function decodeHeader(
  bytes: Buffer,
): { readonly header: RecordingHeader; readonly length: number } | undefined {
  if (!MAGIC.subarray(0, Math.min(8, bytes.length)).equals(bytes.subarray(0, 8)))
    throw damaged('it is no recording');
  if (bytes.length < FIXED_HEADER_BYTES) return undefined;
  const version = bytes.readUInt16LE(8);
  if (version !== VERSION) throw damaged(`version ${version} is unknown`);
  const length = FIXED_HEADER_BYTES + bytes.readUInt16LE(18);
  if (bytes.length < length) return undefined;
  return {
    header: { name: bytes.toString('utf8', FIXED_HEADER_BYTES, length), startedAtMs: bytes.readDoubleLE(10) },
    length,
  };
}

/**
 * Reads the record at `at`; the payload is a view.
 * @returns undefined where more bytes are needed
 * @throws HotslotError STREAM_FAILED where the record cannot be one
 */
export function decodeRecord(bytes: Buffer, at: number): RecordingRecord | undefined {
  if (bytes.length - at < RECORD_HEADER_BYTES) return undefined;
  const kind = bytes.readUInt8(at);
  const length = bytes.readUInt32LE(at + 9);
  if (kind < KIND_MESSAGE || kind > KIND_FETCHED || length > MAX_RECORD_BYTES)
    throw damaged(`bad record at ${at}`);
  const start = at + RECORD_HEADER_BYTES;
  if (bytes.length - start < length) return undefined;
  return { kind, offsetUs: bytes.readDoubleLE(at + 1), payload: bytes.subarray(start, start + length) };
}

export function damaged(detail: string): HotslotError {
  return new HotslotError('STREAM_FAILED', { detail: `The recording cannot be read: ${detail}.` });
}
