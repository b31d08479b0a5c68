/**
 * One bidirectional gRPC call on a connection of its own, over node:http2. A library stood here before: of what
 * following a busy stream allocated, two fifths were its (docs/PERFORMANCE.md).
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { Clock, TimerHandle } from '../time/clock.js';
import { GRPC_STATUS, type GrpcEnd, statusOf, statusOfHttp, statusOfReset } from './grpc-status.js';
import { frameOf, MessageFrames } from './message-frames.js';

export interface GrpcCallOptions {
  /** `https://host:port` for TLS, `http://host:port` without. */
  readonly origin: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Sent beside what gRPC itself needs. */
  readonly metadata: { readonly [name: string]: string };
  readonly clock: Clock;
  onMessage(bytes: Uint8Array): void;
  /** `true` once a turn of the event loop has brought many messages, `false` at its end. */
  onBehind(isBehind: boolean): void;
  /** Called once, last; never after `cancel`. */
  onEnd(end: GrpcEnd): void;
}

const HTTP_OK = 200;
/** A peer that does not answer HTTP/2's pings for as long is cut; without them a frozen one is not noticed at all. */
const KEEPALIVE_MS = 1_000;
/** A look that is later by this part of its period means that this process slept: the answer may lie unread. */
const SLEPT_SHARE = 0.5;
/** HTTP/2's own window of 64 KiB stalls a burst on every round trip. */
const FLOW_CONTROL_WINDOW_BYTES = 8 * 1024 * 1024;
/** A burst is read for this long at a time: what else waits, an intent above all, has its turn in between. */
const MOST_OF_TURN_US = 1_000;
/** More messages than these in one turn are a burst: the reader is behind. */
const BURST_MESSAGES = 16;

export class GrpcCall {
  readonly #options: GrpcCallOptions;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #frames = new MessageFrames();
  #keepalive: TimerHandle | undefined;
  #pingUnanswered = false;
  #lookedUs = 0;
  #turnBeganUs: number | undefined;
  #turnMessages = 0;
  #httpStatus: number | undefined;
  #status: GrpcEnd | undefined;
  /** Why the connection broke. */
  #failure: string | undefined;
  #over = false;

  constructor(options: GrpcCallOptions) {
    this.#options = options;
    this.#session = connect(options.origin, {
      settings: { enablePush: false, initialWindowSize: FLOW_CONTROL_WINDOW_BYTES },
      // What a session may hold is bounded by the window; node's own bound would refuse pings beside a full one.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
    });
    this.#session.once('connect', () => this.#connected());
    this.#session.on('error', (error) => this.#broke(error));
    this.#session.on('close', () => this.#broke(undefined));
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': options.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-accept-encoding': 'identity,gzip',
      'user-agent': 'hotslot',
      ...options.metadata,
    });
    this.#stream.on('response', (headers) => {
      this.#httpStatus = headers[':status'];
      this.#status ??= statusOf(headers);
    });
    this.#stream.on('trailers', (headers) => {
      this.#status ??= statusOf(headers);
    });
    this.#stream.on('data', (chunk: Buffer) => {
      // What a proxy says in gRPC's place is a page for people.
      if (this.#httpStatus !== HTTP_OK) return;
      this.#frames.push(chunk);
      this.#read();
    });
    // The server has said all that it had to say; the stream closes once this side has, too.
    this.#stream.on('end', () => this.#stream.end());
    // A reset of the stream alone says no more than its code, which 'close' looks at.
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_HTTP2_STREAM_ERROR') this.#broke(error);
    });
    // Where the connection broke, its own news may come behind the stream's.
    this.#stream.on('close', () => setImmediate(() => this.#end(this.#endStatus())));
  }

  send(message: Uint8Array): void {
    if (!this.#over) this.#stream.write(frameOf(message));
  }

  /** Ends the call from this side, and its connection. */
  cancel(): void {
    this.#finish();
  }

  #connected(): void {
    if (this.#over) return;
    const { clock } = this.#options;
    this.#session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES);
    this.#lookedUs = clock.monotonicUs();
    this.#keepalive = clock.every(KEEPALIVE_MS, () => this.#look());
  }

  #look(): void {
    const nowUs = this.#options.clock.monotonicUs();
    const isLate = nowUs - this.#lookedUs > KEEPALIVE_MS * 1_000 * (1 + SLEPT_SHARE);
    this.#lookedUs = nowUs;
    if (this.#pingUnanswered) {
      // Where this thread was held, the answer that came meanwhile is read before an immediate's turn.
      if (!isLate) setImmediate(this.#cutIfUnanswered);
      return;
    }
    if (this.#session.closed || this.#session.destroyed) return;
    this.#pingUnanswered = true;
    this.#session.ping((error) => {
      if (error === null) this.#pingUnanswered = false;
    });
  }

  readonly #cutIfUnanswered = (): void => {
    if (!this.#pingUnanswered) return;
    this.#end({ code: GRPC_STATUS.unavailable, detail: `no answer to a ping within ${KEEPALIVE_MS} ms` });
  };

  /** Hands on what came, until it is all read or the turn is full. @returns whether it is all read */
  #read(): boolean {
    const { clock, onMessage, onBehind } = this.#options;
    for (let message = this.#next(); message !== undefined; message = this.#next()) {
      if (this.#turnBeganUs === undefined) {
        this.#turnBeganUs = clock.monotonicUs();
        setImmediate(this.#endTurn);
      }
      this.#turnMessages++;
      if (this.#turnMessages === BURST_MESSAGES) onBehind(true);
      onMessage(message);
      if (this.#over) return false;
      if (clock.monotonicUs() - this.#turnBeganUs < MOST_OF_TURN_US) continue;
      this.#stream.pause();
      return false;
    }
    return !this.#over;
  }

  #next(): Uint8Array | undefined {
    try {
      return this.#frames.next();
    } catch (error) {
      this.#end({ code: GRPC_STATUS.internal, detail: (error as Error).message });
      return undefined;
    }
  }

  readonly #endTurn = (): void => {
    const wasBehind = this.#turnMessages >= BURST_MESSAGES;
    this.#turnBeganUs = undefined;
    this.#turnMessages = 0;
    if (wasBehind) this.#options.onBehind(false);
    if (!this.#over && this.#stream.isPaused() && this.#read()) this.#stream.resume();
  };

  #broke(error: Error | undefined): void {
    this.#failure ??= error?.message ?? 'the connection was closed';
  }

  #endStatus(): GrpcEnd {
    if (this.#status !== undefined) return this.#status;
    if (this.#failure !== undefined) return { code: GRPC_STATUS.unavailable, detail: this.#failure };
    if (this.#httpStatus !== undefined && this.#httpStatus !== HTTP_OK) return statusOfHttp(this.#httpStatus);
    return statusOfReset(this.#stream.rstCode ?? 0);
  }

  #end(end: GrpcEnd): void {
    if (this.#finish()) this.#options.onEnd(end);
  }

  /** @returns whether this was the end */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#keepalive?.cancel();
    this.#session.destroy();
    return true;
  }
}
