/**
 * The sweep is stopped by hand more often than not. The command has to leave nothing behind then, go on where it was,
 * and set on the running executor what it recommends and nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ControlClient } from '../src/cli/control-client.js';
import type { OwnExecutor } from '../src/cli/own-executor.js';
import { readyOwnExecutor } from './support/ready-own-executor.js';

const ENTRY = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
const TIMEOUT_MS = 120_000;
const SWEEP = ['--concurrency', '2,8', '--rates', '30', '--measure-ms', '500', '--warm-up-ms', '0'];

let root: string;
let executor: OwnExecutor;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-tune-test-'));
  mkdirSync(join(root, 'tmp'));
  ({ executor } = await readyOwnExecutor(TIMEOUT_MS));
}, TIMEOUT_MS);
afterAll(async () => {
  await executor.stop();
  rmSync(root, { recursive: true, force: true });
});

/** @param onProgress told of every line on standard error */
function tune(onProgress: (line: string, child: ChildProcess) => void = () => undefined) {
  const args = [
    'tune',
    '--short',
    '--first-trades',
    '5',
    '--dir',
    join(root, 'results'),
    '--apply',
    '--json',
  ];
  const child = spawn(process.execPath, [ENTRY, ...args, ...SWEEP], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOTSLOT_URL: executor.controlUrl, TMPDIR: join(root, 'tmp') },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onProgress(text, child);
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
}

const limitOf = async () => {
  const status = (await new ControlClient(executor.controlUrl, undefined).get('/api/status')) as {
    concurrency: { limit: number };
  };
  return status.concurrency.limit;
};

it(
  'goes on after Ctrl-C, draws and tells what it saw, and sets the limit on the running executor',
  async () => {
    const before = await limitOf();
    const stopped = await tune((line, child) => {
      if (line.includes('[1/2]')) child.kill('SIGINT');
    });
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(readdirSync(join(root, 'tmp')).filter((name) => name.startsWith('hotslot'))).toEqual([]);
    expect(await limitOf()).toBe(before);

    const { code, stdout, stderr } = await tune();
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/\[1\/2\].*measured before/);
    expect(stderr).toMatch(/\[2\/2\] (?!.*measured before)/);
    const { recommendation, applied, rows } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(rows).toHaveLength(2);
    expect(recommendation.why).toHaveLength(3);
    expect(applied).toMatchObject({ maxConcurrentTrades: recommendation.concurrency });
    expect(applied.atNextStart).toMatchObject({ RPC_POOL_SIZE: '2', WORKERS: '1', SIGNING: 'auto' });
    expect(await limitOf()).toBe(recommendation.concurrency);
    const written = (name: string) => readFileSync(join(root, 'results', name), 'utf8');
    expect(JSON.parse(written('tune.json')).recommendation).toEqual(recommendation);
    expect(written('tune.csv').trimEnd().split('\n')).toHaveLength(3);
    expect(written('tune.svg')).toContain(`chosen: ${recommendation.concurrency},`);
    expect(existsSync(join(root, 'results', 'tune-state.json'))).toBe(false);
  },
  TIMEOUT_MS,
);
