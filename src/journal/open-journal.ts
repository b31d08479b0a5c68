import { join } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import { type Clock, systemClock } from '../time/clock.js';
import { archiveDirectoryOf, type CompactionResult, compact } from './compaction.js';
import { FileJournal, type JournalSync } from './file-journal.js';
import { type JournalFs, systemFs } from './journal-fs.js';
import { type Replay, replayDirectory } from './replay.js';
import { liveTrades, type ReplayedState } from './replayed-state.js';

export interface OpenJournalOptions {
  /** The journal's own directory, `<DATA_DIR>/journal`. */
  readonly dir: string;
  /** Of the chain that is traded on; another chain's journal is set aside. */
  readonly genesisHash: string;
  readonly sync?: JournalSync;
  readonly segmentBytes?: number;
  readonly clock?: Clock;
  readonly files?: JournalFs;
}

/** Another chain's journal goes to `<dir>.<first 8 of its genesis hash>.<number>`; this many are kept apart. */
const MAX_SET_ASIDE = 1000;

function setAside(files: JournalFs, dir: string, genesisHash: string): string {
  for (let number = 1; number <= MAX_SET_ASIDE; number += 1) {
    const target = `${dir}.${genesisHash.slice(0, 8).replaceAll(/[^A-Za-z0-9]/g, '_')}.${number}`;
    if (files.exists(target)) continue;
    files.rename(dir, target);
    return target;
  }
  throw new HotslotError('JOURNAL_CORRUPT', {
    detail: `${MAX_SET_ASIDE} journals of other chains were set aside.`,
  });
}

/** Removes what a compaction left that a crash cut short. They harm nobody where they cannot be removed. */
function removeTemporaries(files: JournalFs, dir: string): void {
  for (const directory of [dir, archiveDirectoryOf(dir)]) {
    if (!files.exists(directory)) continue;
    try {
      for (const name of files.list(directory))
        if (name.endsWith('.tmp')) files.remove(join(directory, name));
    } catch {
      // The replay says of the directory what is wrong with it.
    }
  }
}

/**
 * Reads what the journal holds, then opens a new segment for writing.
 * @throws HotslotError JOURNAL_CORRUPT when another chain's journal could not be set aside
 */
export async function openJournal(
  options: OpenJournalOptions,
): Promise<{ journal: FileJournal; replayed: ReplayedState }> {
  const files = options.files ?? systemFs;
  let replay: Replay;
  let movedTo: string | undefined;
  try {
    removeTemporaries(files, options.dir);
    replay = replayDirectory(files, options.dir);
    if (replay.genesisHash !== undefined && replay.genesisHash !== options.genesisHash) {
      movedTo = setAside(files, options.dir, replay.genesisHash);
      replay = replayDirectory(files, options.dir);
    }
  } catch (error) {
    if (error instanceof HotslotError) throw error;
    throw new HotslotError('JOURNAL_CORRUPT', { cause: error, detail: String((error as Error).message) });
  }
  const { state, faults } = replay;
  const journal = new FileJournal({
    directory: options.dir,
    genesisHash: options.genesisHash,
    firstSegment: replay.lastSegment + 1,
    clock: options.clock ?? systemClock,
    files,
    isUnreadable: replay.isUnreadable,
    ...(options.sync === undefined ? {} : { sync: options.sync }),
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
  });
  const live = liveTrades(state.trades.values());
  const replayed: ReplayedState = {
    trades: state.trades,
    live,
    orders: state.orders,
    faults,
    suspect: faults.some((fault) => fault.kind !== 'torn'),
    isUnreadable: replay.isUnreadable,
    recordCount: state.recordCount,
    ...(movedTo === undefined ? {} : { setAside: movedTo }),
    forgetTrades: () => {
      state.trades.clear();
      state.orders.clear();
      live.length = 0;
    },
  };
  return { journal, replayed };
}

/**
 * Moves trades that ended more than `retentionMs` ago from the journal to its archive, while it is being
 * written. One pass over the oldest segments; one at a time.
 * @param options.throughSegment no younger one is touched; by default what is written now is closed, and the last
 */
export async function compactJournal(
  journal: FileJournal,
  options: {
    dir: string;
    retentionMs: number;
    throughSegment?: number;
    maxPassBytes?: number;
    clock?: Clock;
    files?: JournalFs;
  },
): Promise<CompactionResult> {
  const nowMs = (options.clock ?? systemClock).nowMs();
  return compact({
    files: options.files ?? systemFs,
    directory: options.dir,
    archiveDirectory: archiveDirectoryOf(options.dir),
    throughSegment: options.throughSegment ?? journal.rotate(),
    endedBeforeMs: nowMs - options.retentionMs,
    nowMs,
    ...(options.maxPassBytes === undefined ? {} : { maxPassBytes: options.maxPassBytes }),
  });
}
