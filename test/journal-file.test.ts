/**
 * What the journal was told before a crash is what the next process must know, however the crash came:
 * kill -9, a write cut short, a damaged disk, a full one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HotslotError } from '../src/errors/hotslot-error.js';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import { openJournal } from '../src/journal/open-journal.js';
import { encodeRecord, readSegment } from '../src/journal/record-codec.js';
import type { ReplayedState } from '../src/journal/replayed-state.js';
import { writeSettled } from '../src/journal/settled-damage.js';
import type { JournalRecord } from '../src/journal/types.js';
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
let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-journal-'));
  dir = join(root, 'journal');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function write(records: readonly JournalRecord[]): Promise<void> {
  const { journal } = await openJournal({ dir, genesisHash });
  for (const record of records) journal.append(record);
  await journal.close();
}

async function openAndClose(): Promise<ReplayedState> {
  const { journal, replayed } = await openJournal({ dir, genesisHash });
  await journal.close();
  return replayed;
}

const codeOf = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    return (error as HotslotError).code;
  }
  return 'none';
};

describe('record codec', () => {
  it('gives back every kind of record as it was, u64 amounts as bigint and bytes as bytes', () => {
    const records: JournalRecord[] = [...lifeOf(7), { kind: 'compacted', throughSegment: 3, atMs: 1.5 }];
    const bytes = Buffer.concat(records.map((record) => Buffer.from(encodeRecord(record))));
    const read = [...readSegment(bytes)].map((stretch) =>
      stretch.kind === 'record' ? stretch.record : stretch,
    );
    const withPlainBytes = (record: object) =>
      'wire' in record ? { ...record, wire: Array.from(record.wire as Uint8Array) } : record;
    expect(read.map(withPlainBytes)).toEqual(records.map(withPlainBytes));
    expect((read[2] as { wire: unknown }).wire).toBeInstanceOf(Uint8Array);
  });

  it('finds every flipped bit: no damaged record is ever given out', () => {
    const frame = Buffer.from(encodeRecord(stateRecord(1, 'queued')));
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const damaged = Buffer.from(frame);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect([...readSegment(damaged)].map((stretch) => stretch.kind)).toEqual(['damage']);
    }
  });
});

describe('journal and replay', () => {
  it('rebuilds trades with attempts and history, and flags those that are not at an end', async () => {
    await write([...lifeOf(1), intentRecord(2), stateRecord(2, 'queued'), attemptRecord(2), intentRecord(3)]);
    const { journal, replayed } = await openJournal({ dir, genesisHash });
    await journal.close();
    expect([...replayed.trades.values()].map((trade) => trade.state)).toEqual([
      'finalized',
      'signed',
      'accepted',
    ]);
    expect(replayed.live.map((trade) => trade.id)).toEqual([idOf(2), idOf(3)]);
    const done = replayed.trades.get(idOf(1))!;
    expect(done.history.map((change) => change.state)).toEqual([
      'accepted',
      'queued',
      'signed',
      'sent',
      'processed',
      'confirmed',
      'finalized',
    ]);
    expect(done.intent.amount).toBe(0xffff_ffff_ffff_ffffn);
    expect(done.attempts[0]!.wire).toHaveLength(600);
    expect(replayed.orders.get('order-2')!.tradeId).toBe(idOf(2));
    expect(replayed.faults).toEqual([]);
  });

  it('goes on over many segments and restarts', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { journal } = await openJournal({ dir, genesisHash, segmentBytes: 5000 });
      for (let index = 0; index < 20; index += 1)
        for (const record of lifeOf(round * 20 + index)) journal.append(record);
      await journal.close();
    }
    const { journal, replayed } = await openJournal({ dir, genesisHash });
    await journal.close();
    expect(readdirSync(dir).length).toBeGreaterThan(9);
    expect(replayed.trades.size).toBe(60);
    expect(replayed.live).toEqual([]);
  });

  it('cuts off a torn end, saves and reports it once, and keeps all before it', async () => {
    await write([intentRecord(1), stateRecord(1, 'queued'), attemptRecord(1)]);
    const path = join(dir, '00000001.log');
    const whole = readFileSync(path);
    const lastLength = encodeRecord(attemptRecord(1)).length;
    for (const cut of [1, 11, 12, 13, lastLength - 1]) {
      rmSync(dir, { recursive: true });
      await write([]);
      writeFileSync(path, whole.subarray(0, whole.length - lastLength + cut));
      const { journal, replayed } = await openJournal({ dir, genesisHash });
      await journal.close();
      expect(replayed.faults).toMatchObject([{ kind: 'torn', segment: 1, length: cut }]);
      expect(readFileSync(join(dir, replayed.faults[0]!.savedAs!))).toHaveLength(cut);
      expect(replayed.suspect).toBe(false);
      expect(replayed.trades.get(idOf(1))!.state).toBe('queued');
      const again = await openJournal({ dir, genesisHash });
      await again.journal.close();
      expect(again.replayed.faults).toEqual([]);
    }
  });

  it('sets a corrupt record aside and reads those after it', async () => {
    await write([intentRecord(1), intentRecord(2), intentRecord(3)]);
    const path = join(dir, '00000001.log');
    const bytes = readFileSync(path);
    const at = bytes.indexOf('order-2');
    bytes[at]! ^= 0xff;
    writeFileSync(path, bytes);
    const { journal, replayed } = await openJournal({ dir, genesisHash });
    await journal.close();
    expect([...replayed.trades.keys()]).toEqual([idOf(1), idOf(3)]);
    expect(replayed.faults).toMatchObject([
      { kind: 'corrupt', segment: 1, length: encodeRecord(intentRecord(2)).length },
    ]);
    expect(replayed.suspect).toBe(true);
    expect(readFileSync(join(dir, replayed.faults[0]!.savedAs!)).includes('rder-2')).toBe(true);
  });

  it('takes a record whose length is damaged for no torn end while sound ones follow: nothing is cut off', async () => {
    await write([intentRecord(1), intentRecord(2), intentRecord(3)]);
    const path = join(dir, '00000001.log');
    const bytes = readFileSync(path);
    const frame = Buffer.from(encodeRecord(intentRecord(2)));
    // Bit 16 of the length: more than the rest of the file, and less than the longest record.
    bytes[bytes.indexOf(frame) + 6]! ^= 1;
    writeFileSync(path, bytes);
    for (let start = 0; start < 2; start += 1) {
      const replayed = await openAndClose();
      expect(replayed.faults).toMatchObject([{ kind: 'corrupt', segment: 1, length: frame.length }]);
      expect(replayed.suspect).toBe(true);
      expect([...replayed.trades.keys()]).toEqual([idOf(1), idOf(3)]);
    }
    expect(statSync(path).size).toBe(bytes.length);
  });

  it('takes a last record of full length that fails its checksum for damage, not for a write cut short', async () => {
    await write([intentRecord(1), attemptRecord(1)]);
    const path = join(dir, '00000001.log');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 0xff;
    writeFileSync(path, bytes);
    for (let start = 0; start < 2; start += 1) {
      const { journal, replayed } = await openJournal({ dir, genesisHash });
      await journal.close();
      expect(replayed.faults).toMatchObject([{ kind: 'corrupt', segment: 1 }]);
      expect([replayed.suspect, replayed.live.length]).toEqual([true, 1]);
    }
    expect(statSync(path).size).toBe(bytes.length);
  });

  it('goes on with what it can read where a segment cannot be read, and says that more is missing', async () => {
    await write([intentRecord(1), attemptRecord(1)]);
    await write([intentRecord(2)]);
    await write([intentRecord(3), attemptRecord(3)]);
    const files: JournalFs = {
      ...systemFs,
      read(path) {
        if (path.endsWith('00000002.log')) throw new Error('EIO');
        return systemFs.read(path);
      },
    };
    const { journal, replayed } = await openJournal({ dir, genesisHash, files });
    expect(replayed).toMatchObject({ isUnreadable: true, suspect: true });
    expect(replayed.live.map((trade) => trade.id)).toEqual([idOf(1), idOf(3)]);
    expect([journal.isUnreadable, journal.writable, journal.segment]).toEqual([true, true, 4]);
    await journal.close();
    expect(await openAndClose()).toMatchObject({ isUnreadable: false, suspect: false });
  });

  it('opens where not even the directory can be read, and knows of nothing', async () => {
    await write([intentRecord(1)]);
    const files: JournalFs = {
      ...systemFs,
      list() {
        throw new Error('EIO');
      },
    };
    const { journal, replayed } = await openJournal({ dir, genesisHash, files });
    await journal.close();
    expect([replayed.isUnreadable, replayed.trades.size]).toEqual([true, 0]);
    // Nothing that is there is written to.
    expect(journal.segment).toBe(2);
  });

  it('is suspect at every start until the damage is settled, and again when there is more of it', async () => {
    await write([intentRecord(1), intentRecord(2), intentRecord(3), intentRecord(4)]);
    const path = join(dir, '00000001.log');
    const damage = (word: string): void => {
      const bytes = readFileSync(path);
      bytes[bytes.indexOf(word)]! ^= 0xff;
      writeFileSync(path, bytes);
    };
    damage('order-2');
    expect((await openAndClose()).suspect).toBe(true);
    const { journal, replayed } = await openJournal({ dir, genesisHash });
    expect(replayed.suspect).toBe(true);
    expect(writeSettled(journal, replayed.faults, ORIGIN_MS)).toBe(true);
    await journal.close();
    expect(await openAndClose()).toMatchObject({ suspect: false, faults: [] });
    damage('order-3');
    expect(await openAndClose()).toMatchObject({ suspect: true });
  });

  it('reports sound records that contradict each other and invents nothing', async () => {
    await write([intentRecord(1), stateRecord(1, 'finalized'), attemptRecord(9), stateRecord(8, 'sent')]);
    const { journal, replayed } = await openJournal({ dir, genesisHash });
    await journal.close();
    expect(replayed.trades.get(idOf(1))!.state).toBe('accepted');
    expect(replayed.faults.map((fault) => fault.kind)).toEqual([
      'contradiction',
      'contradiction',
      'contradiction',
    ]);
  });

  it("moves another chain's journal out of the way, whole", async () => {
    await write(lifeOf(1));
    const { journal, replayed } = await openJournal({ dir, genesisHash: 'another' });
    await journal.close();
    expect(replayed.trades.size).toBe(0);
    expect(statSync(join(replayed.setAside!, '00000001.log')).size).toBeGreaterThan(600);
  });
});

describe('kill -9', () => {
  it('loses no record whose append had returned', async () => {
    const child = spawn(
      process.execPath,
      [new URL('./support/journal-child.js', import.meta.url).pathname, dir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let told = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const numbers = chunk.toString().split('\n').filter(Boolean);
        told = Math.max(told, ...numbers.map(Number));
        if (told > 300) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    const { journal, replayed } = await openJournal({ dir, genesisHash });
    await journal.close();
    for (let number = 1; number <= told; number += 1) {
      expect(replayed.trades.get(idOf(number))?.attempts).toHaveLength(1);
    }
    expect(told).toBeGreaterThan(300);
    expect(replayed.faults.filter((fault) => fault.kind !== 'torn')).toEqual([]);
  });
});

describe('a disk that fails', () => {
  it('that is full at the start lets live trades go on: a torn end is reported and stays', async () => {
    await write([intentRecord(1), attemptRecord(1)]);
    const path = join(dir, '00000001.log');
    const torn = Buffer.concat([
      readFileSync(path),
      Buffer.from(encodeRecord(intentRecord(2))).subarray(0, 20),
    ]);
    writeFileSync(path, torn);
    const files: JournalFs = {
      ...systemFs,
      write() {
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      },
    };
    const { journal, replayed } = await openJournal({ dir, genesisHash, clock: new ManualClock(), files });
    expect(replayed.live.map((trade) => trade.id)).toEqual([idOf(1)]);
    expect(replayed.faults).toMatchObject([{ kind: 'torn', segment: 1, length: 20 }]);
    expect(replayed.faults[0]!.detail).toContain('ENOSPC');
    expect(journal.writable).toBe(false);
    expect(readFileSync(path)).toHaveLength(torn.length);
    await journal.close();
  });

  it('refuses intents and attempts with JOURNAL_UNWRITABLE, keeps states, and recovers whole', async () => {
    const clock = new ManualClock();
    let roomBytes = Number.POSITIVE_INFINITY;
    const files: JournalFs = {
      ...systemFs,
      write(fd, bytes, offset, length) {
        const taken = Math.min(length, roomBytes);
        if (taken === 0)
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        roomBytes -= taken;
        return systemFs.write(fd, bytes, offset, taken);
      },
    };
    const { journal } = await openJournal({ dir, genesisHash, clock, files });
    journal.append(intentRecord(1));
    journal.append(stateRecord(1, 'queued'));
    roomBytes = 100;
    expect(codeOf(() => journal.append(attemptRecord(1)))).toBe('JOURNAL_UNWRITABLE');
    expect(journal.writable).toBe(false);
    expect(codeOf(() => journal.append(intentRecord(2)))).toBe('JOURNAL_UNWRITABLE');
    journal.append(stateRecord(1, 'denied'));
    clock.advance(1000);
    expect([journal.writable, journal.pendingCount]).toEqual([false, 1]);
    roomBytes = Number.POSITIVE_INFINITY;
    clock.advance(1000);
    expect([journal.writable, journal.pendingCount]).toEqual([true, 0]);
    journal.append(intentRecord(3));
    await journal.close();
    const again = await openJournal({ dir, genesisHash });
    await again.journal.close();
    expect(again.replayed.trades.get(idOf(1))!.state).toBe('denied');
    expect([...again.replayed.trades.keys()]).toEqual([idOf(1), idOf(3)]);
    expect(again.replayed.suspect).toBe(false);
  });

  it('under JOURNAL_SYNC=always resolves only after a disk sync that began later, shared by those who wait', async () => {
    const syncs: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const files: JournalFs = {
      ...systemFs,
      syncAsync: () => new Promise((resolve, reject) => syncs.push({ resolve, reject })),
    };
    const clock = new ManualClock();
    const { journal } = await openJournal({ dir, genesisHash, sync: 'always', files, clock });
    const done: number[] = [];
    const first = journal.appendDurable(intentRecord(1)).then(() => done.push(1));
    const others = [2, 3].map((number) =>
      journal.appendDurable(intentRecord(number)).then(() => done.push(number)),
    );
    expect(syncs).toHaveLength(1);
    syncs[0]!.resolve();
    await first;
    expect(done).toEqual([1]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(syncs).toHaveLength(2);
    syncs[1]!.resolve();
    await Promise.all(others);
    const failing = journal.appendDurable(intentRecord(4));
    syncs[2]!.reject(new Error('EIO'));
    await expect(failing).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' });
    expect(journal.writable).toBe(false);
    clock.advance(1000);
    expect(journal.writable).toBe(true);
    await journal.close();
  });

  it('leaves no segment behind for each time that it was tried again', async () => {
    const clock = new ManualClock();
    let isFull = false;
    const full = () => {
      if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    const files: JournalFs = {
      ...systemFs,
      write(fd, bytes, offset, length) {
        full();
        return systemFs.write(fd, bytes, offset, length);
      },
    };
    const { journal } = await openJournal({ dir, genesisHash, clock, files });
    journal.append(intentRecord(1));
    isFull = true;
    expect(codeOf(() => journal.append(intentRecord(2)))).toBe('JOURNAL_UNWRITABLE');
    clock.advance(10_000);
    const segments = () => readdirSync(dir).filter((name) => name.endsWith('.log'));
    expect([journal.writable, segments()]).toEqual([false, ['00000001.log']]);
    isFull = false;
    clock.advance(1_000);
    expect([journal.writable, segments()]).toEqual([true, ['00000001.log', '00000002.log']]);
    journal.append(intentRecord(3));
    await journal.close();
    const replayed = await openAndClose();
    expect([[...replayed.trades.keys()], replayed.suspect]).toEqual([[idOf(1), idOf(3)], false]);
  });

  it.each([
    ['promises', true],
    ['does not promise', false],
  ])(
    'under JOURNAL_SYNC=always answers those who wait for an old segment by what the disk %s of it',
    async (_word, isPromised) => {
      const syncs: (() => void)[] = [];
      const calls: string[] = [];
      let refused = 0;
      const files: JournalFs = {
        ...systemFs,
        write(fd, bytes, offset, length) {
          if (refused-- > 0) throw new Error('ENOSPC');
          return systemFs.write(fd, bytes, offset, length);
        },
        sync(fd) {
          calls.push(`sync ${fd}`);
          if (fd === oldFd && isBroken) throw new Error('EIO');
        },
        syncAsync: () => new Promise((resolve) => syncs.push(resolve)),
        openAppend(path) {
          const fd = systemFs.openAppend(path);
          if (path.endsWith('00000001.log')) oldFd = fd;
          return fd;
        },
        close(fd) {
          calls.push(`close ${fd}`);
          systemFs.close(fd);
        },
      };
      let oldFd = -1;
      let isBroken = false;
      const clock = new ManualClock();
      const { journal } = await openJournal({ dir, genesisHash, sync: 'always', files, clock });
      const first = journal.appendDurable(intentRecord(1)).catch(() => undefined);
      const second = journal.appendDurable(intentRecord(2)).then(
        () => 'done',
        (error: HotslotError) => error.code,
      );
      const isOldOne = (call: string) => call.endsWith(` ${oldFd}`);
      calls.length = 0;
      isBroken = !isPromised;
      refused = 1;
      expect(codeOf(() => journal.append(intentRecord(3)))).toBe('JOURNAL_UNWRITABLE');
      clock.advance(1000);
      expect([journal.writable, journal.segment]).toEqual([true, 2]);
      // The sync that is under way still needs it.
      expect(calls.filter(isOldOne)).toEqual([`sync ${oldFd}`]);
      syncs[0]!();
      await first;
      await new Promise((resolve) => setImmediate(resolve));
      expect(calls.filter(isOldOne)).toEqual([`sync ${oldFd}`, `close ${oldFd}`]);
      syncs[1]!();
      expect(await second).toBe(isPromised ? 'done' : 'JOURNAL_UNWRITABLE');
      const next = journal.appendDurable(intentRecord(4));
      syncs[2]!();
      await next;
      await journal.close();
    },
  );

  it('denies from the start when the directory cannot be written', async () => {
    const files: JournalFs = {
      ...systemFs,
      openAppend: () => {
        throw new Error('EROFS');
      },
    };
    const { journal } = await openJournal({ dir, genesisHash, clock: new ManualClock(), files });
    expect(journal.writable).toBe(false);
    expect(codeOf(() => journal.append(intentRecord(1)))).toBe('JOURNAL_UNWRITABLE');
    await journal.close();
  });

  it('reads a journal cut at any byte without an error', async () => {
    await write(lifeOf(1));
    const path = join(dir, '00000001.log');
    const whole = readFileSync(path);
    for (let length = whole.length - 1; length >= 0; length -= 37) {
      writeFileSync(path, whole.subarray(0, length));
      const { journal, replayed } = await openJournal({ dir, genesisHash });
      await journal.close();
      expect(replayed.faults.every((fault) => fault.kind === 'torn')).toBe(true);
    }
  });
});
