/** The kill switch on disk: `<DATA_DIR>/kill-switch.json`. */
import { dirname } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import { type JournalFs, replaceFile } from '../journal/journal-fs.js';
import { type KillCause, type KillGrade, STRENGTH } from './kill-grade.js';
import { EMPTY_LEDGER, parseLedger, type SwitchLedger } from './switch-ledger.js';

export interface KillEvent {
  readonly action: 'trip' | 'release';
  /** The grade in force after it; undefined where none is. */
  readonly grade: KillGrade | undefined;
  /** The grade asked for; weaker than `grade` where a stronger one was in force. */
  readonly asked: KillGrade | undefined;
  readonly reason: string;
  /** Who: `http`, `kestra`, `daily-loss`, `stream-down`, `redis`, … */
  readonly source: string;
  /** Epoch ms at which it came here. */
  readonly atMs: number;
  /** Epoch ms at which it was asked for on another executor. */
  readonly happenedAtMs?: number;
}

/** What outlives the process. */
export interface KillRecord {
  /** Of this executor alone. */
  readonly local: KillCause | undefined;
  /** Of all executors on one Redis. */
  readonly shared: SwitchLedger;
  readonly stopCount: number;
  readonly lastStopAtMs: number;
  readonly history: readonly KillEvent[];
}

interface KillFile {
  readonly version: 1;
  /** In force when it was written; for people, and for versions that know no `local` and `shared`. */
  readonly grade: KillGrade | null;
  readonly local?: KillCause | null;
  readonly shared?: { readonly [field: string]: string };
  readonly stopCount: number;
  readonly lastStopAtMs: number;
  readonly history: readonly KillEvent[];
}

/** @throws HotslotError JOURNAL_UNWRITABLE */
export function saveKillFile(
  files: JournalFs,
  path: string,
  record: KillRecord,
  grade: KillGrade | undefined,
): void {
  const { local, shared, stopCount, lastStopAtMs, history } = record;
  const file: KillFile = {
    version: 1,
    grade: grade ?? null,
    local: local ?? null,
    shared: Object.fromEntries([...shared].map(([field, mark]) => [field, JSON.stringify(mark)])),
    stopCount,
    lastStopAtMs: Number.isFinite(lastStopAtMs) ? lastStopAtMs : 0,
    history,
  };
  try {
    files.mkdir(dirname(path));
    replaceFile(files, dirname(path), path, Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
  } catch (error) {
    throw new HotslotError('JOURNAL_UNWRITABLE', {
      detail: 'The kill switch could not be written down.',
      cause: error,
    });
  }
}

/** @returns undefined where there is none yet; @throws Error when it cannot be read: what it held is not known */
export function loadKillFile(files: JournalFs, path: string): KillRecord | undefined {
  if (!files.exists(path)) return undefined;
  const file = JSON.parse(files.read(path).toString('utf8')) as KillFile;
  const known = file.version === 1 && Array.isArray(file.history) && Number.isInteger(file.stopCount);
  const local = file.local === undefined ? causeOf(file) : (file.local ?? undefined);
  const areGrades = [file.grade, local?.grade ?? null].every((grade) => grade === null || grade in STRENGTH);
  if (!known || !areGrades) throw new Error('its form is not known');
  return {
    local,
    shared: file.shared === undefined ? EMPTY_LEDGER : parseLedger(file.shared),
    stopCount: file.stopCount,
    lastStopAtMs: file.stopCount === 0 ? Number.NEGATIVE_INFINITY : file.lastStopAtMs,
    history: [...file.history],
  };
}

/** Without `local`, the event that put the grade in force: later ones only repeated it, or asked for less. */
function causeOf({ grade, history }: KillFile): KillCause | undefined {
  if (grade === null) return undefined;
  let cause: KillCause = { grade, reason: '', source: '', sinceMs: 0 };
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const event = history[index]!;
    if (event.grade !== grade) break;
    cause = { grade, reason: event.reason, source: event.source, sinceMs: event.atMs };
  }
  return cause;
}
