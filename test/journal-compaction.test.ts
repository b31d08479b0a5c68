/** Compaction rewrites what every promise rests on: a crash after any of its steps must lose nothing. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { archiveDirectoryOf } from '../src/journal/compaction.js';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import { compactJournal, openJournal } from '../src/journal/open-journal.js';
import { HEADER_BYTES, readSegment } from '../src/journal/record-codec.js';
import { replayDirectory } from '../src/journal/replay.js';
import { listSegments, segmentPath } from '../src/journal/segments.js';
import { writeSettled } from '../src/journal/settled-damage.js';
import type { TradeId } from '../src/model/brands.js';
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
const clock = new ManualClock(ORIGIN_MS + 100_000);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-compaction-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Eight ended trades, one live one with an attempt, one that ended lately, over several segments. */
async function filled(dir: string, files: JournalFs = systemFs) {
  const { journal } = await openJournal({ dir, genesisHash, segmentBytes: 4000, clock, files });
  journal.append(intentRecord(100));
  journal.append(stateRecord(100, 'queued'));
  for (let number = 1; number <= 8; number += 1) for (const record of lifeOf(number)) journal.append(record);
  journal.append(attemptRecord(100));
  for (const record of lifeOf(99_000)) journal.append(record);
  return journal;
}

const everyTrade = [
  idOf(100),
  ...Array.from({ length: 8 }, (_, index) => idOf(index + 1)),
  idOf(99_000),
].sort();

function known(dir: string): { inJournal: string[]; inArchive: string[] } {
  return {
    inJournal: [...replayDirectory(systemFs, dir).state.trades.keys()].sort(),
    inArchive: [...replayDirectory(systemFs, archiveDirectoryOf(dir)).state.trades.keys()].sort(),
  };
}

/** Damages the record that a trade was taken; what follows of it stays sound. */
function loseIntentOf(dir: string, segments: readonly number[], id: TradeId): void {
  for (const segment of segments) {
    const path = segmentPath(dir, segment);
    const bytes = readFileSync(path);
    for (const stretch of readSegment(bytes)) {
      if (stretch.kind !== 'record' || stretch.record.kind !== 'intent' || stretch.record.tradeId !== id)
        continue;
      bytes[stretch.offset + HEADER_BYTES + 4]! ^= 0xff;
      writeFileSync(path, bytes);
      return;
    }
  }
  throw new Error(`no intent of ${id} is in the journal`);
}

it('moves ended trades past the retention to the archive and keeps the others whole, while writing goes on', async () => {
  const dir = join(root, 'journal');
  const journal = await filled(dir);
  const compacting = compactJournal(journal, { dir, retentionMs: 50_000, clock });
  journal.append(stateRecord(100, 'sent'));
  const result = await compacting;
  expect(result.archived.size).toBe(8);
  expect(result.removedSegments).toBeGreaterThan(3);
  await journal.close();
  const { journal: next, replayed } = await openJournal({ dir, genesisHash, clock });
  await next.close();
  expect([...replayed.trades.keys()].sort()).toEqual([idOf(100), idOf(99_000)].sort());
  expect(replayed.trades.get(idOf(100))!.history.map((change) => change.state)).toEqual([
    'accepted',
    'queued',
    'signed',
    'sent',
  ]);
  expect(replayed.faults).toEqual([]);
  expect(known(dir).inArchive).toHaveLength(8);
});

