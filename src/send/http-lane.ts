/**
 * `sendTransaction` over one raw kept-alive socket with a prepared head: 134–154 µs to a local server's receipt
 * where undici takes 235–254. One request is under way at a time, so the buffer can be reused.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Signature } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { HttpFormatError, type HttpResponse, HttpResponseReader } from './http-response.js';
import type { Lane, LaneOutcome } from './lane.js';

/** Base64 of the largest transaction (1232 bytes) with the JSON around it fits many times. */
const BUFFER_BYTES = 4096;
const LENGTH_DIGITS = 5;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MOST_MS = 2_000;
/** A connection that held so long is made again at once when it is lost. */
const STEADY_US = RECONNECT_MOST_MS * 1000;

const BODY_START = '{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["';
// maxRetries 0: the node's own retry is not to be relied on, the sender owns the loop. preflightCommitment is
// set although preflight is skipped: without it a lagging node forwards once and drops.
const BODY_END =
  '",{"encoding":"base64","skipPreflight":true,"preflightCommitment":"confirmed","maxRetries":0}]}';

export interface HttpLaneOptions {
  /** http(s) URL of the RPC node. */
  readonly url: string;
  /** Shown instead of the URL's host and port, where these do not tell the endpoint apart. */
  readonly endpoint?: string | undefined;
  /** For a connection to come about, and for an answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Whether it connects again when the connection is lost; else it ends with it. */
  readonly reconnects: boolean;
}

export class HttpLane implements Lane {
  readonly name: string;
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #reconnects: boolean;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  readonly #lengthAt: number;
  readonly #bodyAt: number;
  readonly #listeners: (() => void)[] = [];
  #socket: Socket | undefined;
  #connected = false;
  /** When the connection that is there, or was lost just now, came about. */
  #connectedUs: number | undefined;
  #closed = false;
  #reader = new HttpResponseReader();
  #pending: { startedUs: number; done: (outcome: LaneOutcome) => void; timer: TimerHandle } | undefined;
  #reconnectMs = RECONNECT_FIRST_MS;
  #reconnect: TimerHandle | undefined;
  #connectTimer: TimerHandle | undefined;

  constructor(options: HttpLaneOptions) {
    this.#url = new URL(options.url);
    this.name = `rpc:${options.endpoint ?? this.#url.host}`;
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    this.#reconnects = options.reconnects;
    const path = this.#url.pathname + this.#url.search;
    const head = `POST ${path} HTTP/1.1\r\nHost: ${this.#url.host}\r\nContent-Type: application/json\r\nContent-Length: `;
    this.#lengthAt = this.#buffer.write(head, 'latin1');
    const separatorAt = this.#lengthAt + LENGTH_DIGITS;
    const bodyStartAt = separatorAt + this.#buffer.write('\r\n\r\n', separatorAt, 'latin1');
    this.#bodyAt = bodyStartAt + this.#buffer.write(BODY_START, bodyStartAt, 'latin1');
    this.#open();
  }

  get ready(): boolean {
    // Bytes that wait in this process could leave after a stop: such a socket is not ready.
    return this.#connected && this.#pending === undefined && this.#socket?.writableLength === 0;
  }

  get connecting(): boolean {
    return !this.#connected && !this.#closed;
  }

  get ended(): boolean {
    return this.#closed;
  }

  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  write(_signature: Signature, wire: Uint8Array, done: (outcome: LaneOutcome) => void): void {
    const socket = this.#socket;
    if (!this.ready || socket === undefined) throw new Error('write on a lane that is not ready');
    const end = this.#fill(wire);
    const startedUs = this.#clock.monotonicUs();
    socket.write(this.#buffer.subarray(0, end));
    // The answer comes in another turn: a timer made before the write would only hold the bytes up.
    const timer = this.#clock.after(this.#timeoutMs, () => this.#drop('timeout', 'no answer in time'));
    this.#pending = { startedUs, done, timer };
  }

  close(): void {
    this.#closed = true;
    this.#reconnect?.cancel();
    this.#drop('error', 'closed');
  }

  #fill(wire: Uint8Array): number {
    const encoded = Buffer.from(wire.buffer, wire.byteOffset, wire.length).toString('base64');
    let end = this.#bodyAt + this.#buffer.write(encoded, this.#bodyAt, 'latin1');
    end += this.#buffer.write(BODY_END, end, 'latin1');
    const length = BODY_START.length + encoded.length + BODY_END.length;
    this.#buffer.write(String(length).padStart(LENGTH_DIGITS, ' '), this.#lengthAt, 'latin1');
    return end;
  }

