/**
 * The place where bytes arrive: an HTTP server that notes when each transaction came first, and passes everything on to
 * the cluster, which has the same to do whoever sends. Under /rpc the cluster answers; under /sink the answer is its own
 * and comes at once, so that a path need not wait for it.
 */
import uWS, { type HttpResponse, type us_listen_socket } from 'uWebSockets.js';
import { RawPool, rawRequest } from './raw-http.js';

const RELAYS = 4;
/** One tells what is wrong, a few whether it is one thing. */
const REFUSALS_KEPT = 10;
const SEND_TRANSACTION = '"method":"sendTransaction","params":["';
/** Characters of base64 that hold the count of signatures and the signature, save its last bits. */
const KEY_LENGTH = 86;

export class Sink {
  readonly port: number;
  readonly #socket: us_listen_socket;
  readonly #relays: RawPool;
  readonly #arrivals: Map<string, number>;
  readonly #refused: string[];

  private constructor(
    port: number,
    socket: us_listen_socket,
    relays: RawPool,
    arrivals: Map<string, number>,
    refused: string[],
  ) {
    this.port = port;
    this.#socket = socket;
    this.#relays = relays;
    this.#arrivals = arrivals;
    this.#refused = refused;
  }

  static async open(rpcPort: number): Promise<Sink> {
    const relays = await RawPool.open(rpcPort, RELAYS);
    const arrivals = new Map<string, number>();
    const refused: string[] = [];
    const note = (body: string, atMs: number): void => {
      const at = body.indexOf(SEND_TRANSACTION);
      if (at < 0) return;
      const start = at + SEND_TRANSACTION.length;
      const key = body.slice(start, start + KEY_LENGTH);
      // The same bytes are sent again and again; the first time counts.
      if (!arrivals.has(key)) arrivals.set(key, atMs);
    };
    const app = uWS.App();
    app.post('/sink', (response) => {
      const atMs = performance.now();
      readBody(response, (body) => {
        note(body, atMs);
        answer(response, ANSWER);
        relays.send(rawRequest('/', body), (answered) => {
          const text = answered.body.toString('utf8');
          if (text.includes('"error"') && refused.length < REFUSALS_KEPT) refused.push(text);
        });
      });
    });
    app.post('/rpc', (response) => {
      const atMs = performance.now();
      readBody(response, (body, isGone) => {
        note(body, atMs);
        relays.send(rawRequest('/', body), (answered) => {
          if (!isGone()) answer(response, answered.body);
        });
      });
    });
    return new Promise((resolve, reject) => {
      app.listen('127.0.0.1', 0, (socket) => {
        if (socket === false) reject(new Error('the sink cannot listen'));
        else resolve(new Sink(uWS.us_socket_local_port(socket), socket, relays, arrivals, refused));
      });
    });
  }

  /** When a transaction came first, by `performance.now()`. */
  arrivalOf(key: string): number | undefined {
    return this.#arrivals.get(key);
  }

  /** What the cluster refused of the bytes under /sink since the last `forget`. */
  get refused(): readonly string[] {
    return this.#refused;
  }

  forget(): void {
    this.#arrivals.clear();
    this.#refused.length = 0;
  }

  close(): void {
    uWS.us_listen_socket_close(this.#socket);
    this.#relays.close();
  }
}

const ANSWER = Buffer.from('{"jsonrpc":"2.0","result":"accepted","id":1}');

/** By which a transaction is known at the sink. @param wire one signature, then the message */
export function arrivalKey(wire: Uint8Array): string {
  return Buffer.from(wire.buffer, wire.byteOffset, wire.length).toString('base64').slice(0, KEY_LENGTH);
}

/** The same from its signature and the message's first byte. */
export function arrivalKeyOf(signature: Uint8Array): string {
  return arrivalKey(Buffer.concat([Buffer.of(1), signature, Buffer.of(0)]));
}

/** The JSON-RPC body of a `sendTransaction`, as the sink reads it. */
export function sendBody(wire: Uint8Array): string {
  const text = Buffer.from(wire.buffer, wire.byteOffset, wire.length).toString('base64');
  return `{"jsonrpc":"2.0","id":1,${SEND_TRANSACTION}${text}",{"encoding":"base64","skipPreflight":true,"maxRetries":0}]}`;
}

/** Collects a request's body. */
export function readBody(response: HttpResponse, done: (body: string, isGone: () => boolean) => void): void {
  let gone = false;
  let text = '';
  response.onAborted(() => {
    gone = true;
  });
  response.onData((chunk, isLast) => {
    text += Buffer.from(chunk).toString('latin1');
    if (isLast) done(text, () => gone);
  });
}

export function answer(response: HttpResponse, body: string | Buffer): void {
  response.cork(() => {
    response.writeHeader('content-type', 'application/json').end(body);
  });
}
