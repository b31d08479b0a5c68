/**
 * The journal: one append of an attempt (written before the send) under JOURNAL_SYNC=os and always, beside
 * a bare `writeSync` of as many bytes.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../src/journal/open-journal.js';
import { encodeRecord } from '../src/journal/record-codec.js';
import type { JournalRecord } from '../src/journal/types.js';
import { asBlockHeight, asBlockhash, asSignature, asSlot, asTradeId } from '../src/model/brands.js';

const WIRE_BYTES = 644;
/** Appends awaited at once under JOURNAL_SYNC=always, which share one disk sync. */
const GROUP = 32;

export interface JournalBenchResult {
  readonly ratios: Record<string, number>;
  readonly results: { name: string; unit: string; p50: number; p99: number; n: number }[];
}

function attempt(number: number): JournalRecord {
  return {
    kind: 'attempt',
    tradeId: asTradeId(`t${String(number).padStart(26, '0')}`),
    number: 1,
    signature: asSignature('5'.repeat(88)),
    blockhash: asBlockhash('4'.repeat(44)),
    lastValidBlockHeight: asBlockHeight(300_000_150),
    signedSlot: asSlot(320_000_000),
    signedAtMs: 1_700_000_000_000,
    poolSlot: asSlot(319_999_999),
    quotedIn: 100_000_000n,
    quotedOut: 6_630_518n,
    limit: 6_564_212n,
    computeUnitLimit: 60_000,
    computeUnitPriceMicroLamports: 10_000n,
    wire: new Uint8Array(WIRE_BYTES).fill(number & 255),
  };
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
};

async function timed(
  figures: number[],
  count: number,
  action: (number: number) => void | Promise<void>,
): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const startMs = performance.now();
    await action(number);
    figures.push((performance.now() - startMs) * 1000);
  }
}

/** @param options `smoke` runs just enough to see that it computes; `runs` alternating rounds */
export async function run(options: { smoke: boolean; runs: number }): Promise<JournalBenchResult> {
  const count = options.smoke ? 20 : 2000;
  const synced = options.smoke ? 2 : 100;
  const names = [
    'journal_append',
    'journal_bare_write',
    'journal_append_durable',
    'journal_append_durable_group',
  ];
  const figures = new Map<string, number[]>(names.map((name) => [name, []]));
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-bench-journal-'));
  try {
    for (let round = 0; round < options.runs; round += 1) {
      const os = await openJournal({ dir: join(directory, `os-${round}`), genesisHash: 'bench' });
      const records = Array.from({ length: count }, (_, number) => attempt(number));
      await timed(figures.get('journal_append')!, count, (number) => os.journal.append(records[number]!));
      await os.journal.close();
      const fd = openSync(join(directory, `bare-${round}`), 'a');
      const frame = Buffer.from(encodeRecord(records[0]!));
      await timed(figures.get('journal_bare_write')!, count, () => void writeSync(fd, frame));
      closeSync(fd);
      const always = await openJournal({
        dir: join(directory, `on-${round}`),
        genesisHash: 'bench',
        sync: 'always',
      });
      await timed(figures.get('journal_append_durable')!, synced, (number) =>
        always.journal.appendDurable(records[number % count]!),
      );
      const group: number[] = [];
      await timed(group, Math.ceil(synced / 4), async () => {
        await Promise.all(records.slice(0, GROUP).map((record) => always.journal.appendDurable(record)));
      });
      figures.get('journal_append_durable_group')!.push(...group.map((us) => us / Math.min(GROUP, count)));
      await always.journal.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const p50 = (name: string): number => quantile(figures.get(name)!, 0.5);
  return {
    ratios: {
      journal_append_vs_bare_write: p50('journal_append') / p50('journal_bare_write'),
      journal_group_commit_vs_single: p50('journal_append_durable') / p50('journal_append_durable_group'),
    },
    results: names.map((name) => ({
      name,
      unit: 'us',
      p50: p50(name),
      p99: quantile(figures.get(name)!, 0.99),
      n: figures.get(name)!.length,
    })),
  };
}
