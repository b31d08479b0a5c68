/** Bytes for connections that break the framing: HTTP/1.1, WebSocket handshakes, HTTP/2, and noise. */
import type { Seeded } from '../drill/seeded.js';
import type { Message } from './message.js';
import { MANNERS } from './raw-lane.js';
import { mutatedBytes, randomBytes } from './values.js';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const OVERSIZE_BYTES = 80 * 1024;

type Maker = (random: Seeded) => Buffer;

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

const HTTP_KINDS: { readonly [kind: string]: Maker } = {
  noise: (random) => randomBytes(random, random.between(1, 2_000)),
  'mutated request': (random) =>
    mutatedBytes(
      text(
        'POST /api/trades HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
      ),
      random,
    ),
  'no end of head': (random) =>
    text(`GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(random.between(0, 3_000))}`),
  'head too long': (random) =>
    text(`GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(random.between(4_000, 40_000))}\r\n\r\n`),
  'many headers': (random) =>
    text(
      `GET /livez HTTP/1.1\r\n${Array.from({ length: random.between(20, 300) }, (_, at) => `h${at}: ${at}\r\n`).join('')}\r\n`,
    ),
  'odd version': (random) =>
    text(`GET /livez HTTP/${random.pick(['0.9', '1.0', '2.0', '9.9', 'x', ''])}\r\nHost: 127.0.0.1\r\n\r\n`),
  'odd request line': (random) =>
    text(
      `${random.pick(['', 'GET', 'GET /', 'GET  / HTTP/1.1', '/ GET HTTP/1.1', 'GET \0 HTTP/1.1', 'GET http://x/livez HTTP/1.1'])}\r\nHost: 127.0.0.1\r\n\r\n`,
    ),
  'length that lies': (random) =>
    text(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${random.pick(['-1', '1e3', '99999999999999999999', '5', '0x10', '', 'a', '2, 2', '+2'])}\r\n\r\n{}`,
    ),
  'two lengths': () =>
    text(
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{}GET /livez HTTP/1.1\r\n\r\n',
    ),
  'length and chunks': () =>
    text(
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n',
    ),
  'broken chunks': (random) =>
    text(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${random.pick(['zz\r\n{}\r\n', '-1\r\n', 'ffffffffffffffff\r\n{}', '2\r\n{}0\r\n\r\n', '2;a=b\r\n{}\r\n0\r\n\r\n', '5\r\n{}\r\n0\r\n\r\n'])}`,
    ),
  'body cut off': (random) =>
    text(
      `POST /api/trades HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(random.between(0, 4_000))}`,
    ),
  oversize: (random) => {
    const length = OVERSIZE_BYTES + random.between(0, 1_000);
    return text(
      `POST /api/trades HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${'['.repeat(length)}`,
    );
  },
  'deep nesting': () => {
    const depth = 30_000;
    return text(
      `POST /api/trades HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${depth * 2}\r\n\r\n${'['.repeat(depth)}${']'.repeat(depth)}`,
    );
  },
  'half a handshake': (random) =>
    text(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${random.pick(['', 'Sec-WebSocket-Key: x\r\n', 'Sec-WebSocket-Version: 99\r\n', `Sec-WebSocket-Key: ${'A'.repeat(900)}\r\n`])}\r\n`,
    ),
  'many at once': (random) =>
    text('GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(random.between(2, 200))),
  'HEAD and others': (random) =>
    text(
      `${random.pick(['HEAD', 'CONNECT', 'TRACE', 'OPTIONS'])} ${random.pick(['/livez', '/', '/api/status', '*', '127.0.0.1:1'])} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    ),
  'kept open': () => text('GET /keep HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
};

const HTTP2_KINDS: { readonly [kind: string]: Maker } = {
  noise: (random) => randomBytes(random, random.between(1, 2_000)),
  'not HTTP/2': () => text('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  'half a preface': (random) => text(PREFACE.slice(0, random.between(1, PREFACE.length - 1))),
  'preface and noise': (random) =>
    Buffer.concat([text(PREFACE), randomBytes(random, random.between(1, 400))]),
  'random frames': (random) =>
    Buffer.concat([
      text(PREFACE),
      Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
      ...Array.from({ length: 8 }, () => frame(random)),
    ]),
};

/** A frame of a random type, flags and stream; its length is mostly true. */
function frame(random: Seeded): Buffer {
  const payload = randomBytes(random, random.between(0, 64));
  const head = Buffer.alloc(9);
  head.writeUIntBE(random.chance(0.9) ? payload.length : random.between(0, 0xff_ff_ff), 0, 3);
  head[3] = random.between(0, 12);
  head[4] = random.between(0, 255);
  head.writeUInt32BE(random.between(0, 9), 5);
  return Buffer.concat([head, payload]);
}

export const rawHttp = (random: Seeded, index: number): Message => raw(HTTP_KINDS, random, index);
export const rawHttp2 = (random: Seeded, index: number): Message => raw(HTTP2_KINDS, random, index);

function raw(kinds: { readonly [kind: string]: Maker }, random: Seeded, index: number): Message {
  const kind = random.pick(Object.keys(kinds));
  const manner = random.between(0, MANNERS.length - 1);
  const bytes = Buffer.concat([Buffer.from([manner]), kinds[kind]!(random)]);
  return { index, kind: `${kind}, ${MANNERS[manner]}`, bytes, mayClose: true };
}
