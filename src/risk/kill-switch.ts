import { HotslotError } from '../errors/hotslot-error.js';
import { type JournalFs, systemFs } from '../journal/journal-fs.js';
import { type Clock, systemClock, type TimerHandle } from '../time/clock.js';
import { type KillEvent, type KillRecord, loadKillFile, saveKillFile } from './kill-file.js';
import { isWeaker, type KillCause, type KillGrade, strongest } from './kill-grade.js';
import { KillWord, mayLeaveByWord } from './kill-word.js';
import {
  bringsStop,
  EMPTY_LEDGER,
  engage,
  engagementOf,
  marksAhead,
  mergeLedgers,
  newestRelease,
  releaseKnown,
  type SwitchLedger,
} from './switch-ledger.js';

export type { KillEvent } from './kill-file.js';
export type { KillGrade } from './kill-grade.js';
export { mayLeaveByWord } from './kill-word.js';

const MAX_INT32 = 2 ** 31 - 1;

/** Newest events kept in the file and in memory. */
export const MAX_KILL_EVENTS = 256;

/** How often it is tried to write down what the disk did not take. */
const SAVE_AGAIN_MS = 1_000;

/** What a lost sight of the shared switch gives as its reason. */
export const REDIS_LOST = 'redisLost';

export interface KillSwitchStatus {
  /** True in any grade. */
  readonly active: boolean;
  readonly grade: KillGrade | undefined;
  readonly reason: string | undefined;
  readonly source: string | undefined;
  readonly sinceMs: number | undefined;
  readonly history: readonly KillEvent[];
}

type Told = Pick<KillEvent, 'reason' | 'source' | 'happenedAtMs'>;

/**
 * The kill switch (L3). A trip acts at once through a word in shared memory, then is on disk before the
 * call returns; a release is on disk first. A file that cannot be read holds `stop`, because what it held
 * is not known.
 *
 * The grade in force is the strongest of three: this executor's own, the one that is shared through Redis, and the
 * one that a lost sight of the shared one puts in force. The last is not on disk: a start has seen nothing yet.
 */
export class KillSwitch {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #files: JournalFs;
  readonly #sharedAs: string | undefined;
  readonly #word = new KillWord();
  #local: KillCause | undefined;
  #shared: SwitchLedger = EMPTY_LEDGER;
  #lost: KillCause | undefined;
  #history: readonly KillEvent[] = [];
  #lastStopAtMs = Number.NEGATIVE_INFINITY;
  readonly #listeners: ((status: KillSwitchStatus) => void)[] = [];
  #savesAgain: TimerHandle | undefined;

  /**
   * @param options.path     of its own small file, `<DATA_DIR>/kill-switch.json`
   * @param options.sharedAs this executor's name in the shared ledger; without it operators' trips are its own
   */
  constructor(options: { path: string; clock?: Clock; files?: JournalFs; sharedAs?: string | undefined }) {
    this.#path = options.path;
    this.#clock = options.clock ?? systemClock;
    this.#files = options.files ?? systemFs;
    this.#sharedAs = options.sharedAs;
    this.#load();
  }

  /** The shared word, for workers: see WORD_GRADE, WORD_STOP_COUNT and `mayLeaveByWord`. */
  get word(): Int32Array {
    return this.#word.word;
  }

  get grade(): KillGrade | undefined {
    return this.#word.grade;
  }

  /** Grows with every stop. */
  get stopCount(): number {
    return this.#word.stopCount;
  }

  /** Epoch ms of the newest stop ever; -Infinity before the first. What was signed by then stays stopped. */
  get lastStopAtMs(): number {
    return this.#lastStopAtMs;
  }

  /** What this executor knows of the shared switch. */
  get ledger(): SwitchLedger {
    return this.#shared;
  }

  /** Whether bytes may leave now. For the very last moment before a write. */
  mayLeave(): boolean {
    return mayLeaveByWord(this.word);
  }

  /** Whether a new trade may be taken. */
  mayAccept(shrinksPosition: boolean): boolean {
    const { grade } = this;
    return grade === undefined || (grade === 'reduce' && shrinksPosition);
  }

