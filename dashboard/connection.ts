/** The WebSocket: subscribes to everything, and comes back by itself with growing pauses. */
import { token, tokenProtocol } from './token.js';
import type { ServerFrame } from './types.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** After so long without a frame it is asked whether anybody is there; the latency topic alone tells every second. */
const ASK_AFTER_MS = 4_000;
/** And after so long it is over, though nobody has said so: a network that goes away for a while tells no end. */
const GONE_AFTER_MS = 10_000;
const WATCH_MS = 1_000;
/** Up to that share is taken off each pause, so that many pages do not come back at once. */
const JITTER = 0.3;
const TOPICS = ['trades', 'slots', 'latency', 'alerts', 'queue'];

export interface ConnectionHandlers {
  onFrame(frame: ServerFrame): void;
  onOpen(): void;
  /** It is over, or could not be made; `retryAtMs` is when the next one is tried. */
  onLost(retryAtMs: number): void;
}

export class Connection {
  readonly #handlers: ConnectionHandlers;
  #socket: WebSocket | undefined;
  #timer: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  /** When the socket was made, or the last frame came; by a clock that nobody sets. */
  #heardMs = 0;

  constructor(handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    window.setInterval(() => this.#watch(), WATCH_MS);
  }

  /** Connects now, whatever there was before. */
  connect(): void {
    window.clearTimeout(this.#timer);
    this.#abandon();
    const bearer = token();
    const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
    const socket = new WebSocket(address, [
      'hotslot.v1',
      ...(bearer === undefined ? [] : [tokenProtocol(bearer)]),
    ]);
    this.#socket = socket;
    this.#heardMs = performance.now();
    socket.onmessage = ({ data }) => {
      this.#heardMs = performance.now();
      const frame = JSON.parse(data) as ServerFrame;
      // That it lives; what is shown gets no fresher by it.
      if (frame.type === 'pong') return;
      if (frame.type === 'welcome') this.#welcome(socket);
      this.#handlers.onFrame(frame);
    };
    socket.onclose = () => this.#lost(socket);
  }

  #welcome(socket: WebSocket): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    socket.send(JSON.stringify({ type: 'subscribe', topics: TOPICS }));
    this.#handlers.onOpen();
  }

  #watch(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    const silentMs = performance.now() - this.#heardMs;
    if (silentMs > GONE_AFTER_MS) this.#lost(socket);
    else if (silentMs > ASK_AFTER_MS && socket.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify({ type: 'ping' }));
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#abandon();
    const pauseMs = this.#pauseMs * (1 - JITTER * Math.random());
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#timer = window.setTimeout(() => this.connect(), pauseMs);
    this.#handlers.onLost(Date.now() + pauseMs);
  }

  #abandon(): void {
    const old = this.#socket;
    this.#socket = undefined;
    old?.close();
  }
}
