/**
 * Files of checksummed records, appended one after the other: 4 bytes length, 4 bytes CRC-32 of the payload, both
 * little-endian, then the payload. A process that dies while it writes leaves at most one torn record at the end.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';

const HEAD_BYTES = 8;
/** A record is one slot; the busiest slots that were seen have a few megabytes. */
const RECORD_BYTES_MAX = 512 * 1024 * 1024;

// Records carry their own structure definitions, so that each can be read without those before it.
const packr = new Packr({ copyBuffers: true });

export function encodeFrame(record: unknown): Buffer {
  const payload = packr.pack(record);
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(crc32(payload), 4);
  payload.copy(frame, HEAD_BYTES);
  return frame;
}

export interface FramesRead {
  readonly records: readonly unknown[];
  /** Bytes of whole, correct records from the start. */
  readonly goodBytes: number;
  readonly totalBytes: number;
}

/** Reads up to the first record that is torn or does not match its checksum. */
export function readFrames(file: string): FramesRead {
  const bytes = readFileSync(file);
  const records: unknown[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const end = at + HEAD_BYTES + length;
    if (length > RECORD_BYTES_MAX || end > bytes.length) break;
    const payload = bytes.subarray(at + HEAD_BYTES, end);
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) break;
    records.push(packr.unpack(payload));
    at = end;
  }
  return { records, goodBytes: at, totalBytes: bytes.length };
}
