import { dirname } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import { type JournalFs, replaceFile, systemFs } from '../journal/journal-fs.js';
import { type Clock, systemClock } from '../time/clock.js';

/**
 * `reduce`: only trades that shrink a position are taken and signed. `drain`: nothing new is taken, what was
 * taken finishes. `stop`: not one byte leaves, resends included.
 */
export type KillGrade = 'reduce' | 'drain' | 'stop';

/** Slots of the shared word. */
export const WORD_GRADE = 0;
/** Counts the stops, so that what was signed before one is told from what was signed after its release. */
export const WORD_STOP_COUNT = 1;
export const WORD_LENGTH = 2;

/** Strengths, as they stand in the shared word; 0 is no grade. */
const STRENGTH = { reduce: 1, drain: 2, stop: 3 } as const satisfies { [Grade in KillGrade]: number };
const GRADES: readonly (KillGrade | undefined)[] = [undefined, 'reduce', 'drain', 'stop'];

const MAX_INT32 = 2 ** 31 - 1;

/** Newest events kept in the file and in memory. */
export const MAX_KILL_EVENTS = 256;

export interface KillEvent {
  readonly action: 'trip' | 'release';
  /** The grade in force after it; undefined after a release. */
  readonly grade: KillGrade | undefined;
  /** The grade asked for; weaker than `grade` where a stronger one was in force. */
  readonly asked: KillGrade | undefined;
  readonly reason: string;
  /** Who: `operator`, `daily-loss`, `stream`, `redis`, … */
  readonly source: string;
  readonly atMs: number;
}

export interface KillSwitchStatus {
  /** True in any grade. */
  readonly active: boolean;
  readonly grade: KillGrade | undefined;
  readonly reason: string | undefined;
  readonly source: string | undefined;
  readonly sinceMs: number | undefined;
  readonly history: readonly KillEvent[];
}

interface KillFile {
  readonly version: 1;
  readonly grade: KillGrade | null;
  readonly stopCount: number;
  readonly lastStopAtMs: number;
  readonly history: readonly KillEvent[];
}

/** Whether bytes may leave, asked in a worker that has only the shared word. */
export function mayLeaveByWord(word: Int32Array): boolean {
  return Atomics.load(word, WORD_GRADE) !== STRENGTH.stop;
}

/**
 * The kill switch (L3). A trip acts at once through a word in shared memory, then is on disk before the
 * call returns; a release is on disk first. A file that cannot be read holds `stop`, because what it held
 * is not known.
 */
export class KillSwitch {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #files: JournalFs;
  readonly #word: Int32Array;
  #history: KillEvent[] = [];
  #lastStopAtMs = Number.NEGATIVE_INFINITY;
  readonly #listeners: ((status: KillSwitchStatus) => void)[] = [];

  /** @param path of its own small file, `<DATA_DIR>/kill-switch.json` */
  constructor(options: { path: string; clock?: Clock; files?: JournalFs }) {
    this.#path = options.path;
    this.#clock = options.clock ?? systemClock;
    this.#files = options.files ?? systemFs;
    this.#word = new Int32Array(new SharedArrayBuffer(WORD_LENGTH * Int32Array.BYTES_PER_ELEMENT));
    this.#load();
  }

  /** The shared word, for workers: see WORD_GRADE, WORD_STOP_COUNT and `mayLeaveByWord`. */
  get word(): Int32Array {
    return this.#word;
  }

