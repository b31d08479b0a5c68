/**
 * Compaction: trades that ended longer ago than the retention move from the journal to the archive.
 * Every step is one after which a crash loses nothing:
 *   1. the archive's new file is written, synced, renamed into place (a crash after: its trades are in both;
 *      they are the same records, and the journal's are read);
 *   2. the rest is written to a file that begins with a `compacted` record, synced, and renamed over the
 *      newest of the segments it replaces (a crash after: replay forgets what older segments said);
 *   3. the older segments are removed (a crash within: the next compaction removes them).
 */
import { join } from 'node:path';
import type { TradeId } from '../model/brands.js';
import { awaitsOutcome, type Trade } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import { nextTurn } from '../time/next-turn.js';
import { type JournalFs, writeWhole } from './journal-fs.js';
import { encodeRecord, readSegment } from './record-codec.js';
import { StateBuilder } from './replayed-state.js';
import { listSegments, segmentPath } from './segments.js';
import { SettledDamage } from './settled-damage.js';
import type { JournalStretch } from './types.js';

/** Records handled before the event loop gets a turn. */
const RECORDS_A_TURN = 64;
/** The same where a record is only looked at. */
const LOOKS_A_TURN = 8_192;
/**
 * Bytes of segments that a pass takes, two segments at the least. It holds them in memory, and their trades, which are
 * as much again and more: hours of a busy journal at once would be more than a process may have.
 */
const MAX_PASS_BYTES = 64 * 1024 * 1024;
/** Nodes are asked for a landed transaction for less than this. */
const LATE_OUTCOME_MS = 3_600_000;

export interface CompactionOptions {
  readonly files: JournalFs;
  readonly directory: string;
  readonly archiveDirectory: string;
  /** Segments up to this one, none of which is written any more. */
  readonly throughSegment: number;
  /** Trades whose last change is older than this move. Epoch ms. */
  readonly endedBeforeMs: number;
  readonly nowMs: number;
  /** Default MAX_PASS_BYTES. */
  readonly maxPassBytes?: number;
}

export interface CompactionResult {
  readonly archived: ReadonlySet<TradeId>;
  readonly removedSegments: number;
  /** The archive's new file; undefined when no trade moved and nothing was changed. */
  readonly archiveSegment: number | undefined;
  /** Whether younger segments were left to the next pass. */
  readonly hasMore: boolean;
}

/** Nothing is thrown away while what the journal lost is not settled: a restart must know that it is to be looked for. */
interface Frames {
  readonly frames: readonly Frame[];
  readonly isDamaged: boolean;
  readonly settled: SettledDamage;
}

interface Frame {
  readonly tradeId: TradeId | undefined;
  readonly bytes: Buffer;
  /** Where it was, of a trade whose intent is lost. */
  readonly orphanedAt: JournalStretch | undefined;
}

async function readFrames(
  options: CompactionOptions,
  segments: readonly number[],
  state: StateBuilder,
): Promise<Frames> {
  let frames: Frame[] = [];
  const damage: JournalStretch[] = [];
  const settled = new SettledDamage();
  let count = 0;
  for (const segment of segments) {
    const bytes = await options.files.readAsync(segmentPath(options.directory, segment));
    for (const stretch of readSegment(bytes)) {
      const { offset, length } = stretch;
      if (stretch.kind === 'damage') {
        if (!stretch.isCut) damage.push({ segment, offset, length });
        continue;
      }
      const { record } = stretch;
      state.add(record);
      if (record.kind === 'compacted') frames = [];
      else if (record.kind === 'searched') settled.add(record.stretches);
      else {
        const tradeId = record.kind === 'chain' ? undefined : record.tradeId;
        const isOrphaned = tradeId !== undefined && !state.trades.has(tradeId);
        const orphanedAt = isOrphaned ? { segment, offset, length } : undefined;
        frames.push({ tradeId, bytes: bytes.subarray(offset, offset + length), orphanedAt });
      }
      count += 1;
      if (count % RECORDS_A_TURN === 0) await nextTurn();
    }
  }
  return { frames, isDamaged: damage.some((stretch) => !settled.has(stretch)), settled };
}

async function writeFile(
  options: CompactionOptions,
  directory: string,
  path: string,
  frames: Iterable<Buffer>,
): Promise<void> {
  const { files } = options;
  const temporary = `${path}.tmp`;
  files.remove(temporary);
  const fd = files.openAppend(temporary);
  try {
    let count = 0;
    for (const frame of frames) {
      writeWhole(files, fd, frame);
      count += 1;
      if (count % RECORDS_A_TURN === 0) await nextTurn();
    }
    await files.syncAsync(fd);
  } finally {
    files.close(fd);
  }
  files.rename(temporary, path);
  files.syncDirectory(directory);
}

