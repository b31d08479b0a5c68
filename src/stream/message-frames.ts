/** Cuts gRPC messages out of what HTTP/2 brings. Layout: github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. */
import { gunzipSync } from 'node:zlib';
import { malformed } from './wire-reader.js';

/** A flag, then the message's length, big-endian. */
const HEAD_BYTES = 5;
/** Far above any account (10 MiB) with what stands around it: what says that it is longer is no message. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Puts one message into a frame. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, HEAD_BYTES);
  return frame;
}

/**
 * A message that lies whole in what came is given as a view into it, without a copy; one that came in pieces is put
 * together once.
 */
export class MessageFrames {
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  /** The message that began in an earlier chunk, and how much of it is there. */
  #partial: Buffer | undefined;
  #partialBytes = 0;

  /** To be called when `next` has nothing more to give. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * @returns the next message, or undefined until more has come
   * @throws HotslotError STREAM_FAILED for what cannot be a message
   */
  next(): Uint8Array | undefined {
    if (this.#partial !== undefined) return this.#rest(this.#partial);
    if (!this.#readHead()) return undefined;
    const length = this.#head.readUInt32BE(1);
    if (length > MAX_MESSAGE_BYTES) throw malformed(`${length} bytes in one message`);
    const end = this.#at + length;
    if (end > this.#chunk.length) {
      this.#partial = Buffer.allocUnsafe(length);
      this.#partialBytes = 0;
      return this.#rest(this.#partial);
    }
    const message = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    return this.#opened(message);
  }

  #readHead(): boolean {
    while (this.#headBytes < HEAD_BYTES && this.#at < this.#chunk.length) {
      this.#head[this.#headBytes++] = this.#chunk[this.#at++]!;
    }
    return this.#headBytes === HEAD_BYTES;
  }

  #rest(partial: Buffer): Uint8Array | undefined {
    const copied = this.#chunk.copy(partial, this.#partialBytes, this.#at);
    this.#partialBytes += copied;
    this.#at += copied;
    if (this.#partialBytes < partial.length) return undefined;
    this.#partial = undefined;
    return this.#opened(partial);
  }

  #opened(message: Buffer): Uint8Array {
    this.#headBytes = 0;
    const flag = this.#head[0]!;
    if (flag === 0) return message;
    if (flag !== 1) throw malformed(`flag ${flag} before a message`);
    try {
      return gunzipSync(message, { maxOutputLength: MAX_MESSAGE_BYTES });
    } catch {
      throw malformed('a compressed message that does not open');
    }
  }
}
