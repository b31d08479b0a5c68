/** One WebSocket client: what it hears, how fast it reads, and how much it may ask. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import { ConflatingQueue } from './conflating-queue.js';
import type { LiveEvent } from './live-event.js';
import type { LiveHub, Subscriber } from './live-hub.js';
import { encodeFrame, type WireFormat } from './ws-format.js';
import { type AnswerFrame, CLOSE_CODES, type SnapshotFrame, TOPICS, type Topic } from './ws-protocol.js';

/** Bytes that wait in a client's socket; past it its events are conflated until it has read on. */
export const CONFLATE_ABOVE_BYTES = 64 * 1024;
/** Events that wait for a client once conflated; past it the client is dropped. */
export const MAX_BACKLOG_EVENTS = 1_024;
/** Bytes that wait in a client's socket, answers included; past it the client is dropped. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Frames of one client that are heard within a second; more are answered RATE_LIMITED. */
export const MAX_MESSAGES_A_SECOND = 1_000;
/** More than that many within a second, and the client is dropped. */
export const DROP_ABOVE_MESSAGES_A_SECOND = 2_000;

/** What a client needs of its socket; uWebSockets' own has it. */
export interface ClientSocket {
  send(frame: string | Uint8Array, isBinary: boolean): unknown;
  getBufferedAmount(): number;
  cork(callback: () => void): unknown;
  end(code: number, reason: string): void;
}

export interface WsClientOptions {
  readonly socket: ClientSocket;
  readonly format: WireFormat;
  readonly hub: LiveHub;
  readonly clock: Clock;
  /** Whether it may submit and cancel. */
  readonly mayTrade: boolean;
}

export class WsClient implements Subscriber {
  readonly format: WireFormat;
  readonly mayTrade: boolean;
  readonly #socket: ClientSocket;
  readonly #hub: LiveHub;
  readonly #clock: Clock;
  /** The sequence that a topic's snapshot included. */
  readonly #from = new Map<Topic, number>();
  readonly #backlog = new ConflatingQueue({ plainLimit: 0 });
  #isOver = false;
  #secondSinceUs = Number.NEGATIVE_INFINITY;
  #messages = 0;

  constructor(options: WsClientOptions) {
    this.format = options.format;
    this.mayTrade = options.mayTrade;
    this.#socket = options.socket;
    this.#hub = options.hub;
    this.#clock = options.clock;
  }

  /**
   * Counts a frame that came in.
   * @returns false when it was one too many and the client is gone
   * @throws HotslotError RATE_LIMITED
   */
  countMessage(): boolean {
    const nowUs = this.#clock.monotonicUs();
    if (nowUs - this.#secondSinceUs >= 1_000_000) {
      this.#secondSinceUs = nowUs;
      this.#messages = 0;
    }
    this.#messages += 1;
    if (this.#messages <= MAX_MESSAGES_A_SECOND) return true;
    if (this.#messages <= DROP_ABOVE_MESSAGES_A_SECOND)
      throw new HotslotError('RATE_LIMITED', { context: { messagesASecond: MAX_MESSAGES_A_SECOND } });
    this.drop('tooManyMessages');
    return false;
  }

  subscribe(topics: readonly Topic[]): void {
    // Once each, however often a frame names it: every snapshot is work of the trades' thread.
    for (const topic of new Set(topics)) this.#hub.subscribe(topic, this);
  }

  unsubscribe(topics: readonly Topic[]): void {
    for (const topic of topics) {
      this.#hub.unsubscribe(topic, this);
      this.#from.delete(topic);
      this.#backlog.dropTopic(topic);
    }
  }

  snapshot(topic: Topic, sequence: number, data: object | null): void {
    this.#from.set(topic, sequence);
    this.#backlog.dropTopic(topic);
    const knownAtMs = this.#clock.nowMs();
    this.answer({ type: 'snapshot', topic, sequence, knownAtMs, data } as SnapshotFrame);
  }

  deliver(events: readonly LiveEvent[]): void {
    if (this.#isOver) return;
    this.#socket.cork(() => {
      for (const event of events) this.#offer(event);
    });
  }

  /** Sent whatever waits: only a reader that takes nothing at all is dropped for it. */
  answer(frame: AnswerFrame | SnapshotFrame): void {
    if (this.#isOver) return;
    this.#send(encodeFrame(this.format, frame));
    if (this.#socket.getBufferedAmount() > MAX_BUFFERED_BYTES) this.drop('tooSlow');
  }

  /** The socket has room again. */
  onDrain(): void {
    if (this.#isOver) return;
    this.#socket.cork(() => {
      while (this.#hasRoom()) {
        const [event] = this.#backlog.take(1);
        if (event === undefined) return;
        this.#send(event.frame(this.format));
      }
    });
  }

  drop(why: keyof typeof CLOSE_CODES): void {
    if (this.#isOver) return;
    const { code, reason } = CLOSE_CODES[why];
    this.forget();
    this.#socket.end(code, reason);
  }

  /** Its socket is gone, or about to go. */
  forget(): void {
    this.#isOver = true;
    this.#backlog.clear();
    for (const topic of TOPICS) this.#hub.unsubscribe(topic, this);
  }

  #offer(event: LiveEvent): void {
    if (this.#isOver || event.sequence <= (this.#from.get(event.topic) ?? Number.POSITIVE_INFINITY)) return;
    if (this.#backlog.size === 0 && this.#hasRoom()) {
      this.#send(event.frame(this.format));
      return;
    }
    this.#backlog.push(event);
    if (this.#backlog.size > MAX_BACKLOG_EVENTS) this.drop('tooSlow');
  }

  #hasRoom(): boolean {
    return this.#socket.getBufferedAmount() < CONFLATE_ABOVE_BYTES;
  }

  #send(frame: string | Uint8Array): void {
    this.#socket.send(frame, this.format === 'msgpack');
  }
}
