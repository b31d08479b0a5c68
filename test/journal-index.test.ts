/** The index is a convenience: lost, damaged or of another chain, it must come back from journal and archive. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { archiveDirectoryOf } from '../src/journal/compaction.js';
import { fingerprintOf } from '../src/journal/fingerprint.js';
import { systemFs } from '../src/journal/journal-fs.js';
import { compactJournal, openJournal } from '../src/journal/open-journal.js';
import { TradeIndex } from '../src/journal/trade-index.js';
import { asSignature } from '../src/model/brands.js';
import { attemptRecord, idOf, intentRecord, lifeOf, ORIGIN_MS } from './support/journal-records.js';
import { ManualClock } from './support/manual-clock.js';

let root: string;
let dir: string;
let journalDir: string;
const clock = new ManualClock(ORIGIN_MS + 100_000);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-index-'));
  dir = join(root, 'index');
  journalDir = join(root, 'journal');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Ended trades in the archive, one live one in the journal. */
async function filled(ended = 12, genesisHash = 'one') {
  const { journal } = await openJournal({ dir: journalDir, genesisHash, clock, segmentBytes: 4000 });
  for (let number = 1; number <= ended; number += 1)
    for (const record of lifeOf(number)) journal.append(record);
  journal.append(intentRecord(ended + 38));
  journal.append(attemptRecord(ended + 38));
  await compactJournal(journal, { dir: journalDir, retentionMs: 1000, clock });
  await journal.close();
}

async function withIndex<T>(use: (index: TradeIndex) => T | Promise<T>, genesisHash = 'one'): Promise<T> {
  const { journal, replayed } = await openJournal({ dir: journalDir, genesisHash, clock });
  await journal.close();
  const index = await TradeIndex.open({ dir, journalDir, genesisHash, replayed });
  try {
    return await use(index);
  } finally {
    await index.close();
  }
}

const all = (index: TradeIndex) => index.idsBelow(undefined, 100);

describe('TradeIndex', () => {
  it('finds trades by id, client order id and signature, newest first, from archive and journal alike', async () => {
    await filled();
    await withIndex((index) => {
      expect(index.get(idOf(3))).toMatchObject({
        state: 'finalized',
        intent: { amount: 0xffff_ffff_ffff_ffffn },
      });
      expect(index.bySignature(asSignature('signature-50-1'))!.id).toBe(idOf(50));
      expect(index.byClientOrderId('order-7')!.tradeId).toBe(idOf(7));
      expect(index.get(idOf(999))).toBeUndefined();
      const falling = [...Array.from({ length: 12 }, (_, at) => idOf(at + 1)), idOf(50)].sort().reverse();
      expect(index.idsBelow(undefined, 100)).toEqual(falling);
      expect(index.idsBelow(falling[3], 4)).toEqual(falling.slice(4, 8));
      expect(index.idsBelow(falling.at(-1), 4)).toEqual([]);
    });
  });

  it('lets others have their turns while it looks up what it has already', async () => {
    const ended = 400;
    await filled(ended);
    await withIndex(async (index) => {
      const turns = vi.spyOn(globalThis, 'setImmediate');
      onTestFinished(() => turns.mockRestore());
      await index.addArchive(systemFs, archiveDirectoryOf(journalDir), 1);
      const records = ended * [...lifeOf(1)].length;
      expect(turns.mock.calls.length).toBeGreaterThanOrEqual(Math.floor(records / 64) + ended / 16);
    });
  });

  it('answers for a trade from the moment that it is given, and not only once it is committed', async () => {
    await filled();
    await withIndex(async (index) => {
      const trade = { ...index.get(idOf(50))!, id: idOf(60) };
      trade.intent = { ...trade.intent, clientOrderId: 'order-60' };
      trade.attempts = trade.attempts.map((attempt) => ({
        ...attempt,
        signature: asSignature('signature-60-1'),
      }));
      const answers = () => [
        index.get(idOf(60))?.id,
        index.byClientOrderId('order-60'),
        index.hasSignature(asSignature('signature-60-1')),
        index.bySignature(asSignature('signature-60-1'))?.id,
      ];
      const use = { tradeId: idOf(60), fingerprint: 'print' };
      const committed = index.put(trade, 'print');
      expect(answers()).toEqual([idOf(60), use, true, idOf(60)]);
      // Given again while the first is on its way.
      const again = index.put({ ...trade, state: 'finalized' }, 'print');
      await committed;
      expect(index.get(idOf(60))?.state).toBe('finalized');
      await again;
      expect(answers()).toEqual([idOf(60), use, true, idOf(60)]);
      expect(index.get(idOf(60))?.state).toBe('finalized');
    });
  });

  it('is rebuilt when it is missing or not readable', async () => {
    await filled();
    await withIndex((index) => expect(all(index)).toHaveLength(13));
    rmSync(dir, { recursive: true });
    await withIndex((index) => expect(all(index)).toHaveLength(13));
    rmSync(dir, { recursive: true });
    writeFileSync(dir, 'not a directory');
    await withIndex((index) => expect(all(index)).toHaveLength(13));
  });

  it('writes at a start only what it does not have as the journal has it', async () => {
    await filled();
    await withIndex((index) => expect(index.writtenAtOpen).toBe(13));
    await withIndex((index) => expect(index.writtenAtOpen).toBe(0));
    const { journal } = await openJournal({ dir: journalDir, genesisHash: 'one', clock });
    journal.append(intentRecord(51));
    journal.append(attemptRecord(51));
    journal.append({ kind: 'cancel', tradeId: idOf(50), atMs: ORIGIN_MS + 99 });
    await journal.close();
    await withIndex((index) => {
      expect(index.writtenAtOpen).toBe(2);
      expect(index.get(idOf(50))?.cancelRequestedAtMs).toBe(ORIGIN_MS + 99);
    });
  });

  it("forgets another chain's trades", async () => {
    await filled();
    await withIndex((index) => expect(all(index)).toHaveLength(13));
    await withIndex((index) => expect(all(index)).toEqual([]), 'two');
  });
});

it('knows the same request by its content, whatever the order of its fields', () => {
  const body = { clientOrderId: 'order-1', amount: '5', mode: 'exactIn' };
  expect(fingerprintOf({ mode: 'exactIn', amount: 5n, clientOrderId: 'order-1', pool: undefined })).toBe(
    fingerprintOf(body),
  );
  expect(fingerprintOf({ ...body, amount: '6' })).not.toBe(fingerprintOf(body));
  expect(fingerprintOf({ ...body, pool: null })).not.toBe(fingerprintOf(body));
});
