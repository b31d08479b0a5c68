/** An executor of a command's own, on the embedded cluster, in a directory that goes with it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRunInfo } from '../journal/data-dir.js';
import { ownEnvironment } from './own-environment.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
/** What a shell reports of a command that Ctrl-C ended. */
const SIGNAL_EXIT_CODE = 130;

export interface OwnExecutor {
  readonly controlUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Names the code that such an executor runs: what was measured of another says nothing of it. */
export function executorBuild(): string {
  const entry = fileURLToPath(new URL('../executor-process.js', import.meta.url));
  return createHash('sha256').update(readFileSync(entry)).digest('hex');
}

export async function startOwnExecutor(
  settings: { readonly [name: string]: string } = {},
): Promise<OwnExecutor> {
  const directory = mkdtempSync(join(tmpdir(), 'hotslot-'));
  const entry = fileURLToPath(new URL('../trading.js', import.meta.url));
  const child = spawn(process.execPath, [entry], {
    env: ownEnvironment(process.env, {
      DATA_DIR: join(directory, 'data'),
      LOG_DIR: join(directory, 'logs'),
      ...settings,
    }),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
  };
  // Whoever ends the command ends its executor too.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void stop().finally(() => process.exit(SIGNAL_EXIT_CODE));
    });
  }
  // And a command that falls over leaves none behind.
  const end = () => void child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const run = readRunInfo(join(directory, 'data'));
    if (run !== undefined) return { controlUrl: run.controlUrl, pid: run.pid, stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error('the executor did not start');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
