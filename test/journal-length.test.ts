/**
 * Two hours of a hundred trades a second are 1.7 GB of journal. A compaction that read all of it at once ended the
 * process for want of memory, and the start after it read for minutes: no bound may depend on how much was traded.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TradeHistory } from '../src/executor/trade-history.js';
import { archiveDirectoryOf } from '../src/journal/compaction.js';
import type { FileJournal } from '../src/journal/file-journal.js';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import { compactJournal, openJournal } from '../src/journal/open-journal.js';
import { readJournal } from '../src/journal/read-journal.js';
import { replayDirectory } from '../src/journal/replay.js';
import { bytesOfSegments, listSegments, segmentPath } from '../src/journal/segments.js';
import { writeSettled } from '../src/journal/settled-damage.js';
import { TradeIndex } from '../src/journal/trade-index.js';
import { asSlot } from '../src/model/brands.js';
import {
  attemptRecord,
  idOf,
  intentRecord,
  lifeOf,
  ORIGIN_MS,
  stateRecord,
} from './support/journal-records.js';
import { ManualClock } from './support/manual-clock.js';

const genesisHash = 'genesisOne';
const SEGMENT_BYTES = 4_000;
const PASS_BYTES = 16_000;
const LIVE = 1;
let root: string;
let dir: string;
let clock: ManualClock;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-journal-length-'));
  dir = join(root, 'journal');
  clock = new ManualClock(ORIGIN_MS);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const open = () => openJournal({ dir, genesisHash, segmentBytes: SEGMENT_BYTES, clock });
const inJournal = () => [...replayDirectory(systemFs, dir).state.trades.keys()];
const inArchive = () => [...replayDirectory(systemFs, archiveDirectoryOf(dir)).state.trades.keys()];
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index + 2);

/** One trade that stays out, and ended ones after it. */
async function filled(ended: number) {
  const { journal } = await open();
  journal.append(intentRecord(LIVE));
  journal.append(attemptRecord(LIVE));
  for (const number of numbered(ended)) for (const record of lifeOf(number)) journal.append(record);
  return journal;
}

function damage(segment: number): void {
  const path = segmentPath(dir, segment);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 0xff;
  writeFileSync(path, bytes);
}

it('moves what is old pass by pass, and reads no more at once than a pass may hold', async () => {
  const journal = await filled(40);
  clock.advance(100_000);
  let readBytes = 0;
  const files: JournalFs = {
    ...systemFs,
    readAsync: async (path) => {
      const bytes = await systemFs.readAsync(path);
      readBytes += bytes.length;
      return bytes;
    },
  };
  const throughSegment = journal.rotate();
  const passes: number[] = [];
  for (let hasMore = true; hasMore; passes.push(readBytes)) {
    readBytes = 0;
    const options = { dir, retentionMs: 1_000, throughSegment, maxPassBytes: PASS_BYTES, clock, files };
    ({ hasMore } = await compactJournal(journal, options));
  }
  await journal.close();
  expect(passes.length).toBeGreaterThan(5);
  expect(Math.max(...passes)).toBeLessThanOrEqual(PASS_BYTES);
  expect(inJournal()).toEqual([idOf(LIVE)]);
  expect(inArchive().sort()).toEqual(numbered(40).map(idOf));
  const { journal: next, replayed } = await open();
  await next.close();
  expect(replayed.faults).toEqual([]);
  expect(replayed.live).toMatchObject([{ id: idOf(LIVE), state: 'signed', attempts: [{ number: 1 }] }]);
});

it('finds in a younger segment, which no pass would reach, that damage is settled', async () => {
  await (await filled(40)).close();
  damage(2);
  const { journal, replayed } = await open();
  clock.advance(100_000);
  const pass = () => compactJournal(journal, { dir, retentionMs: 1_000, maxPassBytes: PASS_BYTES, clock });
  expect((await pass()).archived.size).toBe(0);
  writeSettled(journal, replayed.faults, clock.nowMs());
  expect((await pass()).archived.size).toBeGreaterThan(30);
  await journal.close();
});

