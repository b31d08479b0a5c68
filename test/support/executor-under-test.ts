/** A real executor process, each in a directory of its own, with nothing of this machine's environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ControlAnswer, ControlClient } from '../../src/cli/control-client.js';
import { readRunInfo } from '../../src/journal/data-dir.js';

const POLL_MS = 10;
const WAIT_MS = 30_000;

/** Short slots, and nothing that goes wrong by chance; pools may be as much older in slots. */
export const QUIET_CLUSTER = {
  LOCALNET_ARGS: '--slot-ms 50 --skip-rate 0 --fork-rate 0 --market-rate 0 --pools 2 --seed executor-tests',
  MAX_POOL_AGE_SLOTS: '40',
  SIGNING: 'inline',
  KEEP_WARM_MS: '0',
};

export type Settings = { readonly [name: string]: string };

export function scratchDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'hotslot-executor-'));
}

export class ExecutorUnderTest {
  readonly directory: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #hasExited = false;
  #stderr = '';

  /** @param directory holds its `data/` and `logs/`; kept, so that another executor can follow in it */
  constructor(settings: Settings, directory: string = scratchDirectory()) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    const entry = fileURLToPath(new URL('../../src/trading.js', import.meta.url));
    this.#child = spawn(process.execPath, [entry], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', CONTROL_PORT: '0', KESTRA_COMPAT_PORT: '0', ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#exit = new Promise((resolve) => {
      // After `close` its standard error has been read to the end.
      this.#child.once('close', (code, signal) => {
        this.#hasExited = true;
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Its control plane, as soon as it listens. */
  control(): Promise<ControlClient> {
    return eventually('the control plane', () => {
      if (this.#hasExited) throw new Error(`the executor ended: ${this.#stderr}`);
      const run = readRunInfo(join(this.directory, 'data'));
      return run?.pid === this.pid ? new ControlClient(run.controlUrl, undefined) : undefined;
    });
  }

  async ready(): Promise<ControlClient> {
    const control = await this.control();
    await eventually('readiness', async () => {
      if (this.#hasExited) throw new Error(`the executor ended: ${this.#stderr}`);
      // A connection that breaks is an executor that ends: the next look says why.
      const answer = await control.ask('GET', '/readyz').catch(() => undefined);
      return answer?.status === 200 ? true : undefined;
    });
    return control;
  }

  /** The lines of trading.log so far; what is buffered is missing. */
  log(): { readonly message: string; readonly [name: string]: unknown }[] {
    try {
      const lines = readFileSync(join(this.directory, 'logs/trading.log'), 'utf8').trimEnd().split('\n');
      return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#exit;
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.#exit;
  }

  /** Ends it, whatever became of it, and the cluster that outlives a kill -9; removes its directory. */
  async dispose(): Promise<void> {
    if (!this.#hasExited) await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Asks until there is an answer that is not undefined. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  waitMs = WAIT_MS,
): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${waitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export interface PoolFacts {
  readonly pool: string;
  readonly mint0: string;
  readonly mint1: string;
  readonly reserve0: string;
  readonly reserve1: string;
  readonly slot: number;
}

export interface TradeFacts {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly { readonly signature: string }[];
}

export async function poolsOf(control: ControlClient): Promise<readonly PoolFacts[]> {
  const { body } = await control.ask('GET', '/api/status');
  return (body as { market: { pools: PoolFacts[] } }).market.pools;
}

/** A small swap that any wallet can pay. */
export async function orderFor(control: ControlClient, clientOrderId: string): Promise<object> {
  const [pool] = await poolsOf(control);
  if (pool === undefined) throw new Error('the executor has no pool');
  const amount = String(BigInt(pool.reserve0) / 100_000n);
  const { mint0: inputMint, mint1: outputMint } = pool;
  return { clientOrderId, inputMint, outputMint, amount, mode: 'exactIn', pool: pool.pool };
}

/** What clients read of a problem document. */
export function problemOf({ status, body }: ControlAnswer) {
  const { code, field, detail } = body as { code?: string; field?: string; detail?: string };
  return { status, code, field, detail };
}

export async function tradeIn(
  control: ControlClient,
  id: string,
  states: readonly string[],
): Promise<TradeFacts> {
  return eventually(`trade ${id} in ${states.join(' or ')}`, async () => {
    const { body } = await control.ask('GET', `/api/trades/${id}`);
    const trade = body as TradeFacts;
    return states.includes(trade.state) ? trade : undefined;
  });
}

export const TERMINAL = ['finalized', 'failed', 'expired', 'denied', 'cancelled', 'simulated'];
