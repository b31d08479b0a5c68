/** Bytes that break the framing itself: a connection each, in one or more pieces, ended in one way or another. */
import { connect } from 'node:net';
import { HttpReader } from './http-reader.js';
import type { Lane, Message, Outcome } from './message.js';

/** How long a connection is left open for an answer: most of these messages get none. */
const PATIENCE_MS = 200;
const PIECE_PAUSE_MS = 2;

/** One byte before the message says how it is sent, so that a message replays whole. */
export const MANNERS = ['atOnce', 'halfClose', 'pieces', 'vanish'] as const;

export class RawLane implements Lane {
  readonly #host: string;
  readonly #port: number;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async send(batch: readonly Message[]): Promise<readonly Outcome[]> {
    return Promise.all(batch.map((message) => this.#one(message)));
  }

  close(): void {
    // Every message has ended its own connection.
  }

  #one(message: Message): Promise<Outcome> {
    const manner = MANNERS[(message.bytes[0] ?? 0) % MANNERS.length];
    const bytes = message.bytes.subarray(1);
    return new Promise((resolve) => {
      const socket = connect(this.#port, this.#host);
      const reader = new HttpReader();
      let answer: Outcome | undefined;
      const over = () => {
        clearTimeout(timer);
        socket.destroy();
        resolve(answer ?? { type: 'closed' });
      };
      let timer = setTimeout(over, PATIENCE_MS * 25);
      socket.on('connect', () => {
        clearTimeout(timer);
        timer = setTimeout(over, PATIENCE_MS);
        if (manner === 'vanish') {
          socket.write(bytes, over);
        } else if (manner === 'halfClose') socket.end(bytes);
        else if (manner === 'pieces')
          void sendPieces(bytes, (piece) => socket.writable && socket.write(piece));
        else socket.write(bytes);
      });
      socket.on('data', (chunk) => {
        reader.push(chunk);
        answer = firstAnswer(reader) ?? answer;
      });
      socket.on('error', () => undefined);
      socket.on('close', over);
    });
  }
}

async function sendPieces(bytes: Buffer, write: (piece: Buffer) => void): Promise<void> {
  const size = Math.max(1, Math.ceil(bytes.length / 4));
  for (let at = 0; at < bytes.length; at += size) {
    write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, PIECE_PAUSE_MS));
  }
}

/** Other protocols answer too (HTTP/2 settings): that is no HTTP/1 answer, and no fault. */
function firstAnswer(reader: HttpReader): Outcome | undefined {
  try {
    const answer = reader.next();
    return answer === undefined ? undefined : { type: 'http', ...answer };
  } catch {
    return undefined;
  }
}
