import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { type JournalFs, writeWhole } from './journal-fs.js';
import { encodeRecord } from './record-codec.js';
import { LAST_SEGMENT, segmentPath } from './segments.js';
import type { Journal, JournalRecord } from './types.js';

/** A segment is closed and the next begun when it is this long. */
export const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024;
/** Most state records kept in memory while the journal cannot be written. */
export const MAX_PENDING_RECORDS = 65_536;
/** How often an unwritable journal is tried again. */
export const RECOVERY_PERIOD_MS = 1000;

/** JOURNAL_SYNC: `os` survives the process, `always` also the machine. */
export type JournalSync = 'always' | 'os';

export interface FileJournalOptions {
  readonly directory: string;
  readonly genesisHash: string;
  /** Number of the first segment to write; none with this number may exist. */
  readonly firstSegment: number;
  readonly clock: Clock;
  readonly files: JournalFs;
  readonly sync?: JournalSync;
  readonly segmentBytes?: number;
  /** See Journal. */
  readonly isUnreadable?: boolean;
}

/**
 * The writing half of the journal. Each segment begins with a `chain` record. A write that fails leaves no
 * half record that counts: the segment is cut back, or left for good with its torn end; either way what
 * follows goes to a new segment once the disk takes writes again.
 */
export class FileJournal implements Journal {
  readonly #options: FileJournalOptions;
  readonly #sync: JournalSync;
  readonly #segmentBytes: number;
  #fd = -1;
  #segment: number;
  #bytes = 0;
  #writable = false;
  #closed = false;
  #lastError: unknown;
  #recovery: TimerHandle | undefined;
  #pending: JournalRecord[] = [];
  /** The disk sync that is under way, and the one that will begin after it for those who came later. */
  #running: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  /** Segments left of which the disk did not promise everything. */
  #unsyncedCount = 0;
  #recordCount = 0;