  /** Called at once after the word is set, before the disk is waited for. Must not throw. */
  onChange(listener: (status: KillSwitchStatus) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Puts a grade in force on this executor. A stronger one that is in force stays; tripping twice is harmless.
   * @throws HotslotError JOURNAL_UNWRITABLE when it could not be written down; it is in force nevertheless, and
   *   outlives the process once the disk takes it, which is tried every second
   */
  trip(grade: KillGrade, reason: string, source: string): KillSwitchStatus {
    const atMs = this.#clock.nowMs();
    if (isWeaker(this.#local?.grade, grade)) this.#local = { grade, reason, source, sinceMs: atMs };
    return this.#tripped(grade, grade === 'stop', { reason, source });
  }

  /**
   * An operator's trip: of all executors where the switch is shared, else of this one.
   * @throws HotslotError JOURNAL_UNWRITABLE as `trip` does
   */
  engage(grade: KillGrade, reason: string, source: string): KillSwitchStatus {
    if (this.#sharedAs === undefined) return this.trip(grade, reason, source);
    const asked = { by: this.#sharedAs, reason, source, atMs: this.#clock.nowMs() };
    this.#shared = engage(this.#shared, grade, asked);
    return this.#tripped(grade, grade === 'stop', { reason, source });
  }

  /**
   * Takes the grade out of force: this executor's own, and every engagement of the shared one that it knows of. What
   * was stopped stays stopped. A lost sight of the shared switch ends only when it is seen again.
   * @throws HotslotError INTENT_FIELD_MISSING without a reason; JOURNAL_UNWRITABLE when it cannot be written
   *   down, and then the grade stays in force
   */
  release(reason: string, source: string): KillSwitchStatus {
    if (reason.trim() === '') throw new HotslotError('INTENT_FIELD_MISSING', { field: 'reason' });
    const asked = { by: this.#sharedAs ?? 'local', reason, source, atMs: this.#clock.nowMs() };
    return this.#released(undefined, releaseKnown(this.#shared, asked), { reason, source });
  }

  /**
   * Takes in what another executor, or this one in an earlier life, has told of the shared switch.
   * @returns whether anything was new
   * @throws HotslotError JOURNAL_UNWRITABLE; what puts a grade in force is so nevertheless, what releases one is not
   */
  mergeShared(told: SwitchLedger): boolean {
    if (marksAhead(told, this.#shared).size === 0) return false;
    const before = this.#shared;
    const after = mergeLedgers(before, told);
    const [was, is] = [engagementOf(before), engagementOf(after)];
    const isStop = bringsStop(before, after);
    if (isWeaker(is?.grade, was?.grade) && !isStop) {
      const { reason, by, atMs } = newestRelease(after)!;
      this.#released(this.#local, after, {
        reason: `${reason} (${by})`,
        source: 'redis',
        happenedAtMs: atMs,
      });
      return true;
    }
    this.#shared = after;
    if (is !== undefined && (isStop || isWeaker(was?.grade, is.grade)))
      this.#tripped(is.grade, isStop, {
        reason: `${is.reason} (${is.by})`,
        source: 'redis',
        happenedAtMs: is.sinceMs,
      });
    else this.#save();
    return true;
  }

  /** Whether the shared switch is in sight, and else the grade that is in force until it is. Not kept on disk. */
  setSight(lost: KillGrade | undefined): void {
    if (this.#lost?.grade === lost) return;
    const atMs = this.#clock.nowMs();
    this.#lost =
      lost === undefined ? undefined : { grade: lost, reason: REDIS_LOST, source: 'redis', sinceMs: atMs };
    this.#apply();
    const reason = lost === undefined ? 'the shared switch is seen again' : REDIS_LOST;
    this.#remember(lost === undefined ? 'release' : 'trip', lost, { reason, source: 'redis' });
    this.#tell();
  }

  status(): KillSwitchStatus {
    const cause = this.#cause();
    return {
      active: cause !== undefined,
      grade: cause?.grade,
      reason: cause?.reason,
      source: cause?.source,
      sinceMs: cause?.sinceMs,
      history: this.#history,
    };
  }

  #tripped(grade: KillGrade, isStop: boolean, told: Told): KillSwitchStatus {
    this.#apply();
    if (isStop) {
      this.#word.stopCount += 1;
      this.#lastStopAtMs = this.#clock.nowMs();
    }
    this.#remember('trip', grade, told);
    const status = this.#tell();
    this.#save();
    return status;
  }

  /** On disk first; when that fails, everything is as it was. */
  #released(local: KillCause | undefined, shared: SwitchLedger, told: Told): KillSwitchStatus {
    const kept = [this.#local, this.#shared, this.#history] as const;
    this.#local = local;
    this.#shared = shared;
    this.#remember('release', undefined, told);
    try {
      this.#save();
    } catch (error) {
      [this.#local, this.#shared, this.#history] = kept;
      throw error;
    }
    this.#apply();
    return this.#tell();
  }

  #cause(): KillCause | undefined {
    const shared = engagementOf(this.#shared);
    return strongest<KillCause>([this.#local, shared, this.#lost]);
  }

  #apply(): void {
    this.#word.grade = this.#cause()?.grade;
  }

  #tell(): KillSwitchStatus {
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
    return status;
  }

  #remember(action: KillEvent['action'], asked: KillGrade | undefined, told: Told): void {
    const event = { action, grade: this.#cause()?.grade, asked, ...told, atMs: this.#clock.nowMs() };
    this.#history = [...this.#history, event].slice(-MAX_KILL_EVENTS);
  }

  /** What is in force is tried to be written down until it is. @throws HotslotError JOURNAL_UNWRITABLE */
  #save(): void {
    try {
      this.#write();
    } catch (error) {
      this.#savesAgain ??= this.#clock.after(SAVE_AGAIN_MS, () => this.#saveAgain());
      throw error;
    }
  }

  #saveAgain(): void {
    this.#savesAgain = undefined;
    try {
      this.#save();
    } catch {
      // Whoever asked was told; it is tried again.
    }
  }

  #write(): void {
    const record: KillRecord = {
      local: this.#local,
      shared: this.#shared,
      stopCount: this.stopCount,
      lastStopAtMs: this.#lastStopAtMs,
      history: this.#history,
    };
    const kept = strongest<KillCause>([this.#local, engagementOf(this.#shared)]);
    saveKillFile(this.#files, this.#path, record, kept?.grade);
  }

  #load(): void {
    try {
      const record = loadKillFile(this.#files, this.#path);
      if (record === undefined) return;
      this.#local = record.local;
      this.#shared = record.shared;
      this.#history = record.history;
      this.#lastStopAtMs = record.lastStopAtMs;
      this.#word.stopCount = record.stopCount;
      this.#apply();
    } catch (error) {
      const sinceMs = this.#clock.nowMs();
      const reason = `The kill switch's file cannot be read: ${(error as Error).message}`;
      this.#local = { grade: 'stop', reason, source: 'start', sinceMs };
      this.#apply();
      // How many stops there were is not known either: a count that no trade of the journal can have.
      this.#word.stopCount = Math.floor(sinceMs / 1_000) & MAX_INT32;
      this.#lastStopAtMs = sinceMs;
      this.#remember('trip', 'stop', { reason, source: 'start' });
    }
  }
}
