/** Two executors on one journal would each re-sign the other's trades: one holder a directory, kill -9 frees it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holdDataDir, isDataDirHeld, readRunInfo } from '../src/journal/data-dir.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-data-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('has one holder, by whatever path it is named, and can be taken again after release', async () => {
  const directory = join(root, 'data');
  const held = await holdDataDir(directory);
  held.announce({ pid: 77, controlUrl: 'http://127.0.0.1:3000', startedAtMs: 1 });
  const link = join(root, 'link');
  symlinkSync(directory, link);
  for (const path of [directory, link]) {
    await expect(holdDataDir(path)).rejects.toMatchObject({ code: 'DATA_DIR_HELD', context: { pid: 77 } });
    expect(await isDataDirHeld(path)).toBe(true);
  }
  await held.release();
  expect(await isDataDirHeld(directory)).toBe(false);
  expect(readRunInfo(directory)).toBeUndefined();
  await (await holdDataDir(link)).release();
});

it('is free again after kill -9, though run.json is left', async () => {
  const script = `
    import(process.argv[1]).then(async ({ holdDataDir }) => {
      const held = await holdDataDir(process.argv[2]);
      held.announce({ pid: process.pid, controlUrl: 'http://127.0.0.1:1', startedAtMs: 1 });
      console.log('held');
      setInterval(() => {}, 1000);
    });`;
  const module = new URL('../src/journal/data-dir.js', import.meta.url).href;
  const child = spawn(process.execPath, ['-e', script, module, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(readRunInfo(root)!.pid).toBe(child.pid);
  await expect(holdDataDir(root)).rejects.toMatchObject({ code: 'DATA_DIR_HELD' });
  child.kill('SIGKILL');
  await closed;
  await (await holdDataDir(root)).release();
});
