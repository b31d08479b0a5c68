/** The command line without an executor: help, exit codes, JSON, and the verbs that need nobody to answer. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openJournal } from '../src/journal/open-journal.js';
import { intentRecord } from './support/journal-records.js';
import { jsonOf as json, runHotslot } from './support/run-hotslot.js';

const MINT = '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr';
const VERBS = [
  'test-trade',
  'stop',
  'restart',
  'check-balances',
  'validate-token',
  'debug-memory',
  'backup',
  'backup verify',
  'config show',
  'config validate',
  'config update-keys',
  'denylist list',
  'denylist reload',
  'doctor',
  'keys export',
  'keys fund',
  'keys generate',
  'keys import',
  'keys list',
  'keys rotate',
  'keys sweep',
  'keys verify',
  'kill',
  'status',
  'trades',
];

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-verbs-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const filesOf = (backup: string): string[] =>
  JSON.parse(readFileSync(join(directory, backup, 'manifest.json'), 'utf8')).files.map(
    ({ path }: { path: string }) => path,
  );

const hotslot = (args: readonly string[], settings?: Readonly<Record<string, string>>) =>
  runHotslot(directory, args, settings);

describe('the command line', () => {
  it('has help for every verb, with what its exit codes say', async () => {
    const helps = await Promise.all(VERBS.map((verb) => hotslot([...verb.split(' '), '--help'])));
    for (const [index, help] of helps.entries()) {
      expect([VERBS[index], help.code]).toEqual([VERBS[index], 0]);
      expect(help.stdout).toContain('--json');
      expect(help.stdout).toContain('Exit codes:');
    }
  });

  it('says by its exit code that no executor runs, and in JSON what is wrong', async () => {
    const [stop, status, kill, tune, unknown] = await Promise.all([
      hotslot(['stop']),
      hotslot(['status', '--json']),
      hotslot(['kill']),
      // Before it measures anything.
      hotslot(['tune', '--short', '--apply']),
      hotslot(['no-such-verb']),
    ]);
    expect([stop.code, status.code, kill.code, tune.code, unknown.code]).toEqual([3, 3, 3, 3, 2]);
    expect(tune.stderr).not.toContain('[1/');
    expect(json(status).error).toBe(
      'no executor answers at http://127.0.0.1:1: start one with npm run start:trading',
    );
  });

  it('names a file that is missing', async () => {
    const [replay, backup] = await Promise.all([
      hotslot(['replay', 'gone.rec']),
      hotslot(['backup', 'verify', 'gone']),
    ]);
    expect([replay.code, replay.stderr]).toEqual([2, 'gone.rec is not there\n']);
    expect([backup.code, backup.stderr]).toEqual([2, 'the directory gone is not there\n']);
  });

  it('tells every fault of the configuration', async () => {
    const bad = await hotslot(['config', 'validate', '--json'], { RPC_POOL_SIZE: 'many', SIGNING: 'never' });
    expect([bad.code, json(bad).valid]).toEqual([1, false]);
    const settings = json(bad).faults.map((fault: { setting: string }) => fault.setting);
    expect(settings.sort()).toEqual(['RPC_POOL_SIZE', 'SIGNING']);
    const shown = await hotslot(['config', 'show', '--json'], { API_TOKEN: 'secret-token' });
    expect(json(shown).API_TOKEN).toBe('(set)');
    expect(shown.stdout).not.toContain('secret-token');
  });

  it('keeps comments of the denylist, and denies a mint once', async () => {
    const path = join(directory, 'denied.txt');
    writeFileSync(path, '# known rugs\n');
    const settings = { DENYLIST_FILE: path };
    await hotslot(['denylist', 'add', MINT], settings);
    const twice = await hotslot(['denylist', 'add', MINT, '--json'], settings);
    expect(json(twice).mints).toEqual([MINT]);
    expect(readFileSync(path, 'utf8')).toBe(`# known rugs\n${MINT}\n`);
    const bad = await hotslot(['denylist', 'add', 'not-an-address'], settings);
    expect(bad.code).toBe(2);
    expect((await hotslot(['denylist', 'reload'], settings)).code).toBe(3);
    const gone = await hotslot(['denylist', 'remove', MINT], settings);
    expect([gone.code, gone.stdout]).toEqual([0, expect.stringContaining('No executor runs')]);
    expect(readFileSync(path, 'utf8')).toBe('# known rugs\n');
  });

  it('makes a backup that proves itself, and finds one that was tampered with', async () => {
    const dataDir = join(directory, 'data');
    mkdirSync(dataDir);
    const dir = join(dataDir, 'journal');
    const { journal } = await openJournal({ dir, genesisHash: 'a chain' });
    journal.append(intentRecord(1));
    await journal.close();
    writeFileSync(join(dataDir, 'pnl.json'), '{}\n');
    const made = json(await hotslot(['backup', '--to', 'kept', '--json']));
    const good = await hotslot(['backup', 'verify', made.path, '--json']);
    expect([good.code, json(good).whole]).toEqual([0, true]);
    expect(json(good).records).toBeGreaterThan(1);
    truncateSync(join(directory, made.path, 'pnl.json'), 1);
    const bad = await hotslot(['backup', 'verify', made.path, '--json']);
    expect([bad.code, json(bad).problems]).toEqual([1, ['pnl.json is not what was copied.']]);
  });

  it('takes the mint lists into a backup, from where they are, and a restored one denies what was denied', async () => {
    await hotslot(['denylist', 'add', MINT]);
    const made = json(await hotslot(['backup', '--to', 'kept', '--json']));
    expect(filesOf(made.path)).toContain('denylist.txt');
    cpSync(join(directory, made.path), join(directory, 'restored'), { recursive: true });
    const restored = await hotslot(['denylist', 'list', '--json'], { DATA_DIR: 'restored' });
    expect(json(restored).mints).toEqual([MINT]);

    const settings = { DENYLIST_FILE: 'elsewhere-denied.txt', ALLOWLIST_FILE: 'elsewhere-allowed.txt' };
    writeFileSync(join(directory, settings.DENYLIST_FILE), '# nobody\n');
    writeFileSync(join(directory, settings.ALLOWLIST_FILE), `${MINT}\n`);
    const other = json(await hotslot(['backup', '--to', 'kept', '--json'], settings));
    for (const [name, content] of [
      ['denylist.txt', '# nobody\n'],
      ['allowlist.txt', `${MINT}\n`],
    ] as const) {
      expect(filesOf(other.path)).toContain(name);
      expect(readFileSync(join(directory, other.path, name), 'utf8')).toBe(content);
    }
  });
});
