/** A WebSocket: a batch of frames and then a ping, whose pong shows that the server has taken them all. */
import { connect, type Socket } from 'node:net';
import { seeded } from '../drill/seeded.js';
import type { Lane, Message, Outcome } from './message.js';
import { encodeFrame, FrameReader, OPCODES } from './websocket-bytes.js';

const SILENCE_MS = 240_000;
/** For a frame after which the server may wait for what never comes. */
const PATIENCE_MS = 500;
/** A connection gathers subscriptions; after so many batches it makes room for a new one. */
const BATCHES_A_CONNECTION = 40;
/** Texts of one exchange that are kept for the judge; notifications may be many more. */
const KEPT_TEXTS = 200;
const KEPT_CHARS = 2_000;
const SWITCHING = 'HTTP/1.1 101';
const HEAD_END = '\r\n\r\n';
const mask = seeded('mask', 'websocket');

export interface WebSocketAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** Least time between two batches; default none. */
  readonly periodMs?: number;
}

export class WebSocketLane implements Lane {
  readonly #address: WebSocketAddress;
  #connection: Connection | undefined;
  #batches = 0;
  #sentAtMs = 0;

  constructor(address: WebSocketAddress) {
    this.#address = address;
  }

  async send(batch: readonly Message[]): Promise<readonly Outcome[]> {
    const waitMs = this.#sentAtMs + (this.#address.periodMs ?? 0) - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#sentAtMs = performance.now();
    const isReused = this.#connection?.isOpen === true && this.#batches < BATCHES_A_CONNECTION;
    let outcome = await this.#exchange(batch, isReused);
    // A connection that was ended for its silence between two batches has not refused the second one.
    const isUnheard = isReused && outcome.type === 'closed' && outcome.code === undefined;
    if (isUnheard && !batch.some(({ mayClose }) => mayClose === true))
      outcome = await this.#exchange(batch, false);
    // One answer for all: the texts are told with the first of them.
    return batch.map((_, at) =>
      at > 0 && outcome.type === 'frames' ? { type: 'frames', texts: [] } : outcome,
    );
  }

  async #exchange(batch: readonly Message[], isReused: boolean): Promise<Outcome> {
    if (!isReused || this.#connection === undefined) {
      this.close();
      this.#connection = new Connection(this.#address);
      this.#batches = 0;
    }
    this.#batches += 1;
    const outcome = await this.#connection.exchange(
      batch.map((message) => message.bytes),
      batch.some((message) => message.mayClose === true),
    );
    if (outcome.type !== 'frames') this.close();
    return outcome;
  }

  close(): void {
    this.#connection?.end();
    this.#connection = undefined;
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  #head = '';
  #isUp = false;
  #isOpen = true;
  #pings = 0;
  #wake: () => void = () => undefined;

  constructor({ host, port, path, headers = [] }: WebSocketAddress) {
    this.#socket = connect(port, host);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => {
      this.#take(chunk);
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#isOpen = false;
      this.#wake();
    });
    this.#socket.on('end', () => this.#socket.end());
    const more = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`,
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  end(): void {
    this.#socket.destroy();
  }

  async exchange(frames: readonly Buffer[], mayBeSilent: boolean): Promise<Outcome> {
    let deadline = Date.now() + SILENCE_MS;
    // What comes with the handshake's own bytes may be lost: a client has to wait for its answer.
    while (!this.#isUp && this.#isOpen) if (!(await this.#more(deadline))) return { type: 'silence' };
    this.#pings += 1;
    const token = `${this.#pings}`;
    this.#socket.write(Buffer.concat([...frames, encodeFrame(mask, OPCODES.ping, Buffer.from(token))]));
    if (mayBeSilent) deadline = Date.now() + PATIENCE_MS;
    const texts: string[] = [];
    for (;;) {
      const frame = this.#isUp ? this.#reader.next() : undefined;
      if (frame === undefined) {
        if (!this.#isOpen) return { type: 'closed' };
        if (!(await this.#more(deadline))) return { type: mayBeSilent ? 'closed' : 'silence' };
        continue;
      }
      if (frame.opcode === OPCODES.close) {
        return { type: 'closed', code: frame.payload.length < 2 ? 0 : frame.payload.readUInt16BE() };
      }
      if (frame.opcode === OPCODES.pong && frame.payload.toString('latin1') === token) {
        return { type: 'frames', texts };
      }
      if (texts.length < KEPT_TEXTS) {
        const encoding = frame.opcode === OPCODES.text ? 'utf8' : 'latin1';
        texts.push(frame.payload.toString(encoding, 0, KEPT_CHARS));
      }
    }
  }

  #take(chunk: Buffer): void {
    if (this.#isUp) {
      this.#reader.push(chunk);
      return;
    }
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    if (!this.#head.startsWith(SWITCHING)) {
      this.#socket.destroy();
      return;
    }
    this.#isUp = true;
    this.#reader.push(Buffer.from(this.#head.slice(end + HEAD_END.length), 'latin1'));
  }

  #more(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, deadline - Date.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
