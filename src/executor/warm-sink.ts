/**
 * A stand-in for an RPC node on loopback, in this process: it reads `sendTransaction` requests, keeps nothing and
 * acknowledges them. What is written to it has left no further than the kernel.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../time/clock.js';

/** One lane and its successor while it reconnects. */
const MAX_CONNECTIONS = 4;
/** A request's last bytes; one request is under way at a time, so that they end what has come so far. */
const REQUEST_END = Buffer.from('}]}');
const BODY = '{"jsonrpc":"2.0","id":1,"result":"1"}';
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

export class WarmSink {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  #busyUs = 0;

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
    // A sink that breaks only ends the warming: its lane finds no connection.
    this.#server.on('error', () => undefined);
    this.#server.unref();
  }

  static async open(clock: Clock): Promise<WarmSink> {
    const sink = new WarmSink(clock);
    await new Promise<void>((resolve, reject) => {
      sink.#server.once('error', reject);
      sink.#server.listen(0, '127.0.0.1', resolve);
    });
    return sink;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the sink does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Microseconds spent in its handlers so far. */
  get busyUs(): number {
    return this.#busyUs;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.unref();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      const startedUs = this.#clock.monotonicUs();
      if (chunk.subarray(-REQUEST_END.length).equals(REQUEST_END)) socket.write(ANSWER);
      this.#busyUs += this.#clock.monotonicUs() - startedUs;
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
