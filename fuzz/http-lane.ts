/** A kept-alive connection on which requests are pipelined, and a new one where the server has ended the old. */
import { connect, type Socket } from 'node:net';
import { HttpReader } from './http-reader.js';
import type { Lane, Message, Outcome } from './message.js';

const SILENCE_MS = 240_000;

export class HttpLane implements Lane {
  readonly #host: string;
  readonly #port: number;
  #connection: Connection | undefined;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /**
   * A server may end a connection after any answer, and one that answers late may not take a second request
   * meanwhile: what was pipelined behind is asked again. Only what is alone on a new connection is refused.
   */
  async send(batch: readonly Message[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    while (outcomes.length < batch.length) {
      const rest = batch.slice(outcomes.length);
      const answered = (await this.#exchange(rest)).filter(({ type }) => type === 'http');
      outcomes.push(...answered);
      if (answered.length === 0) outcomes.push((await this.#exchange(rest.slice(0, 1)))[0]!);
    }
    return outcomes;
  }

  close(): void {
    this.#connection?.end();
    this.#connection = undefined;
  }

  async #exchange(batch: readonly Message[]): Promise<readonly Outcome[]> {
    // A connection that was ended between two exchanges has not refused the second one.
    const reused = this.#connection?.isOpen === true;
    const outcomes = await this.#once(batch);
    if (!reused || outcomes[0]?.type !== 'closed') return outcomes;
    return this.#once(batch);
  }

  async #once(batch: readonly Message[]): Promise<readonly Outcome[]> {
    if (this.#connection?.isOpen !== true) this.#connection = new Connection(this.#host, this.#port);
    const connection = this.#connection;
    const outcomes = await connection.exchange(batch);
    if (outcomes.at(-1)?.type !== 'http') {
      connection.end();
      this.#connection = undefined;
    }
    return outcomes;
  }
}

class Connection {
  readonly #socket: Socket;
  #reader = new HttpReader();
  #isOpen = true;
  #wake: () => void = () => undefined;

  constructor(host: string, port: number) {
    this.#socket = connect(port, host);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      this.#wake();
    });
    // A reset is an end like any other; what it means is for the judge.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#isOpen = false;
      this.#wake();
    });
    this.#socket.on('end', () => this.#socket.end());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  end(): void {
    this.#socket.destroy();
  }

  async exchange(batch: readonly Message[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    this.#socket.write(Buffer.concat(batch.map((message) => message.bytes)));
    const deadline = Date.now() + SILENCE_MS;
    while (outcomes.length < batch.length) {
      const answer = this.#reader.next();
      if (answer !== undefined) outcomes.push({ type: 'http', ...answer });
      else if (!this.#isOpen) break;
      else if (!(await this.#more(deadline))) return filled(outcomes, batch.length, { type: 'silence' });
    }
    return filled(outcomes, batch.length, { type: 'closed' });
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

function filled(outcomes: readonly Outcome[], length: number, rest: Outcome): readonly Outcome[] {
  return Array.from({ length }, (_, at) => outcomes[at] ?? rest);
}
