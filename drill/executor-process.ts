/** One life of an executor process: started, found, asked, ended in order or by kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient, ControlError } from '../src/cli/control-client.js';
import { ALLOCATOR_ENVIRONMENT } from '../src/config/allocator-environment.js';
import { readRunInfo } from '../src/journal/data-dir.js';

const POLL_MS = 10;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

export const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class ExecutorProcess {
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  readonly #token: string;
  readonly #exited: Promise<void>;
  readonly startedAtMs = Date.now();
  #hasExited = false;
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  #isToStop = false;

  /**
   * @param directory holds its data and logs; also its working directory, so that no `.env` of the caller's counts
   * @param settings  its whole environment, beside the PATH
   */
  constructor(directory: string, settings: Readonly<Record<string, string>>, token: string) {
    this.#dataDir = join(directory, 'data');
    this.#token = token;
    const entry = fileURLToPath(new URL('../src/trading.js', import.meta.url));
    mkdirSync(directory, { recursive: true });
    this.#child = spawn(process.execPath, [entry], {
      cwd: directory,
      env: {
        PATH: process.env.PATH ?? '',
        ...ALLOCATOR_ENVIRONMENT,
        DATA_DIR: this.#dataDir,
        LOG_DIR: join(directory, 'logs'),
        CONTROL_PORT: '0',
        API_TOKEN: token,
        ...settings,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.pipe(createWriteStream(join(directory, 'stderr.log'), { flags: 'a' }));
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#hasExited = true;
        this.#exit = { code, signal };
        resolve();
      });
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** How it ended where nobody made it end: no kill -9, no SIGTERM that it answered with 0. */
  get failure(): string | undefined {
    if (this.#exit === undefined) return undefined;
    const { code, signal } = this.#exit;
    if (signal === 'SIGKILL' || (this.#isToStop && code === 0)) return undefined;
    return signal ?? `code ${code}`;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits for its control plane; undefined when it ended before. @throws Error when it does not come up */
  async control(): Promise<ControlClient | undefined> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!this.#hasExited) {
      const run = readRunInfo(this.#dataDir);
      if (run !== undefined && run.pid === this.#child.pid)
        return new ControlClient(run.controlUrl, this.#token);
      if (Date.now() > deadline) throw new Error('the executor did not start');
      await delay(POLL_MS);
    }
    return undefined;
  }

  /** Waits until it may trade; false when it ended before. */
  async ready(control: ControlClient): Promise<boolean> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!this.#hasExited) {
      const answer = await askOrUndefined(control, 'GET', '/readyz');
      if (answer?.status === 200) return true;
      if (Date.now() > deadline) throw new Error(`not ready: ${JSON.stringify(answer?.body)}`);
      await delay(POLL_MS * 2);
    }
    return false;
  }

  /** kill -9: no handler runs, nothing is flushed. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM, and -9 when that takes too long. Answers whether it ended in order, by itself and with 0. */
  async stop(): Promise<boolean> {
    if (this.#hasExited) return false;
    this.#isToStop = true;
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      this.#child.kill('SIGKILL');
    }, STOP_TIMEOUT_MS);
    this.#child.kill('SIGTERM');
    await this.#exited;
    clearTimeout(timer);
    return inTime && this.failure === undefined;
  }
}

/** An answer, or undefined where none came: what was asked may have been done all the same. */
export async function askOrUndefined(
  control: ControlClient,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  try {
    return await control.ask(method, path, body);
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}
