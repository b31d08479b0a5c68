/** One message in two parts: what is a subscriber's own, and what all subscribers share. */
export interface Frame {
  readonly prefix: Buffer;
  readonly body: Buffer;
}

/** Compression flag and length before each gRPC message. */
const HEADER_BYTES = 5;

export function frameBytes({ prefix, body }: Frame): number {
  return prefix.length + body.length;
}

/**
 * Several gRPC messages that leave in one HTTP/2 write, which is what a busy stream costs most. grpc-js frames what a
 * serializer gives it as one message: it allocates the header and `byteLength`, fills in the header, and calls
 * `copy`. This one writes the whole frames, over that header too. `test/localnet/geyser-stream.test.ts` fails if a
 * later grpc-js frames otherwise.
 */
export class MessageBatch {
  readonly #frames: readonly Frame[];
  readonly byteLength: number;

  constructor(frames: readonly Frame[]) {
    let bytes = -HEADER_BYTES;
    for (const frame of frames) bytes += HEADER_BYTES + frameBytes(frame);
    this.#frames = frames;
    this.byteLength = bytes;
  }

  /** @param target the whole write. @param start where grpc-js would put the first message's content. */
  copy(target: Buffer, start: number): number {
    let at = start - HEADER_BYTES;
    for (const frame of this.#frames) {
      target[at] = 0;
      target.writeUInt32BE(frameBytes(frame), at + 1);
      at += HEADER_BYTES;
      at += frame.prefix.copy(target, at);
      at += frame.body.copy(target, at);
    }
    return at - start;
  }
}
