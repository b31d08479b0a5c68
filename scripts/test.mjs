// The whole test run: what it needs from the system, the build, the lint, the tests, and one closing line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const NEEDED = [
  { program: 'redis-server', package: 'redis-server' },
  { program: 'chromium', package: 'chromium' },
  // The operators' book is typed as it stands.
  { program: 'redis-cli', package: 'redis-tools' },
  { program: 'curl', package: 'curl' },
  { program: 'jq', package: 'jq' },
  { program: 'pgrep', package: 'procps' },
  { program: 'promtool', package: 'prometheus' },
];

const run = (command, args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function installNeeded() {
  const missing = NEEDED.filter((one) => !has(one.program)).map((one) => one.package);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !has('apt-get')) {
    throw new Error(`The tests need ${missing.join(' and ')}: sudo apt-get install -y ${missing.join(' ')}`);
  }
  // In runlevel 1 a package does not start its service: only the programs are wanted.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
  ]) {
    const done = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (done.status !== 0) throw new Error(`apt-get ${args[0]} failed`);
  }
}

function runTests(filters) {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-tests-'));
  const report = join(directory, 'report.json');
  try {
    const status = run('node', [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ]);
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, success } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    // A file that could not be loaded has no tests of its own to fail.
    const failed = Math.max(numFailedTests, success ? 0 : Math.min(1, numFailedTestSuites));
    return { passed: numPassedTests, failed, skipped: numPendingTests, status };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const filters = process.argv.slice(2);
const option = filters.find((one) => one.startsWith('-'));
if (option !== undefined) {
  const isHelp = option === '--help' || option === '-h';
  const usage = 'Usage: npm test -- [PART OF A FILE NAME ...], such as npm test -- cli-verbs journal';
  (isHelp ? console.log : console.error)(isHelp ? usage : `unknown option '${option}'\n${usage}`);
  process.exit(isHelp ? 0 : 2);
}
try {
  installNeeded();
  if (run('node', ['scripts/build.mjs']) !== 0) throw new Error('The build failed.');
  if (run('node', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']) !== 0)
    throw new Error('The lint failed.');
  const { passed, failed, skipped, status } = runTests(filters);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = status === 0 && failed === 0 && passed > 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
