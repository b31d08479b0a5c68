/** gRPC's messages, cut out of what HTTP/2 brings in pieces of any size. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameOf, MAX_MESSAGE_BYTES, MessageFrames } from '../src/stream/message-frames.js';

const SEED = 20_261_129;

function readAll(frames: MessageFrames, chunks: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = [];
  for (const chunk of chunks) {
    frames.push(chunk);
    for (let next = frames.next(); next !== undefined; next = frames.next()) messages.push(Buffer.from(next));
  }
  return messages;
}

/** A message as a server sends it that compresses. */
function gzipped(message: Uint8Array): Buffer {
  const frame = frameOf(gzipSync(message));
  frame[0] = 1;
  return frame;
}

it('gives the messages whole and in order, wherever the pieces were cut', () => {
  const message = fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), compressed: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 120 })),
      (all, cuts) => {
        const wire = Buffer.concat(
          all.map(({ bytes, compressed }) => (compressed ? gzipped(bytes) : frameOf(bytes))),
        );
        const chunks: Buffer[] = [];
        for (let at = 0; at < wire.length; ) {
          const { value } = cuts.next();
          chunks.push(wire.subarray(at, at + value));
          at += value;
        }
        expect(readAll(new MessageFrames(), chunks)).toEqual(all.map(({ bytes }) => Buffer.from(bytes)));
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

it('gives a message that lies whole in what came without a copy', () => {
  const frames = new MessageFrames();
  const chunk = Buffer.concat([frameOf(Buffer.of(1, 2)), frameOf(Buffer.of(3))]);
  frames.push(chunk);
  const first = frames.next();
  chunk[5] = 9;
  expect(first).toEqual(Buffer.of(9, 2));
  expect(frames.next()).toEqual(Buffer.of(3));
  expect(frames.next()).toBeUndefined();
});

it('refuses what cannot be a message', () => {
  const refused = (chunk: Buffer): unknown => {
    try {
      readAll(new MessageFrames(), [chunk]);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const tooLong = Buffer.alloc(5);
  tooLong.writeUInt32BE(MAX_MESSAGE_BYTES + 1, 1);
  const longest = Buffer.alloc(5);
  longest.writeUInt32BE(MAX_MESSAGE_BYTES, 1);
  const strangeFlag = frameOf(Buffer.of(1));
  strangeFlag[0] = 2;
  const notGzip = frameOf(Buffer.of(1, 2, 3));
  notGzip[0] = 1;
  expect(refused(tooLong)).toMatchObject({ code: 'STREAM_FAILED' });
  expect(refused(strangeFlag)).toMatchObject({ code: 'STREAM_FAILED' });
  expect(refused(notGzip)).toMatchObject({ code: 'STREAM_FAILED' });
  expect(refused(longest)).toBeUndefined();
});

it('does not open a compressed message to more than the largest there may be', () => {
  const frames = new MessageFrames();
  frames.push(gzipped(Buffer.alloc(MAX_MESSAGE_BYTES + 1)));
  expect(() => frames.next()).toThrow(/does not open/);
});
