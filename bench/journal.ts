/**
 * The journal: one append of an attempt (written before the send) under JOURNAL_SYNC=os and always, beside
 * a bare `writeSync` of as many bytes.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileJournal } from '../src/journal/file-journal.js';
import { systemFs } from '../src/journal/journal-fs.js';
import { openJournal } from '../src/journal/open-journal.js';
import { encodeRecord, readSegment } from '../src/journal/record-codec.js';
import { listSegments, segmentPath } from '../src/journal/segments.js';
import type { JournalRecord } from '../src/journal/types.js';
import { asBlockHeight, asBlockhash, asSignature, asSlot, asTradeId } from '../src/model/brands.js';
import {
  alternate,
  type BenchOptions,
  type BenchOutcome,
  type Contestant,
  ratioOf,
  resultsOf,
  verify,
} from './measure.js';

const WIRE_BYTES = 644;
/** Appends awaited at once under JOURNAL_SYNC=always, which share one disk sync. */
const GROUP = 32;
const GROUPED = 'journal_append_durable_group';

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

/** Writes down the same attempts again and again, and counts them. */
class Writer {
  readonly #records: readonly JournalRecord[];
  #next = 0;

  constructor(records: readonly JournalRecord[]) {
    this.#records = records;
  }

  get written(): number {
    return this.#next;
  }

  next(): JournalRecord {
    return this.#records[this.#next++ % this.#records.length]!;
  }
}

/** One way of writing: a directory anew for each round, in which everything that was written must be found. */
function journalled(
  contestant: Pick<Contestant, 'name' | 'samples'>,
  records: readonly JournalRecord[],
  sync: 'os' | 'always',
  call: (journal: FileJournal, writer: Writer) => unknown,
): Contestant {
  let directory = '';
  let journal: FileJournal | undefined;
  let writer = new Writer(records);
  return {
    ...contestant,
    batch: 1,
    prepare: async () => {
      directory = mkdtempSync(join(tmpdir(), 'hotslot-bench-journal-'));
      writer = new Writer(records);
      ({ journal } = await openJournal({ dir: directory, genesisHash: 'bench', sync }));
    },
    call: () => call(journal!, writer),
    finish: async () => {
      await journal?.close();
      const bytes = encodeRecord(records[0]!).length;
      verify(`${contestant.name}: all of it was written`, attemptsIn(directory, bytes) === writer.written);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Attempts in a journal's segments, each of as many bytes as the bare write's. */
function attemptsIn(directory: string, bytes: number): number {
  let found = 0;
  for (const segment of listSegments(systemFs, directory)) {
    for (const one of readSegment(readFileSync(segmentPath(directory, segment)))) {
      if (one.kind === 'record' && one.record.kind === 'attempt' && one.length === bytes) found += 1;
    }
  }
  return found;
}

function bareWrite(samples: number, record: JournalRecord): Contestant {
  const frame = encodeRecord(record);
  let directory = '';
  let fd = -1;
  return {
    name: 'journal_bare_write',
    samples,
    batch: 1,
    prepare: () => {
      directory = mkdtempSync(join(tmpdir(), 'hotslot-bench-journal-'));
      fd = openSync(join(directory, 'bare'), 'a');
    },
    call: () => writeSync(fd, frame),
    finish: () => {
      closeSync(fd);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const samples = smoke ? 20 : 2_000;
  const synced = smoke ? 2 : 100;
  const records = Array.from({ length: samples }, (_, number) => attempt(number));
  const rounds = await alternate(
    [
      journalled({ name: 'journal_append', samples }, records, 'os', (journal, writer) =>
        journal.append(writer.next()),
      ),
      bareWrite(samples, records[0]!),
      journalled({ name: 'journal_append_durable', samples: synced }, records, 'always', (journal, writer) =>
        journal.appendDurable(writer.next()),
      ),
      journalled({ name: GROUPED, samples: Math.ceil(synced / 4) }, records, 'always', (journal, writer) =>
        Promise.all(Array.from({ length: GROUP }, () => journal.appendDurable(writer.next()))),
      ),
    ],
    runs,
  );
  const grouped = rounds.get(GROUPED)!;
  rounds.set(
    GROUPED,
    grouped.map((round) => round.map((us) => us / GROUP)),
  );
  return {
    ratios: {
      journal_append_vs_bare_write: ratioOf(rounds, 'journal_append', 'journal_bare_write'),
      journal_group_commit_vs_single: ratioOf(rounds, 'journal_append_durable', GROUPED),
    },
    results: resultsOf(rounds),
  };
}