  #open(): void {
    const secure = this.#url.protocol === 'https:';
    const port = Number(this.#url.port) || (secure ? 443 : 80);
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    const socket = secure
      ? connectTls({ host, port, servername: host, ALPNProtocols: ['http/1.1'] })
      : connectTcp({ host, port });
    this.#socket = socket;
    this.#reader = new HttpResponseReader();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.unref();
    socket.on(secure ? 'secureConnect' : 'connect', () => this.#opened(socket));
    socket.on('data', (chunk: Buffer) => this.#received(socket, chunk));
    socket.on('drain', () => this.#announce());
    socket.on('error', (error) => this.#lost(socket, error.message));
    socket.on('close', () => this.#lost(socket, 'connection closed'));
    // Nobody else ends a handshake that a frozen node never answers, and the kernel takes a minute for a lost packet.
    this.#connectTimer = this.#clock.after(this.#timeoutMs, () =>
      this.#drop('timeout', 'no connection in time'),
    );
  }

  #opened(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#connectTimer?.cancel();
    this.#connected = true;
    this.#connectedUs = this.#clock.monotonicUs();
    this.#reconnectMs = RECONNECT_FIRST_MS;
    this.#announce();
  }

  #received(socket: Socket, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    try {
      const response = this.#reader.push(chunk);
      if (response === undefined) return;
      if (this.#pending === undefined) throw new HttpFormatError('an answer that nothing asked for');
      if (response.closes) this.#connected = false;
      this.#settle(readOutcome(response));
      // A server that announces its end and then does not end would hold the lane for ever.
      if (response.closes) this.#drop('error', 'connection closed');
      else this.#announce();
    } catch (error) {
      if (!(error instanceof HttpFormatError)) throw error;
      this.#drop('error', error.message);
    }
  }

  #settle(outcome: Pick<LaneOutcome, 'outcome' | 'detail'>): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    pending.timer.cancel();
    pending.done({ ...outcome, ackUs: this.#clock.monotonicUs() - pending.startedUs });
  }

  #drop(outcome: 'timeout' | 'error', detail: string): void {
    this.#socket?.destroy();
    this.#disconnect(outcome, detail);
  }

  #lost(socket: Socket, detail: string): void {
    if (socket === this.#socket) this.#disconnect('error', detail);
  }

  #disconnect(outcome: 'timeout' | 'error', detail: string): void {
    if (this.#socket === undefined) return;
    this.#socket = undefined;
    this.#connectTimer?.cancel();
    this.#connected = false;
    this.#closed ||= !this.#reconnects;
    this.#settle({ outcome, detail });
    if (!this.#closed) this.#connectAgain();
  }

  /** A node ends what was long idle, all lanes at once: the next trade must not find them waiting. */
  #connectAgain(): void {
    const connectedUs = this.#connectedUs;
    this.#connectedUs = undefined;
    if (connectedUs !== undefined && this.#clock.monotonicUs() - connectedUs >= STEADY_US) {
      this.#open();
      return;
    }
    this.#reconnect = this.#clock.after(this.#reconnectMs, () => this.#open());
    this.#reconnectMs = Math.min(this.#reconnectMs * 2, RECONNECT_MOST_MS);
  }

  #announce(): void {
    if (!this.ready) return;
    for (const listener of this.#listeners) listener();
  }
}

/** Reads a node's answer to `sendTransaction`. */
export function readOutcome(response: HttpResponse): Pick<LaneOutcome, 'outcome' | 'detail'> {
  if (response.status === 429) return { outcome: 'refused', detail: 'HTTP 429' };
  // A gateway may answer for the node, with any JSON.
  let answer: {
    result?: unknown;
    error?: { code: number; message: string; data?: { err?: unknown } | null };
  } | null;
  try {
    answer = JSON.parse(response.body);
  } catch {
    return { outcome: 'error', detail: `HTTP ${response.status}` };
  }
  const error = answer?.error;
  if (error === undefined || error === null) {
    return typeof answer?.result === 'string'
      ? { outcome: 'acknowledged' }
      : { outcome: 'error', detail: 'no result' };
  }
  const reason = error.data?.err;
  const detail = `${error.code}: ${error.message}`.slice(0, 200);
  if (reason === 'AlreadyProcessed') return { outcome: 'alreadyProcessed', detail };
  if (reason === 'BlockhashNotFound') return { outcome: 'blockhashNotFound', detail };
  if (error.code === -32002) return { outcome: 'preflightFailed', detail };
  return { outcome: error.code === 429 || error.code === -32005 ? 'refused' : 'error', detail };
}
