/** With its working directory removed, Node's recursive mkdir kept a processor busy and a cluster from ever starting. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeDirectory } from '../../localnet/state/make-directory.js';

const MODULE = new URL('../../localnet/state/make-directory.js', import.meta.url).href;
/** What spins is ended by this; what does not ends by itself long before. */
const LIMIT_MS = 30_000;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'localnet-directories-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('makes what is missing above it too, and is content with what is there', () => {
  const dir = join(root, 'one', 'two', 'three');
  makeDirectory(dir);
  makeDirectory(dir);
  makeDirectory(join(root, 'one', 'two', '..', 'other'));
  expect([dir, join(root, 'one', 'other')].map((path) => statSync(path).isDirectory())).toEqual([true, true]);
});

it('throws where a file is in the way, and where nobody may make one', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  expect(() => makeDirectory(file)).toThrow(/EEXIST/);
  // On Node.js 20 a look below a file already throws; later ones name the file itself.
  expect(() => makeDirectory(join(file, 'one'))).toThrow(/ENOTDIR|EEXIST/);
  expect(() => makeDirectory('/proc/no-such-directory/one')).toThrow(/ENOENT/);
  expect(() => makeDirectory('')).toThrow(/ENOENT/);
});

it.each(['one', 'one/two', './one/two/three', '../one/two'])(
  'refuses %s at once where the working directory has been removed',
  async (dir) => {
    const directory = join(root, 'above', 'gone');
    mkdirSync(join(root, 'above'));
    mkdirSync(directory);
    const script = `
      const { rmSync } = await import('node:fs');
      const { makeDirectory } = await import('${MODULE}');
      rmSync('${join(root, 'above')}', { recursive: true });
      try { makeDirectory('${dir}'); } catch (error) { process.stdout.write(error.code); }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: directory,
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const code = await new Promise<number | null>((done) => child.once('close', done));
    expect([code, output]).toEqual([0, 'ENOENT']);
  },
);
