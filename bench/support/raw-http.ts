/**
 * A load generator's HTTP connection: whole prepared requests out, answers counted in order. It costs far less than
 * a full client, so that what is measured is the server. Requests may be pipelined where the server answers at once:
 * uWebSockets.js drops a connection whose next request comes before a late answer. A server may let go of an idle
 * connection in the very moment of a write: what it did not answer is then written once more, so that requests have
 * to be such as may come twice (an intent has its clientOrderId, a transaction its signature).
 */
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /content-length: *(\d+)/i;
const POOL_MAX = 1_024;
const STATUS_AT = 'HTTP/1.1 '.length;

export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export class RawConnection {
  readonly #port: number;
  readonly #waiting: { readonly request: Buffer; readonly done: (answer: RawAnswer) => void }[] = [];
  /** Nothing was answered since what was under way was written once more. */
  #isSecondTry = false;
  #socket: Socket;
  #first = 0;
  #closing = false;
  #rest: Buffer = Buffer.alloc(0);
  #head = { bytes: Buffer.alloc(0), length: 0, status: 0, bodyBytes: 0 };

  private constructor(port: number, socket: Socket) {
    this.#port = port;
    this.#socket = this.#listen(socket);
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(port, socket));
      });
    });
  }

  /** What is sent meanwhile waits for the connection. */
  static openLater(port: number): RawConnection {
    return new RawConnection(port, connect({ host: '127.0.0.1', port }));
  }

  /** Requests that have no answer yet. */
  get outstanding(): number {
    return this.#waiting.length - this.#first;
  }

  /** Writes a whole request; `done` is called with its answer. */
  send(request: Buffer, done: (answer: RawAnswer) => void): void {
    // A server lets go of an idle connection; writes to the new one wait until it is there.
    if (this.#socket.destroyed) this.#socket = this.#listen(connect({ host: '127.0.0.1', port: this.#port }));
    this.#waiting.push({ request, done });
    this.#socket.write(request);
  }

  ask(request: Buffer): Promise<RawAnswer> {
    return new Promise((resolve) => this.send(request, resolve));
  }

  /** Lets many `send`s of one turn leave in one write. */
  together(sends: () => void): void {
    this.#socket.cork();
    sends();
    this.#socket.uncork();
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #listen(socket: Socket): Socket {
    this.#rest = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    let reason = 'closed';
    socket.on('error', ({ message }) => {
      reason = message;
      socket.destroy();
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      // By then another may have taken its place.
      if (socket !== this.#socket || this.#closing || this.outstanding === 0) return;
      if (this.#isSecondTry)
        throw new Error(`${this.outstanding} requests to port ${this.#port} were not answered: ${reason}`);
      this.#isSecondTry = true;
      this.#socket = this.#listen(connect({ host: '127.0.0.1', port: this.#port }));
      for (const { request } of this.#waiting.slice(this.#first)) this.#socket.write(request);
    });
    return socket;
  }

  #received(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#readHead(data)) {
      const { length, status, bodyBytes } = this.#head;
      const end = length + bodyBytes;
      if (data.length < end) break;
      const body = data.subarray(length, end);
      data = data.subarray(end);
      this.#isSecondTry = false;
      this.#waiting[this.#first++]?.done({ status, body });
    }
    this.#rest = data;
    if (this.#first === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#first = 0;
    }
  }

  /** False while the head is not whole. Answers of one route mostly have one head: it is read once and compared. */
  #readHead(data: Buffer): boolean {
    const { bytes, length } = this.#head;
    if (length > 0 && data.length >= length && data.compare(bytes, 0, length, 0, length) === 0) return true;
    const headEnd = data.indexOf(HEAD_END);
    if (headEnd < 0) return false;
    const headLength = headEnd + HEAD_END.length;
    const text = data.toString('latin1', 0, headEnd);
    this.#head = {
      bytes: Buffer.from(data.subarray(0, headLength)),
      length: headLength,
      status: Number(text.slice(STATUS_AT, STATUS_AT + 3)),
      bodyBytes: Number(CONTENT_LENGTH.exec(text)?.[1] ?? 0),
    };
    return true;
  }
}

/** Connections with one request under way each; another is opened when all are busy. */
export class RawPool {
  readonly #port: number;
  readonly #connections: RawConnection[];

  private constructor(port: number, connections: RawConnection[]) {
    this.#port = port;
    this.#connections = connections;
  }

  static async open(port: number, count: number): Promise<RawPool> {
    return new RawPool(
      port,
      await Promise.all(Array.from({ length: count }, () => RawConnection.open(port))),
    );
  }

  send(request: Buffer, done: (answer: RawAnswer) => void): void {
    let idle = this.#connections.find((connection) => connection.outstanding === 0);
    if (idle === undefined) {
      if (this.#connections.length >= POOL_MAX) throw new Error(`port ${this.#port} does not keep up`);
      idle = RawConnection.openLater(this.#port);
      this.#connections.push(idle);
    }
    idle.send(request, done);
  }

  ask(request: Buffer): Promise<RawAnswer> {
    return new Promise((resolve) => this.send(request, resolve));
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** The bytes of a request; a body makes it a POST of JSON. */
export function rawRequest(
  path: string,
  body?: string,
  headers: { readonly [name: string]: string } = {},
): Buffer {
  const lines = [
    `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
}
