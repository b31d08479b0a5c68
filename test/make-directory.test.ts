/** In a working directory that was removed, Node's recursive mkdir turned for ever: a command burnt a processor for hours. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../src/make-directory.js';

const MODULE = new URL('../src/make-directory.js', import.meta.url).href;
const HOTSLOT = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
/** What spins is ended by this; what does not ends by itself long before. */
const LIMIT_MS = 30_000;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-directories-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const codeOf = (action: () => void) => {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

/** Runs node in a directory that goes as soon as node is there: without one it does not even start. */
async function withoutDirectory(...args: string[]) {
  const directory = mkdtempSync(join(root, 'gone-'));
  const goes = `import { rmdirSync } from 'node:fs'; rmdirSync('${directory}');`;
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${goes}`, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '' },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, output, isBack: existsSync(directory) };
}

describe('a directory', () => {
  it('is made with what is missing above it, in the mode that is wanted', () => {
    const path = join(root, 'one', 'two', 'three');
    makeDirectory(path, 0o700);
    makeDirectory(path);
    expect(
      ['one', 'one/two', 'one/two/three'].map((name) => statSync(join(root, name)).mode & 0o777),
    ).toEqual([0o700, 0o700, 0o700]);
  });

  it('is not made where a file is in the way, or where nobody may', () => {
    writeFileSync(join(root, 'file'), '');
    expect(codeOf(() => makeDirectory(join(root, 'file')))).toBe('EEXIST');
    expect(codeOf(() => makeDirectory(join(root, 'file', 'one')))).toBe('ENOTDIR');
    expect(codeOf(() => makeDirectory('/proc/no-such-directory/one'))).toBe('ENOENT');
    expect(codeOf(() => makeDirectory(''))).toBe('ENOENT');
  });

  it.each(['one', './one', 'one/two', './one/two/three'])(
    '%s in a working directory that was removed is refused at once',
    async (path) => {
      const script = `import('${MODULE}').then(({ makeDirectory }) => makeDirectory('${path}'))`;
      const { code, output } = await withoutDirectory('--eval', script);
      expect([code, output]).toEqual([1, expect.stringMatching(/ENOENT: .*, mkdir/)]);
    },
  );
});

it.each([
  ['backup', '--to', 'kept'],
  ['restart'],
  ['denylist', 'add', '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr'],
])('hotslot %s ends where its working directory was removed', async (...args) => {
  const { code, output, isBack } = await withoutDirectory(HOTSLOT, ...args);
  expect([code, output]).toEqual([2, expect.stringMatching(/^(kept|logs|data) is not there$/m)]);
  expect(isBack).toBe(false);
});
