import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { StreamFate } from '../chaos/chaos.js';
import type { StreamChaos } from './stream-chaos.js';

/** A write before chaos has its way with it. */
interface DelayedFrame {
  readonly dueMs: number;
  readonly frame: Buffer;
}

/** How a stream ended; `status` codes of gRPC. */
export interface StreamEnd {
  readonly code: status;
  readonly details: string;
}

export interface OutboxOptions {
  /** Updates that may wait for a slow client. */
  readonly queueLimit: number;
  /** Bytes that may. */
  readonly queueBytesLimit: number;
  readonly chaos: StreamChaos | undefined;
  readonly nowMs: () => number;
  /** Called once, when the stream has ended from this side. */
  readonly onEnd: () => void;
}

/** The sending side of one stream: its bounded queue, and what chaos does to it. */
export class Outbox {
  readonly #call: ServerDuplexStream<unknown, Buffer>;
  readonly #options: OutboxOptions;
  /** Sizes of the frames that the transport has not taken yet, from `#firstSize` on. */
  #sizes: number[] = [];
  #firstSize = 0;
  #queuedBytes = 0;
  #delayed: DelayedFrame[] = [];
  #delayTimer: NodeJS.Timeout | undefined;
  #swapped: Buffer | undefined;
  #ended = false;

  constructor(call: ServerDuplexStream<unknown, Buffer>, options: OutboxOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** Updates that wait for the client. */
  get backlog(): number {
    return this.#call.writableLength + this.#delayed.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends an update, through chaos. */
  update(frame: Buffer): void {
    const { chaos } = this.#options;
    if (chaos?.disturbsUpdates === true) this.#disturb(frame, chaos.fate());
    else this.#pass(frame);
  }

  #disturb(frame: Buffer, fate: StreamFate): void {
    if (fate.drop) return;
    if (fate.swapWithNext && this.#swapped === undefined) {
      this.#swapped = frame;
      return;
    }
    this.#pass(frame);
    if (fate.duplicate) this.#pass(frame);
    if (this.#swapped !== undefined) {
      const held = this.#swapped;
      this.#swapped = undefined;
      this.#pass(held);
    }
  }

  /** Sends a ping or a pong: chaos delays and freezes these too, but loses none. */
  control(frame: Buffer): void {
    this.#pass(frame);
  }

  /** To be called when chaos changed: sends what is due now. */
  release(): void {
    this.#flushDelayed();
  }

  /** Ends the stream with an error, after what waits already. */
  end({ code, details }: StreamEnd): void {
    if (this.#ended) return;
    this.dispose();
    // The only way to end with a status: later writes or a destroyed call would leave the client hanging.
    this.#call.emit('error', { code, details });
    this.#options.onEnd();
  }

  /** Stops sending without a word, for a client that is gone. */
  dispose(): void {
    this.#ended = true;
    clearTimeout(this.#delayTimer);
    this.#delayed = [];
    this.#swapped = undefined;
  }

  #pass(frame: Buffer): void {
    if (this.#ended) return;
    const { chaos } = this.#options;
    if (chaos !== undefined && (this.#delayed.length > 0 || chaos.frozen || chaos.delayMs > 0)) {
      if (this.#delayed.length >= this.#options.queueLimit) {
        this.#lagged();
        return;
      }
      this.#delayed.push({ dueMs: this.#options.nowMs() + chaos.delayMs, frame });
      this.#scheduleDelayed();
      return;
    }
    this.#write(frame);
  }

  #write(frame: Buffer): void {
    const { queueLimit, queueBytesLimit } = this.#options;
    if (this.#call.writableLength >= queueLimit || this.#queuedBytes > queueBytesLimit) {
      this.#lagged();
      return;
    }
    this.#queuedBytes += frame.length;
    this.#sizes.push(frame.length);
    this.#call.write(frame, this.#written);
  }

  #lagged(): void {
    this.end({ code: status.INTERNAL, details: 'lagged to send an update' });
  }

  /** The transport took a frame; it takes them in order. */
  readonly #written = (): void => {
    this.#queuedBytes -= this.#sizes[this.#firstSize++] ?? 0;
    if (this.#firstSize === this.#sizes.length) {
      this.#sizes = [];
      this.#firstSize = 0;
    }
  };

  #scheduleDelayed(): void {
    const first = this.#delayed[0];
    if (first === undefined || this.#delayTimer !== undefined || this.#options.chaos?.frozen === true) return;
    const waitMs = Math.max(0, first.dueMs - this.#options.nowMs());
    this.#delayTimer = setTimeout(() => {
      this.#delayTimer = undefined;
      this.#flushDelayed();
    }, waitMs);
  }

  #flushDelayed(): void {
    if (this.#options.chaos?.frozen === true || this.#ended) return;
    const nowMs = this.#options.nowMs();
    const firstLater = this.#delayed.findIndex(({ dueMs }) => dueMs > nowMs);
    const due = firstLater < 0 ? this.#delayed : this.#delayed.slice(0, firstLater);
    this.#delayed = firstLater < 0 ? [] : this.#delayed.slice(firstLater);
    for (const { frame } of due) {
      if (this.#ended) return;
      this.#write(frame);
    }
    this.#scheduleDelayed();
  }
}