  /** Opens the first segment; an unwritable directory gives an unwritable journal, not an error. */
  constructor(options: FileJournalOptions) {
    this.#options = options;
    this.#sync = options.sync ?? 'os';
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    this.#segment = options.firstSegment - 1;
    try {
      this.#begin();
      this.#writable = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  get isUnreadable(): boolean {
    return this.#options.isUnreadable === true;
  }

  get writable(): boolean {
    return this.#writable;
  }

  /** Number of the segment that is being written. */
  get segment(): number {
    return this.#segment;
  }

  /** Records appended by this process. */
  get recordCount(): number {
    return this.#recordCount;
  }

  /** State records that wait in memory for the disk. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** The last write's error, free of secrets; undefined while writable. */
  get fault(): string | undefined {
    return this.#writable
      ? undefined
      : String((this.#lastError as Error | undefined)?.message ?? this.#lastError);
  }

  append(record: JournalRecord): void {
    if (this.#closed) throw new HotslotError('JOURNAL_UNWRITABLE', { detail: 'It is closed.' });
    if (!this.#writable) {
      this.#keep(record);
      return;
    }
    try {
      if (this.#bytes >= this.#segmentBytes) this.rotate();
      this.#write(record);
    } catch (error) {
      this.#fail(error);
      this.#keep(record);
    }
  }

  async appendDurable(record: JournalRecord): Promise<void> {
    this.append(record);
    if (this.#sync !== 'always') return;
    if (!this.#writable) throw this.#unwritable();
    const unsyncedCount = this.#unsyncedCount;
    await this.#synced();
    // The sync may have been the next segment's.
    if (unsyncedCount !== this.#unsyncedCount) throw this.#unwritable();
  }

  /** Closes the segment and begins the next. @throws what the file system throws */
  rotate(): number {
    const closed = this.#segment;
    const old = this.#fd;
    if (this.#sync === 'always') this.#options.files.sync(old);
    this.#begin();
    this.#closeUnused(old);
    return closed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#recovery?.cancel();
    await this.#following?.catch(() => undefined);
    await this.#running?.catch(() => undefined);
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    try {
      if (this.#writable) this.#options.files.sync(fd);
    } finally {
      this.#options.files.close(fd);
    }
  }

  #write(record: JournalRecord): void {
    const frame = encodeRecord(record);
    writeWhole(this.#options.files, this.#fd, frame);
    this.#bytes += frame.length;
    this.#recordCount += 1;
  }

  /** Opens the segment after the present one. Leaves the journal as it was when that fails. */
  #begin(): void {
    const { files, directory, genesisHash, clock } = this.#options;
    files.mkdir(directory);
    let number = this.#segment + 1;
    // A beginning that failed half way may have left its file behind. It is not written to again.
    while (files.exists(segmentPath(directory, number)) && number < LAST_SEGMENT) number += 1;
    const path = segmentPath(directory, number);
    const isNew = !files.exists(path);
    const fd = files.openAppend(path);
    try {
      const frame = encodeRecord({ kind: 'chain', genesisHash, atMs: clock.nowMs() });
      writeWhole(files, fd, frame);
      if (this.#sync === 'always') files.sync(fd);
      files.syncDirectory(directory);
      this.#bytes = frame.length;
    } catch (error) {
      files.close(fd);
      if (isNew) this.#discard(path, error);
      throw error;
    }
    this.#fd = fd;
    this.#segment = number;
  }

  /** Each further try would leave another one behind, every second for as long as the disk refuses. */
  #discard(path: string, error: unknown): void {
    try {
      this.#options.files.remove(path);
    } catch (removeError) {
      throw new AggregateError([error, removeError], String(error));
    }
  }

  #unwritable(): HotslotError {
    return new HotslotError('JOURNAL_UNWRITABLE', { cause: this.#lastError });
  }

  /** What cannot be written now: state records wait, others are refused. */
  #keep(record: JournalRecord): void {
    if (record.kind !== 'state' || this.#pending.length >= MAX_PENDING_RECORDS) throw this.#unwritable();
    this.#pending.push(record);
  }

  #fail(error: unknown): void {
    this.#lastError = error;
    this.#writable = false;
    if (this.#fd >= 0) {
      try {
        this.#options.files.truncate(this.#fd, this.#bytes);
      } catch (truncateError) {
        // The torn end stays; replay reports it, and nothing is ever written after it.
        this.#lastError = new AggregateError([error, truncateError], String(error));
      }
    }
    if (!this.#closed && this.#recovery === undefined) {
      this.#recovery = this.#options.clock.every(RECOVERY_PERIOD_MS, () => this.#recover());
    }
  }

  #recover(): void {
    try {
      const old = this.#fd;
      this.#begin();
      if (old >= 0) this.#leave(old);
      this.#writePending();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#recovery?.cancel();
    this.#recovery = undefined;
    this.#writable = true;
  }

  /** Those who still wait hear of the next segment's disk sync, which says nothing of what is in this one. */
  #leave(fd: number): void {
    try {
      if (this.#sync === 'always') this.#options.files.sync(fd);
    } catch (error) {
      this.#lastError = error;
      this.#unsyncedCount += 1;
    }
    this.#closeUnused(fd);
  }

  /** A disk sync that is under way in another thread still needs the descriptor. */
  #closeUnused(fd: number): void {
    const close = () => this.#options.files.close(fd);
    if (this.#running === undefined) close();
    else void this.#running.then(close, close);
  }

  #writePending(): void {
    let written = 0;
    try {
      for (; written < this.#pending.length; written += 1) this.#write(this.#pending[written]!);
    } finally {
      this.#pending = this.#pending.slice(written);
    }
  }

  /** Resolves once a disk sync that began after this call has ended: one sync serves all who wait. */
  #synced(): Promise<void> {
    if (this.#running === undefined) return this.#startSync();
    this.#following ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#following = undefined;
        return this.#startSync();
      });
    return this.#following;
  }

  #startSync(): Promise<void> {
    if (this.#fd < 0 || !this.#writable) return Promise.reject(this.#unwritable());
    const sync = this.#options.files.syncAsync(this.#fd).then(
      () => {
        this.#running = undefined;
      },
      (error: unknown) => {
        this.#running = undefined;
        // What was written may be lost for good even if a later sync succeeds: a new segment must be begun.
        this.#fail(error);
        throw this.#unwritable();
      },
    );
    this.#running = sync;
    return sync;
  }
}
