/** A wrong option of a drill once was a stack trace, `--help` too, and each script had an exit code of its own for it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOT_DONE = 2;

/** Each entry that package.json starts, once; what takes verbs has a test of its own. */
function entries(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { [name: string]: string };
  };
  const found = Object.values(scripts).flatMap(
    (line) => /node ((?:dist|scripts)\/\S+)/.exec(line)?.[1] ?? [],
  );
  return [...new Set(found)].filter((entry) => !entry.endsWith('/hotslot.js'));
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-scripts-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(entry: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(ROOT, entry), ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
}

it('knows the scripts', () => {
  expect(entries()).toContain('dist/drill/kill-switch.js');
  expect(entries().length).toBeGreaterThan(12);
});

it.each(entries())('%s tells wrong use in a line or two and ends with 2, and has help', async (entry) => {
  const [wrong, many, help] = await Promise.all([
    run(entry, '--no-such-option'),
    // A part of a file's name, for the tests.
    entry === 'scripts/test.mjs' ? run(entry, '--x') : run(entry, 'too', 'many'),
    run(entry, '--help'),
  ]);
  for (const { code, stdout, stderr } of [wrong, many]) {
    expect([code, stdout]).toEqual([NOT_DONE, '']);
    expect(stderr.trimEnd().split('\n').length).toBeLessThan(3);
  }
  expect([help.code, help.stderr, help.stdout]).toEqual([0, '', expect.stringContaining('Usage: ')]);
});
