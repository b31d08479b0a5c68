/**
 * A load generator's HTTP connection: whole prepared requests out, answers counted in order. It costs far less than
 * a full client, so that what is measured is the server. Requests may be pipelined.
 */
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /content-length: *(\d+)/i;
const STATUS_AT = 'HTTP/1.1 '.length;

export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export class RawConnection {
  readonly #socket: Socket;
  readonly #waiting: ((answer: RawAnswer) => void)[] = [];
  #first = 0;
  #rest: Buffer = Buffer.alloc(0);
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error) => {
      this.#failure = error;
    });
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
    });
  }

  /** Requests that have no answer yet. */
  get outstanding(): number {
    return this.#waiting.length - this.#first;
  }

  /** Writes a whole request; `done` is called with its answer. */
  send(request: Buffer, done: (answer: RawAnswer) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push(done);
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
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const headEnd = data.indexOf(HEAD_END);
      if (headEnd < 0) break;
      const head = data.toString('latin1', 0, headEnd);
      const bodyAt = headEnd + HEAD_END.length;
      const end = bodyAt + Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0);
      if (data.length < end) break;
      const answer = { status: Number(head.slice(STATUS_AT, STATUS_AT + 3)), body: data.subarray(bodyAt, end) };
      data = data.subarray(end);
      this.#waiting[this.#first++]?.(answer);
    }
    this.#rest = data;
    if (this.#first === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#first = 0;
    }
  }
}

/** The bytes of a request; a body makes it a POST of JSON. */
export function rawRequest(path: string, body?: string, headers: { readonly [name: string]: string } = {}): Buffer {
  const lines = [
    `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`);
}
