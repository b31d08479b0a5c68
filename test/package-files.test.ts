/** What `npm pack` takes: what runs and what is read, and nothing of tests, of this machine, or secret. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NEEDED = [
  'README.md',
  'LICENSE',
  'dist/src/trading.js',
  'dist/src/cli/hotslot.js',
  'dist/src/index.js',
  'dist/src/index.d.ts',
  'dist/workers/signer.js',
  'dist/dashboard/index.html',
  'dist/openapi.json',
  'dist/localnet/cli.js',
  'dist/localnet/cluster.js',
  'localnet/programs/cpmm.so',
  'proto/geyser.proto',
  'docs/RUNBOOK.md',
];

it('a build leaves commands that can be run', () => {
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: object };
  for (const file of Object.values(bin) as string[])
    expect([file, (statSync(join(ROOT, file)).mode & 0o777).toString(8)]).toEqual([file, '755']);
});

it('the package has what it needs and nothing else', () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout, status } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
  expect(status).toBe(0);
  // A list in older versions of npm, by name in newer ones.
  const told = Object.values(JSON.parse(stdout) as object) as { files: { path: string }[] }[];
  const paths = told.flatMap(({ files }) => files.map(({ path }) => path));
  expect(NEEDED.filter((path) => !paths.includes(path))).toEqual([]);
  const strangers = paths.filter((path) =>
    /(^|\/)(test|bench|drill|fuzz|secrets|data|logs|\.env|\.ci|\.github)(\/|$)|\.map$/.test(path),
  );
  expect(strangers).toEqual([]);
});
