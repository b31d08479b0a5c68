/** Writes a raw stream to a file, for tests, benchmarks and bug reports. Never in the stream's way. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Slot } from '../model/brands.js';
import type { Clock } from '../time/clock.js';
import { nextTurn } from '../time/next-turn.js';
import { encodeFetched, type FetchedAccounts } from './fetched-record.js';
import {
  encodeHeader,
  encodeRecordHeader,
  KIND_DROPPED,
  KIND_FETCHED,
  KIND_MESSAGE,
  KIND_SESSION,
} from './recording-format.js';
import type { StreamGap } from './types.js';
import type { RawListener } from './yellowstone-stream.js';

/** Bytes that may wait for the disk; what comes beyond is dropped, and the recording says so. */
export const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

export interface StreamRecorderOptions {
  readonly path: string;
  /** The stream's name. */
  readonly name: string;
  readonly clock: Clock;
  readonly maxBacklogBytes?: number;
  /** A write failed: the recording ended there. */
  readonly onError: (error: unknown) => void;
}

export class StreamRecorder implements RawListener {
  readonly #options: StreamRecorderOptions;
  readonly #file: FileHandle;
  readonly #startUs: number;
  readonly #maxBacklogBytes: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #over = false;

  private constructor(options: StreamRecorderOptions, file: FileHandle) {
    this.#options = options;
    this.#file = file;
    this.#startUs = options.clock.monotonicUs();
    this.#maxBacklogBytes = options.maxBacklogBytes ?? MAX_BACKLOG_BYTES;
    this.#push(encodeHeader({ name: options.name, startedAtMs: options.clock.nowMs() }));
  }

  /** Creates the file; one that exists is an error, so that no recording is lost to another. */
  static async open(options: StreamRecorderOptions): Promise<StreamRecorder> {
    return new StreamRecorder(options, await open(options.path, 'wx'));
  }

  onSession(reason: StreamGap['reason'], fromSlot: Slot | undefined, receivedUs: number): void {
    const payload = Buffer.from(JSON.stringify({ reason, ...(fromSlot === undefined ? {} : { fromSlot }) }));
    this.#record(KIND_SESSION, payload, receivedUs);
  }

  onMessage(bytes: Uint8Array, receivedUs: number): void {
    if (this.#waitingBytes + bytes.length > this.#maxBacklogBytes) {
      this.#dropped++;
      return;
    }
    this.#record(KIND_MESSAGE, bytes, receivedUs);
  }

  /** Accounts were read over RPC: without what it starts from, a recording shows only what changed. */
  onFetched(fetched: FetchedAccounts): void {
    this.#record(KIND_FETCHED, encodeFetched(fetched), this.#options.clock.monotonicUs());
  }

  /** Writes out what waits and closes the file. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#over = true;
    await this.#file.close();
  }

  #record(kind: number, payload: Uint8Array, receivedUs: number): void {
    if (this.#over) return;
    const offsetUs = receivedUs - this.#startUs;
    if (this.#dropped > 0) {
      const count = Buffer.alloc(4);
      count.writeUInt32LE(this.#dropped);
      this.#dropped = 0;
      this.#push(encodeRecordHeader(KIND_DROPPED, offsetUs, count.length), count);
    }
    this.#push(encodeRecordHeader(kind, offsetUs, payload.length), payload);
  }

  #push(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
    }
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // What else comes in this turn of the event loop goes out with it.
    await nextTurn();
    try {
      while (this.#waiting.length > 0) {
        const batch = Buffer.concat(this.#waiting);
        this.#waiting = [];
        await this.#file.appendFile(batch);
        this.#waitingBytes -= batch.length;
      }
    } catch (error) {
      this.#over = true;
      this.#waiting = [];
      this.#options.onError(error);
    } finally {
      this.#writing = undefined;
    }
  }
}
