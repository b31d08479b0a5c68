/** WebSocket frames as RFC 6455 has them, and as it forbids them. */
import type { Seeded } from '../drill/seeded.js';
import { randomBytes } from './values.js';

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const MASK_BYTES = 4;
const SHORT_MOST = 125;
const MIDDLE_MARK = 126;
const LONG_MARK = 127;

export interface FrameOptions {
  /** Default true. */
  readonly isLast?: boolean;
  /** Clients must mask; default true. */
  readonly isMasked?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number;
}

export function encodeFrame(
  random: Seeded,
  opcode: number,
  payload: Buffer,
  { isLast = true, isMasked = true, reserved = 0 }: FrameOptions = {},
): Buffer {
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode;
  const head = Buffer.concat([Buffer.from([first]), lengthOf(payload.length, isMasked)]);
  if (!isMasked) return Buffer.concat([head, payload]);
  const mask = randomBytes(random, MASK_BYTES);
  const masked = Buffer.from(payload.map((byte, at) => byte ^ mask[at % MASK_BYTES]!));
  return Buffer.concat([head, mask, masked]);
}

function lengthOf(length: number, isMasked: boolean): Buffer {
  const flag = isMasked ? 0x80 : 0;
  if (length <= SHORT_MOST) return Buffer.from([flag | length]);
  const bytes = Buffer.alloc(length < 2 ** 16 ? 3 : 9);
  bytes[0] = flag | (bytes.length === 3 ? MIDDLE_MARK : LONG_MARK);
  if (bytes.length === 3) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Frames of a server out of a byte stream: unmasked. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  next(): Frame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    let length = bytes[1]! & 0x7f;
    let start = 2;
    if (length === MIDDLE_MARK) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      start = 4;
    } else if (length === LONG_MARK) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      start = 10;
    }
    if (bytes.length < start + length) return undefined;
    this.#bytes = bytes.subarray(start + length);
    return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, start + length) };
  }
}
