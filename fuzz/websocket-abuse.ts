/** Frames that any WebSocket server meets: in pieces with others between, and such as none may take. */
import type { Seeded } from '../drill/seeded.js';
import type { Message } from './message.js';
import { randomBytes } from './values.js';
import { encodeFrame, OPCODES } from './websocket-bytes.js';

export function inPieces(random: Seeded, body: Buffer): Buffer {
  const at = random.between(0, body.length);
  const between = random.chance(0.3)
    ? encodeFrame(random, OPCODES.ping, Buffer.from('between'))
    : Buffer.alloc(0);
  return Buffer.concat([
    encodeFrame(random, OPCODES.text, body.subarray(0, at), { isLast: false }),
    between,
    encodeFrame(random, OPCODES.continuation, body.subarray(at)),
  ]);
}

/** @param oversizeBytes more than the server takes in one message */
export function breaking(random: Seeded, index: number, oversizeBytes: number): Message {
  const made = (kind: string, bytes: Buffer): Message => ({
    index,
    kind,
    bytes,
    mayClose: true,
    alone: true,
  });
  const some = randomBytes(random, random.between(0, 60));
  switch (random.between(0, 6)) {
    case 0:
      return made('reserved opcode', encodeFrame(random, random.pick([3, 4, 7, 11, 15]), some));
    case 1:
      return made(
        'reserved bits',
        encodeFrame(random, OPCODES.text, some, { reserved: random.between(1, 7) }),
      );
    case 2:
      return made('unmasked', encodeFrame(random, OPCODES.text, some, { isMasked: false }));
    case 3: {
      const long = Buffer.alloc(oversizeBytes + some.length, '[');
      return made('oversize', encodeFrame(random, OPCODES.text, long));
    }
    case 4:
      return made('no UTF-8', encodeFrame(random, OPCODES.text, Buffer.from([0x22, 0xff, 0xc0, 0x80, 0x22])));
    case 5:
      return made('continuation of nothing', encodeFrame(random, OPCODES.continuation, some));
    default:
      return made(
        'close',
        encodeFrame(random, OPCODES.close, random.chance(0.5) ? some : Buffer.from([3, 232])),
      );
  }
}
