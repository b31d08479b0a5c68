/** A disk that is full ends no process, what the index could not take it knows, and has once there is room. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./support/index-on-full-disk.js', import.meta.url));
/** In blocks of 512 or 1,024 bytes, as the shell has it. */
const MOST_BLOCKS = 512;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-full-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('goes on where writes of the index are refused, and makes them good afterwards', async () => {
  const script = `ulimit -S -f ${MOST_BLOCKS}; exec "$0" "$@"`;
  const { stdout } = await run('sh', ['-c', script, process.execPath, program, root]);
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!);
  const whileFull = expect.stringContaining('Commit failed');
  expect(result).toEqual({ whileFull, missingWhileFull: 0, missing: 0, after: null });
});
