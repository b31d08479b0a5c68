/**
 * `restart:trading` once ended the executor that ran and then found out that no other one could start: a typing error in
 * `.env` left nobody to follow the trades that were out.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HeldDataDir, holdDataDir } from '../src/journal/data-dir.js';
import { isRunning } from '../src/process-watch.js';
import { otherNode } from './support/other-node.js';
import { runHotslot } from './support/run-hotslot.js';

const NOT_DONE = 2;
const REAL_ENDPOINTS = {
  YELLOWSTONE_ENDPOINTS: '127.0.0.1:1',
  RPC_ENDPOINTS: 'http://127.0.0.1:1',
  POOLS: 'So11111111111111111111111111111111111111112',
  KEYSTORE_PATH: 'keys/keystore.json',
  KEYSTORE_PASSPHRASE_FILE: 'keys/passphrase',
};

let directory: string;
let held: HeldDataDir;
let executor: ChildProcess;

/** What stands for the executor is a process that the command could end. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-restart-'));
  held = await holdDataDir(join(directory, 'data'));
  executor = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  held.announce({ pid: executor.pid!, controlUrl: 'http://127.0.0.1:1', startedAtMs: 0 });
});
afterEach(async () => {
  executor.kill('SIGKILL');
  await held.release();
  rmSync(directory, { recursive: true, force: true });
});

it.each([
  ['a setting', { RPC_POOL_SIZE: 'many' }, 'RPC_POOL_SIZE: must be a whole number'],
  ['a list of mints', { DENYLIST_FILE: 'dneylist.txt' }, 'dneylist.txt: '],
  ['the keystore', REAL_ENDPOINTS, 'keys/keystore.json is not there'],
])('leaves the executor alone where %s keeps another one from starting', async (_what, settings, fault) => {
  const { code, stderr } = await runHotslot(directory, ['restart'], settings);
  expect([code, stderr]).toEqual([NOT_DONE, expect.stringContaining(fault)]);
  expect(isRunning(executor.pid!)).toBe(true);
});

// A system's newer Node.js, which an update had put in the place of the one that the executor runs on.
it('leaves it alone where this Node.js keeps another one from starting', async () => {
  const { code, stderr } = await runHotslot(directory, ['restart'], otherNode(directory));
  expect([code, stderr]).toEqual([NOT_DONE, expect.stringContaining('NODE_UNSUPPORTED: ')]);
  expect(isRunning(executor.pid!)).toBe(true);
});

it('looks into the keystore too', async () => {
  mkdirSync(join(directory, 'keys'));
  for (const name of ['keystore.json', 'passphrase'])
    writeFileSync(join(directory, 'keys', name), '{}\n', { mode: 0o600 });
  const { code, stderr } = await runHotslot(directory, ['restart'], REAL_ENDPOINTS);
  expect([code, stderr]).toEqual([NOT_DONE, expect.stringContaining('It is not a keystore')]);
  expect(isRunning(executor.pid!)).toBe(true);
});
