/** The machine under one life: its disk, which may be full or the last thing a killed process touches. */
import { HotslotError } from '../../src/errors/hotslot-error.js';
import type { FileJournal } from '../../src/journal/file-journal.js';
import type { JournalFs } from '../../src/journal/journal-fs.js';
import { openJournal } from '../../src/journal/open-journal.js';
import { HEADER_BYTES, readSegment } from '../../src/journal/record-codec.js';
import { listSegments, segmentPath } from '../../src/journal/segments.js';
import type { Journal, JournalRecord } from '../../src/journal/types.js';
import { TERMINAL_STATES } from '../../src/model/trade-state.js';
import { type LifeContext, later } from './life-context.js';

export const DATA_DIR = 'data';
const JOURNAL_DIR = `${DATA_DIR}/journal`;
const GENESIS = 'simulated';

export function diskOf(context: LifeContext): JournalFs {
  const { world, random, clock, isAlive, kill } = context;
  const { profile } = world;
  let fullUntilMs = 0;
  return world.disk.open(isAlive, {
    bytesWritten: (path, length) => {
      if (world.isHealed || !path.includes('journal')) return length;
      if (random.chance(profile.crashAtPointChance)) {
        kill('amid a write');
        return random.pick([0, random.int(0, length), length]);
      }
      if (random.chance(profile.diskFullChance)) fullUntilMs = clock.nowMs() + random.int(100, 4_000);
      return fullUntilMs > clock.nowMs() ? random.int(0, length - 1) : length;
    },
    sync: () =>
      later(context, random.between(0.5, 8), () => {
        if (fullUntilMs > clock.nowMs() && !world.isHealed) throw new Error('EIO');
      }),
  });
}

/** Records whose loss no client could notice by itself: what it was told of the others would not be true any more. */
function mayBeLost(record: JournalRecord): boolean {
  return record.kind === 'attempt' || (record.kind === 'state' && !TERMINAL_STATES.has(record.change.state));
}

/** One record somewhere in the journal becomes unreadable while nobody runs. */
export function corruptJournal({ world, random, clock }: LifeContext, files: JournalFs): void {
  if (world.isHealed || !random.chance(world.profile.corruptChance) || !files.exists(JOURNAL_DIR)) return;
  const segments = listSegments(files, JOURNAL_DIR).map((number) => segmentPath(JOURNAL_DIR, number));
  const records = segments.flatMap((path) =>
    [...readSegment(files.read(path))].flatMap((stretch) =>
      stretch.kind === 'record' && mayBeLost(stretch.record) ? [{ path, ...stretch }] : [],
    ),
  );
  if (records.length === 0) return;
  const { path, offset, length, record } = random.pick(records);
  world.disk.damage(path, offset + random.int(HEADER_BYTES, length - 1));
  world.checker.damagedRecords += 1;
  world.log(`damage to ${record.kind} of ${'tradeId' in record ? record.tradeId : ''} at ${clock.nowMs()}`);
}

/** A process that cannot read its journal says so and ends; it is started again. */
export async function openJournalOrEnd(
  { world, clock, kill }: LifeContext,
  files: JournalFs,
): Promise<Awaited<ReturnType<typeof openJournal>> | undefined> {
  try {
    return await openJournal({
      dir: JOURNAL_DIR,
      genesisHash: GENESIS,
      sync: world.profile.durable ? 'always' : 'os',
      clock,
      files,
    });
  } catch (error) {
    if (!(error instanceof HotslotError)) throw error;
    kill(error.message);
    return undefined;
  }
}

/** The journal, with a look at what is in it. */
export function observed(file: FileJournal, { world, isAlive }: LifeContext): Journal {
  const { checker } = world;
  return {
    append: (record) => {
      file.append(record);
      if (isAlive() && file.writable) checker.journalled(record);
    },
    appendDurable: async (record) => {
      world.dirty();
      // It is in the file before the disk is waited for, and a restart would find it.
      const written = file.appendDurable(record);
      if (isAlive() && file.writable) checker.journalled(record);
      await written;
    },
    get writable() {
      return file.writable;
    },
    close: () => file.close(),
  };
}