/**
 * One pass, over the oldest segments. @throws what the file system throws; the journal is then as it was, or compacted,
 * never between
 */
export async function compact(options: CompactionOptions): Promise<CompactionResult> {
  const { files, directory, archiveDirectory, throughSegment } = options;
  const all = listSegments(files, directory).filter((number) => number <= throughSegment);
  const { segments, state, frames, isDamaged, settled } = await readOldest(options, all);
  const archived = new Set<TradeId>();
  let looked = 0;
  for (const trade of state.trades.values()) {
    looked += 1;
    if (looked % LOOKS_A_TURN === 0) await nextTurn();
    if (isOver(trade, options)) archived.add(trade.id);
  }
  const last = segments.at(-1);
  if (archived.size === 0 || last === undefined || isDamaged)
    return { archived: new Set(), removedSegments: 0, archiveSegment: undefined, hasMore: false };

  files.mkdir(archiveDirectory);
  const archiveSegment = (listSegments(files, archiveDirectory).at(-1) ?? 0) + 1;
  const chain = frames.find((frame) => frame.tradeId === undefined)?.bytes;
  const { moved, kept } = await split(frames, archived, settled);
  const old = chain === undefined ? moved : [chain, ...moved];
  await writeFile(options, archiveDirectory, segmentPath(archiveDirectory, archiveSegment), old);

  const marker = Buffer.from(encodeRecord({ kind: 'compacted', throughSegment: last, atMs: options.nowMs }));
  const head = chain === undefined ? [marker] : [marker, chain];
  await writeFile(options, directory, segmentPath(directory, last), [...head, ...kept]);

  const older = segments.slice(0, -1);
  for (const segment of older) files.remove(segmentPath(directory, segment));
  if (older.length > 0) files.syncDirectory(directory);
  const hasMore = segments.length < all.length;
  return { archived, removedSegments: older.length, archiveSegment, hasMore };
}

interface Oldest extends Frames {
  readonly segments: readonly number[];
  readonly state: StateBuilder;
}

async function readOldest(options: CompactionOptions, all: readonly number[]): Promise<Oldest> {
  const some = await read(options, oldestOf(options, all));
  // Whether damage is settled may stand in any younger segment.
  return some.isDamaged && some.segments.length < all.length ? read(options, all) : some;
}

async function read(options: CompactionOptions, segments: readonly number[]): Promise<Oldest> {
  const state = new StateBuilder();
  return { segments, state, ...(await readFrames(options, segments, state)) };
}

/** Two at the least: the first may be what an earlier pass has kept, and large. */
function oldestOf(
  { files, directory, maxPassBytes = MAX_PASS_BYTES }: CompactionOptions,
  all: readonly number[],
): number[] {
  let bytes = 0;
  return all.filter((segment, index) => {
    bytes += files.size(segmentPath(directory, segment));
    return index < 2 || bytes <= maxPassBytes;
  });
}

/** One whose transaction may yet be read is written down once more then, which must not be apart from the rest of it. */
function isOver(trade: Trade, { endedBeforeMs }: CompactionOptions): boolean {
  const endedAtMs = trade.history.at(-1)?.knownAtMs ?? trade.acceptedAtMs;
  if (!TERMINAL_STATES.has(trade.state) || endedAtMs >= endedBeforeMs) return false;
  return !awaitsOutcome(trade) || endedAtMs < endedBeforeMs - LATE_OUTCOME_MS;
}

/**
 * Trades' records, those of the archived and the others. What is left of a trade whose intent damage has taken goes to
 * the archive once that damage is settled: elsewhere in the journal it would be a new fault, at each start after.
 */
async function split(
  frames: readonly Frame[],
  archived: ReadonlySet<TradeId>,
  settled: SettledDamage,
): Promise<{ moved: Buffer[]; kept: Buffer[] }> {
  const moved: Buffer[] = [];
  const kept: Buffer[] = [];
  let looked = 0;
  for (const { tradeId, bytes, orphanedAt } of frames) {
    looked += 1;
    if (looked % LOOKS_A_TURN === 0) await nextTurn();
    if (tradeId === undefined) continue;
    const isOver = orphanedAt === undefined ? archived.has(tradeId) : settled.has(orphanedAt);
    (isOver ? moved : kept).push(bytes);
  }
  return { moved, kept };
}

/** Where the archive of a journal directory is. */
export function archiveDirectoryOf(directory: string): string {
  return join(directory, 'archive');
}