  get grade(): KillGrade | undefined {
    return GRADES[Atomics.load(this.#word, WORD_GRADE)];
  }

  /** Grows with every stop. */
  get stopCount(): number {
    return Atomics.load(this.#word, WORD_STOP_COUNT);
  }

  /** Epoch ms of the newest stop ever; -Infinity before the first. What was signed by then stays stopped. */
  get lastStopAtMs(): number {
    return this.#lastStopAtMs;
  }

  /** Whether bytes may leave now. For the very last moment before a write. */
  mayLeave(): boolean {
    return mayLeaveByWord(this.#word);
  }

  /** Whether a new trade may be taken. */
  mayAccept(shrinksPosition: boolean): boolean {
    const { grade } = this;
    return grade === undefined || (grade === 'reduce' && shrinksPosition);
  }

  /** Whether a trade that was taken may be signed. */
  maySign(shrinksPosition: boolean): boolean {
    const { grade } = this;
    return grade === undefined || grade === 'drain' || (grade === 'reduce' && shrinksPosition);
  }

  /** Called at once after the word is set, before the disk is waited for. Must not throw. */
  onChange(listener: (status: KillSwitchStatus) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Puts a grade in force. A stronger one that is in force stays; tripping twice is harmless.
   * @throws HotslotError JOURNAL_UNWRITABLE when it could not be written down; it is in force nevertheless,
   *   but would not outlive the process
   */
  trip(grade: KillGrade, reason: string, source: string): KillSwitchStatus {
    const before = this.grade;
    const effective = before !== undefined && STRENGTH[before] > STRENGTH[grade] ? before : grade;
    Atomics.store(this.#word, WORD_GRADE, STRENGTH[effective]);
    const atMs = this.#clock.nowMs();
    if (grade === 'stop') {
      Atomics.add(this.#word, WORD_STOP_COUNT, 1);
      this.#lastStopAtMs = atMs;
    }
    this.#remember({ action: 'trip', grade: effective, asked: grade, reason, source, atMs });
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
    this.#save(effective);
    return status;
  }

  /**
   * Takes the grade out of force. What was stopped stays stopped.
   * @throws HotslotError INTENT_FIELD_MISSING without a reason; JOURNAL_UNWRITABLE when it cannot be written
   *   down, and then the grade stays in force
   */
  release(reason: string, source: string): KillSwitchStatus {
    if (reason.trim() === '') throw new HotslotError('INTENT_FIELD_MISSING', { field: 'reason' });
    const kept = this.#history;
    this.#remember({
      action: 'release',
      grade: undefined,
      asked: undefined,
      reason,
      source,
      atMs: this.#clock.nowMs(),
    });
    try {
      this.#save(undefined);
    } catch (error) {
      this.#history = kept;
      throw error;
    }
    Atomics.store(this.#word, WORD_GRADE, 0);
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
    return status;
  }

  status(): KillSwitchStatus {
    const { grade } = this;
    // The event that put the present grade in force: later ones only repeated it, or asked for less.
    let cause: KillEvent | undefined;
    for (let index = this.#history.length - 1; grade !== undefined && index >= 0; index -= 1) {
      const event = this.#history[index]!;
      if (event.grade !== grade) break;
      cause = event;
    }
    return {
      active: grade !== undefined,
      grade,
      reason: cause?.reason,
      source: cause?.source,
      sinceMs: cause?.atMs,
      history: this.#history,
    };
  }

  #remember(event: KillEvent): void {
    this.#history = [...this.#history, event].slice(-MAX_KILL_EVENTS);
  }

  #save(grade: KillGrade | undefined): void {
    const file: KillFile = {
      version: 1,
      grade: grade ?? null,
      stopCount: this.stopCount,
      lastStopAtMs: Number.isFinite(this.#lastStopAtMs) ? this.#lastStopAtMs : 0,
      history: this.#history,
    };
    try {
      this.#files.mkdir(dirname(this.#path));
      replaceFile(
        this.#files,
        dirname(this.#path),
        this.#path,
        Buffer.from(`${JSON.stringify(file, null, 2)}\n`),
      );
    } catch (error) {
      throw new HotslotError('JOURNAL_UNWRITABLE', {
        detail: 'The kill switch could not be written down.',
        cause: error,
      });
    }
  }

  #load(): void {
    if (!this.#files.exists(this.#path)) return;
    try {
      const file = JSON.parse(this.#files.read(this.#path).toString('utf8')) as KillFile;
      const known = file.version === 1 && Array.isArray(file.history) && Number.isInteger(file.stopCount);
      if (!known || !(file.grade === null || file.grade in STRENGTH))
        throw new Error('its form is not known');
      this.#history = [...file.history];
      this.#lastStopAtMs = file.stopCount === 0 ? Number.NEGATIVE_INFINITY : file.lastStopAtMs;
      Atomics.store(this.#word, WORD_STOP_COUNT, file.stopCount);
      Atomics.store(this.#word, WORD_GRADE, file.grade === null ? 0 : STRENGTH[file.grade]);
    } catch (error) {
      const atMs = this.#clock.nowMs();
      Atomics.store(this.#word, WORD_GRADE, STRENGTH.stop);
      // How many stops there were is not known either: a count that no trade of the journal can have.
      Atomics.store(this.#word, WORD_STOP_COUNT, Math.floor(atMs / 1_000) & MAX_INT32);
      this.#lastStopAtMs = atMs;
      const reason = `The kill switch's file cannot be read: ${(error as Error).message}`;
      this.#remember({ action: 'trip', grade: 'stop', asked: 'stop', reason, source: 'start', atMs });
    }
  }
}
