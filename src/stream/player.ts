/** Feeds a recording to a sink, by the same path as a live stream: gaps and all. */
import { open } from 'node:fs/promises';
import { asSlot, type Slot } from '../model/brands.js';
import type { Clock } from '../time/clock.js';
import { nextTurn } from '../time/next-turn.js';
import { decodeFetched, type FetchedAccounts } from './fetched-record.js';
import {
  damaged,
  decodeHeader,
  decodeRecord,
  KIND_DROPPED,
  KIND_FETCHED,
  KIND_MESSAGE,
  RECORD_HEADER_BYTES,
  type RecordingHeader,
  type RecordingRecord,
} from './recording-format.js';
import { SessionReader } from './session-reader.js';
import type { StreamGap, StreamSink } from './types.js';

const CHUNK_BYTES = 1024 * 1024;
const GAP_REASONS: ReadonlySet<string> = new Set([
  'reconnect',
  'missingSlot',
  'lagged',
  'start',
  'resubscribe',
]);

export interface PlayOptions {
  readonly path: string;
  readonly clock: Clock;
  /** `recorded`: with the pauses it had; `fast`: as fast as the sink takes it. */
  readonly pace: 'recorded' | 'fast';
  /** With `recorded`: 2 plays twice as fast. Default 1. */
  readonly speed?: number;
  readonly signal?: AbortSignal;
  /** Accounts that the recorder was told of, where they came. */
  readonly onFetched?: (fetched: FetchedAccounts) => void;
}

export interface PlayReport {
  readonly name: string;
  /** Epoch milliseconds of the recording's start. */
  readonly startedAtMs: number;
  readonly messages: number;
  /** Messages that the recorder had to drop. */
  readonly dropped: number;
  /** Length of the recording. */
  readonly recordedUs: number;
  /** The file ends inside a record, as after a crash; everything before it was played. */
  readonly truncated: boolean;
}

/**
 * Plays a recording to its end or until the signal aborts. Times that the sink sees are those of playing.
 * @throws HotslotError STREAM_FAILED where the file is no recording or is damaged; the file system's own errors
 */
export async function playRecording(sink: StreamSink, options: PlayOptions): Promise<PlayReport> {
  const player = new Player(sink, options);
  const file = await open(options.path, 'r');
  try {
    await player.play((buffer) => file.read(buffer, 0, buffer.length, null).then((read) => read.bytesRead));
  } finally {
    await file.close();
  }
  return player.report();
}

class Player {
  readonly #sink: StreamSink;
  readonly #reader: SessionReader;
  readonly #options: PlayOptions;
  readonly #startUs: number;
  #header: RecordingHeader | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #messages = 0;
  #dropped = 0;
  #recordedUs = 0;

  constructor(sink: StreamSink, options: PlayOptions) {
    this.#sink = sink;
    this.#reader = new SessionReader(sink);
    this.#options = options;
    this.#startUs = options.clock.monotonicUs();
  }

  async play(read: (buffer: Buffer) => Promise<number>): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let length = await read(chunk); length > 0; length = await read(chunk)) {
      // A fresh buffer each time: the sink may keep views into it.
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
      await this.#playWhole();
      if (this.#options.signal?.aborted) break;
      await nextTurn();
    }
    if (this.#header === undefined) throw damaged('it ends inside its header');
    this.#sink.onStatus('down', `${this.#header.name}: the recording ended`);
  }

  report(): PlayReport {
    return {
      name: this.#header?.name ?? '',
      startedAtMs: this.#header?.startedAtMs ?? 0,
      messages: this.#messages,
      dropped: this.#dropped,
      recordedUs: this.#recordedUs,
      truncated: this.#rest.length > 0 && this.#options.signal?.aborted !== true,
    };
  }

  async #playWhole(): Promise<void> {
    let at = 0;
    if (this.#header === undefined) {
      const found = decodeHeader(this.#rest);
      if (found === undefined) return;
      this.#header = found.header;
      at = found.length;
      this.#sink.onStatus('live', `${found.header.name}: recording`);
    }
    for (
      let record = decodeRecord(this.#rest, at);
      record !== undefined;
      record = decodeRecord(this.#rest, at)
    ) {
      at += RECORD_HEADER_BYTES + record.payload.length;
      if (this.#options.pace === 'recorded') await this.#waitFor(record.offsetUs);
      if (this.#options.signal?.aborted) break;
      this.#playRecord(record);
    }
    this.#rest = this.#rest.subarray(at);
  }

  #playRecord(record: RecordingRecord): void {
    this.#recordedUs = Math.max(this.#recordedUs, record.offsetUs);
    if (record.kind === KIND_MESSAGE) {
      this.#messages++;
      this.#reader.read(record.payload, this.#options.clock.monotonicUs());
    } else if (record.kind === KIND_DROPPED) {
      this.#dropped += Buffer.from(record.payload).readUInt32LE(0);
      this.#reader.beginSession('lagged', undefined);
    } else if (record.kind === KIND_FETCHED) {
      this.#options.onFetched?.(decodeFetched(record.payload));
    } else {
      const { reason, fromSlot } = readSession(record.payload);
      this.#reader.beginSession(reason, fromSlot);
    }
  }

  /** Waits until the record is due; a millisecond early is due. */
  async #waitFor(offsetUs: number): Promise<void> {
    const { clock, speed = 1, signal } = this.#options;
    const waitMs = (this.#startUs + offsetUs / speed - clock.monotonicUs()) / 1_000;
    if (waitMs < 1) return;
    await new Promise<void>((resolve) => {
      const timer = clock.after(waitMs, finish);
      signal?.addEventListener('abort', finish);
      function finish(): void {
        timer.cancel();
        signal?.removeEventListener('abort', finish);
        resolve();
      }
    });
  }
}

function readSession(payload: Uint8Array): { reason: StreamGap['reason']; fromSlot: Slot | undefined } {
  const parsed: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
  const { reason, fromSlot } = parsed as { reason?: unknown; fromSlot?: unknown };
  if (typeof reason !== 'string' || !GAP_REASONS.has(reason)) throw damaged('a session record has no reason');
  return {
    reason: reason as StreamGap['reason'],
    fromSlot: typeof fromSlot === 'number' ? asSlot(fromSlot) : undefined,
  };
}
