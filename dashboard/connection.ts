/** The WebSocket: subscribes to everything, and comes back by itself with growing pauses. */
import { token, tokenProtocol } from './token.js';
import type { ServerFrame } from './types.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
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

  constructor(handlers: ConnectionHandlers) {
    this.#handlers = handlers;
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
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data) as ServerFrame;
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

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
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
