/** The log keeps its name: a day's lines are renamed away, compressed, and one day removed. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenLog, openLog } from '../src/logging/log.js';
import { LogRoller } from '../src/logging/roll-log.js';
import { ManualClock } from './support/manual-clock.js';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-03-10T12:00:00Z');

let directory: string;
let roller: LogRoller | undefined;
let log: OpenLog | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-log-'));
});

afterEach(async () => {
  await roller?.close();
  await log?.close();
  roller = undefined;
  log = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string) => join(directory, name);
const line = (day: string, text: string) =>
  `{"level":"info","timestamp":"${day}T08:00:00.000Z","message":"${text}"}\n`;

async function roll(
  clock: ManualClock,
  more: { keepDays?: number; keepMb?: number; reopen?: () => void } = {},
) {
  const faults: unknown[] = [];
  roller = new LogRoller({
    directory,
    keepDays: more.keepDays ?? 14,
    keepMb: more.keepMb ?? 1_024,
    clock,
    reopen: more.reopen ?? (() => undefined),
    onFault: (error) => faults.push(error),
  });
  await roller.check();
  expect(faults).toEqual([]);
}

describe('the rolling log', () => {
  it("leaves today's file alone, and renames yesterday's at the first look of the day", async () => {
    const clock = new ManualClock(NOON);
    writeFileSync(path('trading.log'), line('2026-03-10', 'one'));
    await roll(clock);
    expect(readdirSync(directory)).toEqual(['trading.log']);
    clock.advance(DAY_MS);
    await roller!.check();
    expect(readdirSync(directory)).toEqual(['trading-2026-03-10.log.gz']);
    expect(gunzipSync(readFileSync(path('trading-2026-03-10.log.gz'))).toString()).toContain('"one"');
  });

  it('loses no line of an open log, which goes on under its name', async () => {
    log = openLog({ directory, level: 'info' });
    log.log.info('before');
    // The lines are of today, whatever day the clock says it is.
    const clock = new ManualClock(Date.now() + DAY_MS);
    await waitFor(
      () => existsSync(path('trading.log')) && readFileSync(path('trading.log'), 'utf8').includes('before'),
    );
    await roll(clock, { reopen: () => log!.reopen() });
    log.log.info('after');
    await waitFor(
      () => existsSync(path('trading.log')) && readFileSync(path('trading.log'), 'utf8').includes('after'),
    );
    const [rolled] = readdirSync(directory).filter((name) => name.endsWith('.gz'));
    const old = gunzipSync(readFileSync(path(rolled!))).toString();
    expect([old.includes('before'), old.includes('after')]).toEqual([true, false]);
  });

  it('compresses what a crash left uncompressed, and gives a second file of one day another name', async () => {
    writeFileSync(path('trading-2026-03-09.log'), line('2026-03-09', 'left'));
    writeFileSync(path('trading.log'), line('2026-03-09', 'more'));
    await roll(new ManualClock(NOON));
    expect(readdirSync(directory).sort()).toEqual([
      'trading-2026-03-09.2.log.gz',
      'trading-2026-03-09.log.gz',
    ]);
  });

  it('removes what is too old, and the oldest of what is too much', async () => {
    for (const day of ['2026-02-23', '2026-02-24', '2026-03-09'])
      writeFileSync(path(`trading-${day}.log.gz`), Buffer.alloc(700 * 1024));
    writeFileSync(path('another.log'), 'is not ours');
    const clock = new ManualClock(NOON);
    await roll(clock);
    // Fourteen days back is the last good one.
    expect(readdirSync(directory).sort()).toEqual([
      'another.log',
      'trading-2026-02-24.log.gz',
      'trading-2026-03-09.log.gz',
    ]);
    await roller!.close();
    await roll(clock, { keepMb: 1 });
    expect(readdirSync(directory).sort()).toEqual(['another.log', 'trading-2026-03-09.log.gz']);
  });

  it('rolls a day early that grows too large', async () => {
    writeFileSync(path('trading.log'), line('2026-03-10', 'x') + ' '.repeat(300 * 1024));
    await roll(new ManualClock(NOON), { keepMb: 1 });
    expect(readdirSync(directory)).toEqual(['trading-2026-03-10.log.gz']);
  });

  it('keeps the newest of a day whose first files were removed for their size', async () => {
    const clock = new ManualClock(NOON);
    for (const number of ['', '.2', '.10'])
      writeFileSync(path(`trading-2026-03-10${number}.log.gz`), Buffer.alloc(450 * 1024));
    const large = (text: string) => line('2026-03-10', text) + ' '.repeat(300 * 1024);
    writeFileSync(path('trading.log'), large('eleventh'));
    await roll(clock, { keepMb: 1 });
    writeFileSync(path('trading.log'), large('twelfth'));
    await roller!.check();
    expect(readdirSync(directory).sort()).toEqual([
      'trading-2026-03-10.10.log.gz',
      'trading-2026-03-10.11.log.gz',
      'trading-2026-03-10.12.log.gz',
      'trading-2026-03-10.2.log.gz',
    ]);
    const newest = gunzipSync(readFileSync(path('trading-2026-03-10.12.log.gz'))).toString();
    expect(newest).toContain('"twelfth"');
  });

  it('removes what is too old though a file cannot be compressed, as on a full disk, and leaves no half of it', async () => {
    writeFileSync(path('trading-2026-02-01.log.gz'), 'old');
    // Nothing can be read of a directory.
    mkdirSync(path('trading-2026-03-09.log'));
    const faults: unknown[] = [];
    const options = { directory, keepDays: 14, keepMb: 1_024, reopen: () => undefined };
    roller = new LogRoller({
      ...options,
      clock: new ManualClock(NOON),
      onFault: (error) => faults.push(error),
    });
    await roller.check();
    expect(readdirSync(directory)).toEqual(['trading-2026-03-09.log']);
    expect(faults).toMatchObject([{ code: 'EISDIR' }]);
  });

  it('opens the log again that somebody has removed', async () => {
    let reopened = 0;
    await roll(new ManualClock(NOON), { reopen: () => (reopened += 1) });
    expect(reopened).toBeGreaterThan(0);
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
