/** The executor of a data directory as a process: found, ended, and started on its own. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR_ENVIRONMENT } from '../config/allocator-environment.js';
import { isDataDirHeld, type RunInfo, readRunInfo } from '../journal/data-dir.js';
import { makeDirectory } from '../make-directory.js';
import { isRunning, signalProcess, waitUntilGone } from '../process-watch.js';
import { ControlError, controlClient } from './control-client.js';
import { dataDirOf, type Environment } from './environment.js';

/** An orderly end takes the time that live trades are given, and a little more. */
const STOP_TIMEOUT_MS = 20_000;
const KILL_TIMEOUT_MS = 2_000;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** What it says on standard error before its log is open. */
const ERROR_FILE = 'trading.stderr';

/** Undefined where none runs; `run.json` may be left from one that was killed. */
export async function findExecutor(dataDir: string): Promise<RunInfo | undefined> {
  if (!(await isDataDirHeld(dataDir))) return undefined;
  const run = readRunInfo(dataDir);
  return run !== undefined && isRunning(run.pid) ? run : undefined;
}

/**
 * Asks it to end in order, and waits; one that does not end in time is killed: what it had live is in its journal.
 * @returns whether it ended by itself
 * @throws Error when even that does not end it
 */
export async function endExecutor(pid: number): Promise<boolean> {
  signalProcess(pid, 'SIGTERM');
  if (await waitUntilGone(pid, STOP_TIMEOUT_MS)) return true;
  signalProcess(pid, 'SIGKILL');
  if (await waitUntilGone(pid, KILL_TIMEOUT_MS)) return false;
  throw new Error(`the executor (pid ${pid}) does not end`);
}

export interface DetachedStart {
  readonly run: RunInfo;
  readonly ready: boolean;
  /** What it waits for, where it is not ready. */
  readonly waitingFor: readonly string[];
}

/**
 * Starts an executor that outlives this command, and waits until it may trade.
 * @param args `--successor` takes over from the one that runs
 * @throws Error with what it said when it ends before it announced itself
 */
export async function startDetached(
  environment: Environment,
  args: readonly string[],
): Promise<DetachedStart> {
  const logDir = environment.LOG_DIR || 'logs';
  makeDirectory(logDir);
  const errorPath = join(logDir, ERROR_FILE);
  const errors = openSync(errorPath, 'w', 0o600);
  const entry = fileURLToPath(new URL('../trading.js', import.meta.url));
  const child = spawn(process.execPath, [entry, ...args], {
    detached: true,
    env: { ...ALLOCATOR_ENVIRONMENT, ...process.env },
    stdio: ['ignore', 'ignore', errors],
  });
  closeSync(errors);
  child.unref();
  let exitCode: number | string | undefined;
  child.once('error', (error) => {
    exitCode = error.message;
  });
  child.once('exit', (code, signal) => {
    exitCode = code ?? signal ?? 'unknown';
  });
  const deadline = performance.now() + START_TIMEOUT_MS;
  let waitingFor: readonly string[] = ['announcement'];
  for (;;) {
    if (exitCode !== undefined)
      throw new Error(`the executor ended (${exitCode}): ${readFileSync(errorPath, 'utf8').trim()}`);
    const run = readRunInfo(dataDirOf(environment));
    if (run !== undefined && run.pid === child.pid) {
      waitingFor = await missing(environment);
      if (waitingFor.length === 0 || performance.now() > deadline)
        return { run, ready: waitingFor.length === 0, waitingFor };
    } else if (performance.now() > deadline) {
      throw new Error('the executor did not announce itself in time');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function missing(environment: Environment): Promise<readonly string[]> {
  try {
    // The one that was just started, whatever HOTSLOT_URL says.
    const client = controlClient({ ...environment, HOTSLOT_URL: undefined });
    const { status, body } = await client.ask('GET', '/readyz');
    if (status === 200) return [];
    const { waitingFor } = (body ?? {}) as { waitingFor?: string[] };
    // Without a token that may read, being answered is all that can be known.
    return status === 401 || status === 403 ? [] : (waitingFor ?? [`HTTP ${status}`]);
  } catch (error) {
    if (error instanceof ControlError) return ['control plane'];
    throw error;
  }
}
