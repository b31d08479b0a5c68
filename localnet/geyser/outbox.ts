import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { StreamFate } from '../chaos/chaos.js';
import { type Frame, frameBytes } from './message-batch.js';
import type { StreamChaos } from './stream-chaos.js';

/** Bytes after which a batch is full; one larger message still goes. */
const BATCH_BYTES = 128 * 1024;

/** A write before chaos has its way with it. */
interface DelayedFrame {
  readonly dueMs: number;
  readonly frame: Frame;
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

/** A call whose messages are batches of frames. */
export type OutboxCall = ServerDuplexStream<unknown, readonly Frame[]>;

/**
 * The sending side of one stream: its bounded queue, and what chaos does to it. An idle stream sends a frame at
 * once; what comes while a write is under way leaves together in the next.
 */
export class Outbox {
  readonly #call: OutboxCall;
  readonly #options: OutboxOptions;
  /** Frames that wait, from `#first` on. */
  #queue: Frame[] = [];
  #first = 0;
  #queuedBytes = 0;
  #writing = 0;
  #delayed: DelayedFrame[] = [];
  #delayTimer: NodeJS.Timeout | undefined;
  #swapped: Frame | undefined;
  #ended = false;

  constructor(call: OutboxCall, options: OutboxOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** Updates that wait for the client. */
  get backlog(): number {
    return this.#queue.length - this.#first + this.#writing + this.#delayed.length;
  }

  /** Sends an update, through chaos. */
  update(frame: Frame): void {
    const { chaos } = this.#options;
    if (chaos?.disturbsUpdates === true) this.#disturb(frame, chaos.fate());
    else this.#pass(frame);
  }

  /** Sends a ping or a pong: chaos delays and freezes these too, but loses none. */
  control(frame: Frame): void {
    this.#pass(frame);
  }

  /** To be called when chaos changed: sends what is due now. */
  release(): void {
    if (this.#options.chaos?.disturbsUpdates !== true) this.#releaseSwapped();
    this.#flushDelayed();
  }

  /** Ends the stream with an error, after what waits already. */
  end({ code, details }: StreamEnd): void {
    if (this.#ended) return;
    while (this.#first < this.#queue.length) this.#writeBatch();
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
    this.#queue = [];
    this.#first = 0;
    this.#swapped = undefined;
  }

  #disturb(frame: Frame, fate: StreamFate): void {
    if (fate.drop) return;
    if (fate.swapWithNext && this.#swapped === undefined) {
      this.#swapped = frame;
      return;
    }
    this.#pass(frame);
    if (fate.duplicate) this.#pass(frame);
    this.#releaseSwapped();
  }

  #releaseSwapped(): void {
    const held = this.#swapped;
    this.#swapped = undefined;
    if (held !== undefined) this.#pass(held);
  }

  #pass(frame: Frame): void {
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
    this.#enqueue(frame);
  }

  #enqueue(frame: Frame): void {
    const { queueLimit, queueBytesLimit } = this.#options;
    const waiting = this.#queue.length - this.#first + this.#writing;
    if (waiting >= queueLimit || this.#queuedBytes > queueBytesLimit) {
      this.#lagged();
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frameBytes(frame);
    if (this.#writing === 0) this.#writeBatch();
  }

  #lagged(): void {
    this.end({ code: status.INTERNAL, details: 'lagged to send an update' });
  }

  #writeBatch(): void {
    const frames: Frame[] = [];
    let bytes = 0;
    while (this.#first < this.#queue.length && bytes < BATCH_BYTES) {
      const frame = this.#queue[this.#first++]!;
      bytes += frameBytes(frame);
      frames.push(frame);
    }
    if (this.#first === this.#queue.length) {
      this.#queue = [];
      this.#first = 0;
    }
    this.#writing += frames.length;
    this.#call.write(frames, () => {
      this.#writing -= frames.length;
      this.#queuedBytes -= bytes;
      if (this.#writing === 0 && this.#first < this.#queue.length) this.#writeBatch();
    });
  }

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
      this.#enqueue(frame);
    }
    this.#scheduleDelayed();
  }
}
