/** Frames for `/ws` of the executor, as JSON text and as MessagePack: commands, commands gone wrong, noise. */
import { Packr } from 'msgpackr';
import type { Seeded } from '../drill/seeded.js';
import type { Message } from './message.js';
import type { Surroundings } from './surroundings.js';
import { validTrade } from './trade-requests.js';
import { brokenText, hostileString, mutated, mutatedBytes, randomBytes, stringify, Token } from './values.js';
import { breaking, inPieces } from './websocket-abuse.js';
import { encodeFrame, OPCODES } from './websocket-bytes.js';

const TOPICS = ['trades', 'slots', 'latency', 'alerts', 'queue'];
/** What the server takes, less some of its own. */
const LONGEST_BYTES = 60_000;
const OVERSIZE_BYTES = 70_000;
const LONGEST_TOKEN = 500;
/** Lengths that a decoder must not believe: arrays, maps, texts and bytes of four thousand million. */
const LYING_HEADS = [0xdd, 0xdf, 0xdb, 0xc6, 0xc9];
const packr = new Packr({ useRecords: false });

export function liveMessage(random: Seeded, around: Surroundings, index: number): Message {
  const draw = random.next();
  if (draw < 0.01) return breaking(random, index, OVERSIZE_BYTES);
  const { kind, frame } = command(random, around, index);
  const text = stringify(random.chance(0.5) ? frame : mutated(frame, random));
  if (draw < 0.05) return { index, kind: 'in pieces', bytes: inPieces(random, Buffer.from(text)) };
  if (draw < 0.2) {
    const body = Buffer.from(brokenText(text, random)).subarray(0, LONGEST_BYTES);
    return { index, kind: 'broken', bytes: encodeFrame(random, OPCODES.binary, body) };
  }
  const body = Buffer.from(text).subarray(0, LONGEST_BYTES);
  return {
    index,
    kind,
    bytes: encodeFrame(random, random.chance(0.9) ? OPCODES.text : OPCODES.binary, body),
  };
}

export function packedMessage(random: Seeded, around: Surroundings, index: number): Message {
  const draw = random.next();
  if (draw < 0.01) return breaking(random, index, OVERSIZE_BYTES);
  const made = (kind: string, body: Buffer): Message => ({
    index,
    kind,
    bytes: encodeFrame(random, OPCODES.binary, body.subarray(0, LONGEST_BYTES)),
  });
  if (draw < 0.05) return made('noise', randomBytes(random, random.between(0, 200)));
  if (draw < 0.06)
    return made('deep', Buffer.alloc(random.between(100, LONGEST_BYTES), random.pick([0x91, 0x81])));
  if (draw < 0.1) {
    const head = Buffer.from([random.pick(LYING_HEADS), 0xff, 0xff, 0xff, random.between(0, 255)]);
    return made('a length that lies', Buffer.concat([head, randomBytes(random, random.between(0, 50))]));
  }
  const { kind, frame } = command(random, around, index);
  const packed = packr.pack(plain(random.chance(0.6) ? frame : mutated(frame, random)));
  return random.chance(0.4) ? made('changed', mutatedBytes(packed, random)) : made(kind, packed);
}

function command(random: Seeded, around: Surroundings, index: number): { kind: string; frame: object } {
  const type = random.pick(['subscribe', 'unsubscribe', 'submit', 'submit', 'submit', 'cancel', 'ping']);
  const requestId = `r${index}`;
  const topics = Array.from({ length: random.between(1, 3) }, () => random.pick(TOPICS));
  switch (type) {
    case 'submit': {
      const trade = validTrade(random, around, index);
      return {
        kind: type,
        frame: { type, requestId, trade: random.chance(0.1) ? trade : mutated(trade, random) },
      };
    }
    case 'cancel':
      return { kind: type, frame: { type, requestId, tradeId: hostileString(random) } };
    case 'ping':
      return { kind: type, frame: { type, requestId } };
    default:
      return { kind: type, frame: { type, requestId, topics } };
  }
}

/** Without tokens: as what they say in JSON, or as their text. */
function plain(value: unknown): unknown {
  if (value instanceof Token) return parsedOr(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** The encoder goes into depth by calling itself; nesting is tried with bytes of its own. */
function parsedOr(text: string): unknown {
  if (text.length > LONGEST_TOKEN) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