it('loses nothing and doubles nothing when it crashes before any of its file operations', async () => {
  const template = join(root, 'template');
  await (await filled(template)).close();
  let crashes = 0;
  for (let crashAt = 1; ; crashAt += 1) {
    const dir = join(root, `run-${crashAt}`, 'journal');
    cpSync(template, dir, { recursive: true });
    let armed = false;
    let calls = 0;
    const crashable = <A extends unknown[], R>(call: (...parameters: A) => R) => {
      return (...parameters: A): R => {
        if (armed) {
          calls += 1;
          if (calls >= crashAt) throw new Error('the machine stopped');
        }
        return call(...parameters);
      };
    };
    const files: JournalFs = {
      ...systemFs,
      openAppend: crashable(systemFs.openAppend),
      write: crashable(systemFs.write),
      syncAsync: crashable(systemFs.syncAsync),
      rename: crashable(systemFs.rename),
      remove: crashable(systemFs.remove),
      syncDirectory: crashable(systemFs.syncDirectory),
      mkdir: crashable(systemFs.mkdir),
    };
    const { journal } = await openJournal({ dir, genesisHash, clock, files });
    armed = true;
    const crashed = await compactJournal(journal, { dir, retentionMs: 50_000, clock, files }).then(
      () => false,
      () => true,
    );
    armed = false;
    await journal.close();
    const { inJournal, inArchive } = known(dir);
    expect([...new Set([...inJournal, ...inArchive])].sort()).toEqual(everyTrade);
    expect(inJournal).toContain(idOf(100));
    const { journal: next, replayed } = await openJournal({ dir, genesisHash, clock });
    expect(replayed.faults).toEqual([]);
    expect(replayed.trades.get(idOf(100))).toMatchObject({ state: 'signed', attempts: [{ number: 1 }] });
    await compactJournal(next, { dir, retentionMs: 50_000, clock });
    await next.close();
    expect(known(dir).inJournal).toEqual([idOf(100), idOf(99_000)].sort());
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    rmSync(join(root, `run-${crashAt}`), { recursive: true });
    if (!crashed) break;
    crashes += 1;
    expect(crashes).toBeLessThan(2000);
  }
  expect(crashes).toBeGreaterThan(20);
});

it('throws nothing away while it is not settled what a damaged record was', async () => {
  const dir = join(root, 'journal');
  const written = await filled(dir);
  await written.close();
  const path = join(dir, '00000002.log');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 0xff;
  writeFileSync(path, bytes);
  const { journal, replayed } = await openJournal({ dir, genesisHash, clock });
  expect(replayed.suspect).toBe(true);
  const before = readdirSync(dir).length;
  expect((await compactJournal(journal, { dir, retentionMs: 50_000, clock })).archived.size).toBe(0);
  // The segment that was begun for it is all that is new.
  expect(readdirSync(dir)).toHaveLength(before + 1);
  writeSettled(journal, replayed.faults, clock.nowMs());
  expect((await compactJournal(journal, { dir, retentionMs: 50_000, clock })).archived.size).toBeGreaterThan(
    0,
  );
  await journal.close();
});

it('moves what is left of a trade whose intent was lost, once that is settled: no later start doubts for it', async () => {
  const dir = join(root, 'journal');
  const written = await filled(dir);
  await written.close();
  const segments = listSegments(systemFs, dir);
  loseIntentOf(dir, segments, idOf(100));
  const start = () => openJournal({ dir, genesisHash, clock });
  const first = await start();
  const contradictions = first.replayed.faults.filter((fault) => fault.kind === 'contradiction');
  expect(contradictions.length).toBeGreaterThan(0);
  writeSettled(first.journal, first.replayed.faults, clock.nowMs());
  expect((await compactJournal(first.journal, { dir, retentionMs: 50_000, clock })).archived.size).toBe(8);
  await first.journal.close();
  const second = await start();
  expect([second.replayed.faults, second.replayed.suspect]).toEqual([[], false]);
  await second.journal.close();
  const archive = replayDirectory(systemFs, archiveDirectoryOf(dir));
  expect(archive.faults.map((fault) => fault.detail)).toEqual(contradictions.map((fault) => fault.detail));
});

it('leaves what is left of such a trade where it is until that is settled', async () => {
  const dir = join(root, 'journal');
  const { journal } = await openJournal({ dir, genesisHash, clock });
  // A segment that is gone is damage of which no bytes are there.
  journal.append(attemptRecord(100));
  for (const record of lifeOf(1)) journal.append(record);
  expect((await compactJournal(journal, { dir, retentionMs: 50_000, clock })).archived.size).toBe(1);
  await journal.close();
  const { journal: next, replayed } = await openJournal({ dir, genesisHash, clock });
  await next.close();
  expect(replayed.suspect).toBe(true);
});