it('keeps a trade whose transaction may yet be read: that is written beside the rest of it', async () => {
  const { journal } = await open();
  for (const record of lifeOf(2).slice(0, -1)) journal.append(record);
  const unread = { slot: asSlot(13), slotDelta: 2 };
  journal.append({ ...stateRecord(2, 'finalized', 6), outcome: unread });
  for (const record of lifeOf(3)) journal.append(record);
  clock.advance(100_000);
  await compactJournal(journal, { dir, retentionMs: 1_000, clock });
  journal.append({ ...stateRecord(2, 'finalized', 6), outcome: { ...unread, feeLamports: 5_000n } });
  await journal.close();
  const { state, faults } = replayDirectory(systemFs, dir);
  expect(faults).toEqual([]);
  expect([...state.trades.values()]).toMatchObject([{ id: idOf(2), outcome: { feeLamports: 5_000n } }]);
});

it('is read by a command while a pass takes away what was listed', async () => {
  const journal = await filled(20);
  const listed = systemFs.list(dir);
  clock.advance(100_000);
  const { removedSegments } = await compactJournal(journal, { dir, retentionMs: 1_000, clock });
  expect(removedSegments).toBeGreaterThan(0);
  await journal.close();
  let looks = 0;
  const files: JournalFs = { ...systemFs, list: (path) => (looks++ === 0 ? listed : systemFs.list(path)) };
  expect([...readJournal(dir, files).trades.keys()]).toEqual([idOf(LIVE)]);
  expect(looks).toBe(2);
});

it('holds no trade of the last life in memory once that is taken up', async () => {
  await (await filled(2)).close();
  const { journal, replayed } = await open();
  await journal.close();
  expect([replayed.trades.size, replayed.orders.size, replayed.live.length]).toEqual([3, 3, 1]);
  replayed.forgetTrades();
  expect([replayed.trades.size, replayed.orders.size, replayed.live.length]).toEqual([0, 0, 0]);
  expect(replayed.recordCount).toBeGreaterThan(3);
});

/** A journal that is long at 20,000 bytes, looked after. */
async function lookedAfter(journal: FileJournal) {
  const { journal: unused, replayed } = await open();
  await unused.close();
  const index = await TradeIndex.open({ dir: join(root, 'index'), journalDir: dir, genesisHash, replayed });
  const warnings: unknown[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (...told: unknown[]) => void warnings.push(told),
    error: () => undefined,
  };
  const history = new TradeHistory({ index, journal, journalDir: dir, clock, log, maxJournalBytes: 20_000 });
  return { history, index, warnings };
}

it('gives up its oldest trades before the hour where it grows beyond its bound, and no young ones', async () => {
  const journal = await filled(0);
  const { history, index, warnings } = await lookedAfter(journal);
  const ended: string[] = [];
  const trade = (): void => {
    clock.advance(10_000);
    const number = clock.nowMs() - ORIGIN_MS;
    ended.push(idOf(number));
    for (const record of lifeOf(number)) journal.append(record);
  };
  for (let at = 0; at < 29; at += 1) trade();
  expect(bytesOfSegments(systemFs, dir)).toBeGreaterThan(40_000);
  trade();
  const youngest = (count: number) => ended.slice(-count);
  await vi.waitFor(() => expect(inJournal().length).toBeLessThan(20));
  expect(inJournal()).toEqual(expect.arrayContaining([idOf(LIVE), ...youngest(12)]));
  expect(new Set([...inJournal(), ...inArchive()])).toEqual(new Set([idOf(LIVE), ...ended]));
  await vi.waitFor(() => expect(index.get(ended[0] as never)).toBeDefined());
  await history.close();
  await journal.close();
  expect(listSegments(systemFs, archiveDirectoryOf(dir)).length).toBeGreaterThan(0);
  expect(warnings).toEqual([]);
});

it('is not read with every look where damage keeps it from being given up', async () => {
  const journal = await filled(40);
  damage(2);
  const { history } = await lookedAfter(journal);
  const older = listSegments(systemFs, dir).filter((segment) => segment < journal.segment);
  expect(older.length).toBeGreaterThan(5);
  const reads = vi.spyOn(systemFs, 'readAsync');
  clock.advance(300_000);
  await vi.waitFor(() => expect(reads).toHaveBeenCalledTimes(older.length));
  for (let looks = 0; looks < 30; looks += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
  }
  await history.close();
  await journal.close();
  expect(reads).toHaveBeenCalledTimes(older.length);
});
