/** Frames for the PubSub WebSocket: calls, calls gone wrong, binary, in pieces, and frames that no server may take. */
import type { Seeded } from '../drill/seeded.js';
import type { Message } from './message.js';
import type { Surroundings } from './surroundings.js';
import { brokenText, hostileString, mutated, randomBytes, stringify } from './values.js';
import { breaking, inPieces } from './websocket-abuse.js';
import { encodeFrame, OPCODES } from './websocket-bytes.js';

const NAMES = ['account', 'program', 'logs', 'signature', 'slot', 'root', 'slotsUpdates', 'block', 'vote'];
const COMMITMENTS = ['processed', 'confirmed', 'finalized'];
/** What the server takes, less some of its own. */
const LONGEST_BYTES = 4_000;
const OVERSIZE_BYTES = 5_000;

export function pubsubMessage(random: Seeded, around: Surroundings, index: number): Message {
  const draw = random.next();
  if (draw < 0.02) return breaking(random, index, OVERSIZE_BYTES);
  const { method, text } = pubsubCall(random, around);
  if (draw < 0.07) {
    const bytes = encodeFrame(random, OPCODES.binary, randomBytes(random, random.between(0, 300)));
    return { index, kind: 'binary', bytes };
  }
  if (draw < 0.12)
    return { index, kind: 'in pieces', bytes: inPieces(random, Buffer.from(text)), ...closing(text) };
  if (draw < 0.14) {
    return {
      index,
      kind: 'ping',
      bytes: encodeFrame(random, OPCODES.ping, randomBytes(random, random.between(0, 100))),
    };
  }
  if (draw < 0.3) {
    const broken = Buffer.from(brokenText(text, random));
    return { index, kind: 'broken', bytes: encodeFrame(random, OPCODES.text, broken), ...closing(broken) };
  }
  const body = Buffer.from(text);
  return { index, kind: method, bytes: encodeFrame(random, OPCODES.text, body), ...closing(body) };
}

/** The server ends a connection over a message that is too long. */
function closing(message: string | Buffer): { readonly mayClose: boolean; readonly alone: boolean } {
  const isLong = Buffer.byteLength(message) >= LONGEST_BYTES;
  return { mayClose: isLong, alone: isLong };
}

function pubsubCall(
  random: Seeded,
  around: Surroundings,
): { readonly method: string; readonly text: string } {
  const name = random.pick(NAMES);
  const action = random.chance(0.6) ? 'Subscribe' : 'Unsubscribe';
  const method = random.chance(0.97) ? name + action : random.pick(['getVersion', hostileString(random)]);
  const usual = action === 'Subscribe' ? subscription(name, random, around) : [random.between(0, 500)];
  const params = random.chance(0.5) ? usual : mutated(usual, random);
  const envelope = { jsonrpc: '2.0', id: random.between(0, 1_000), method, params };
  const text = stringify(random.chance(0.05) ? mutated(envelope, random) : envelope);
  return { method: method.slice(0, 40), text: random.chance(0.01) ? `[${text},${text}]` : text };
}

function subscription(name: string, random: Seeded, around: Surroundings): readonly unknown[] {
  const options = { commitment: random.pick(COMMITMENTS), encoding: random.pick(['base64', 'jsonParsed']) };
  switch (name) {
    case 'account':
      return [random.pick(around.pools).address, options];
    case 'program':
      return [random.pick(around.pools).address, { ...options, filters: [{ dataSize: 637 }] }];
    case 'logs':
      return [{ mentions: [random.pick(around.wallets)] }, { commitment: options.commitment }];
    case 'signature':
      return [around.knownSignature(), { commitment: options.commitment, enableReceivedNotification: true }];
    case 'block':
      return [{ mentionsAccountOrProgram: random.pick(around.wallets) }, { commitment: 'confirmed' }];
    default:
      return [];
  }
}
