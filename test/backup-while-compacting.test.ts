/**
 * A backup of an executor that runs meets its hourly compaction: whatever that moves from the journal to the archive
 * between the listing and the copying must be in the backup, in one of them at the least.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyBackup, copyFile } from '../src/cli/backup-copy.js';
import { loadConfig } from '../src/config/config.js';
import { archiveDirectoryOf } from '../src/journal/compaction.js';
import type { FileJournal } from '../src/journal/file-journal.js';
import { systemFs } from '../src/journal/journal-fs.js';
import { compactJournal, openJournal } from '../src/journal/open-journal.js';
import { replayDirectory } from '../src/journal/replay.js';
import { TradeIndex } from '../src/journal/trade-index.js';
import { attemptRecord, idOf, intentRecord, lifeOf, ORIGIN_MS } from './support/journal-records.js';
import { ManualClock } from './support/manual-clock.js';

const genesisHash = 'genesisOne';
const ENDED = 8;
const LIVE = 100;
const everyTrade = [...Array.from({ length: ENDED }, (_, index) => idOf(index + 1)), idOf(LIVE)];
const ONE_SEGMENT = 1_000_000;
const MANY_SEGMENTS = 4_000;
const clock = new ManualClock(ORIGIN_MS + 100_000);
let root: string;
let target: string;
let journal: FileJournal;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-backup-'));
  target = join(root, 'backup');
  mkdirSync(target);
});
afterEach(async () => {
  await journal.close();
  rmSync(root, { recursive: true, force: true });
});

const dir = () => join(root, 'journal');
const segment = (number: number) => join(dir(), `0000000${number}.log`);

/** The live trade lies among the ended ones. */
async function fill(segmentBytes: number): Promise<void> {
  ({ journal } = await openJournal({ dir: dir(), genesisHash, segmentBytes, clock }));
  journal.append(intentRecord(LIVE));
  for (let number = 1; number <= ENDED; number += 1)
    for (const record of lifeOf(number)) journal.append(record);
  journal.append(attemptRecord(LIVE));
}

/** Backs up with a compaction right before or after a file is copied for the first time. */
async function backUp(when: 'before' | 'after', path: string) {
  let isDue = true;
  const compactAt = async (now: typeof when, from: string) => {
    if (!isDue || now !== when || from !== path) return;
    isDue = false;
    const { archived } = await compactJournal(journal, { dir: dir(), retentionMs: 50_000, clock });
    expect(archived.size).toBe(ENDED);
  };
  const files = await copyBackup(loadConfig({ DATA_DIR: root }), target, async (from, to) => {
    await compactAt('before', from);
    const bytes = await copyFile(from, to);
    await compactAt('after', from);
    return bytes;
  });
  expect(isDue).toBe(false);
  return files;
}

/** What an executor finds that starts on the backup. */
async function restored() {
  const journalDir = join(target, 'journal');
  const archive = replayDirectory(systemFs, archiveDirectoryOf(journalDir));
  const { journal: next, replayed } = await openJournal({ dir: journalDir, genesisHash, clock });
  await next.close();
  const index = await TradeIndex.open({ dir: join(root, 'index'), journalDir, genesisHash, replayed });
  const indexed = index.idsBelow(undefined, 1_000).sort();
  await index.close();
  return { replayed, faults: [...replayed.faults, ...archive.faults], indexed };
}

const CASES: readonly (readonly ['before' | 'after', number, number])[] = [
  ['before', 1, ONE_SEGMENT],
  ['after', 1, ONE_SEGMENT],
  ['before', 1, MANY_SEGMENTS],
  ['after', 2, MANY_SEGMENTS],
];

it.each(CASES)(
  'has every trade when a compaction comes %s segment %i of %i bytes is copied',
  async (when, number, segmentBytes) => {
    await fill(segmentBytes);
    await backUp(when, segment(number));
    const { replayed, faults, indexed } = await restored();
    expect(indexed).toEqual(everyTrade);
    expect(replayed.live).toMatchObject([{ id: idOf(LIVE), state: 'signed', attempts: [{ number: 1 }] }]);
    expect(faults).toEqual([]);
  },
);

it('keeps nothing of a try that a compaction cut short', async () => {
  await fill(MANY_SEGMENTS);
  const files = await backUp('after', segment(2));
  const kept = readdirSync(target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  expect(kept.sort()).toEqual(files.map(({ path }) => join(target, path)).sort());
  expect(kept).not.toContain(join(target, 'journal', '00000002.log'));
});

it('knows every trade once where what a restored backup holds twice is compacted again', async () => {
  await fill(ONE_SEGMENT);
  await backUp('after', segment(1));
  const journalDir = join(target, 'journal');
  const { journal: next } = await openJournal({ dir: journalDir, genesisHash, clock });
  const again = await compactJournal(next, { dir: journalDir, retentionMs: 50_000, clock });
  await next.close();
  expect([again.archived.size, again.archiveSegment]).toEqual([ENDED, 2]);
  const { replayed, indexed } = await restored();
  expect([...replayed.trades.keys()]).toEqual([idOf(LIVE)]);
  expect(indexed).toEqual(everyTrade);
});
