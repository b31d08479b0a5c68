/**
 * The embedded cluster as a process of its own, in its own process group. Only its command line and the first
 * line of its standard output are known here: the executor is no kinder to it than to any other cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR_ENVIRONMENT } from '../config/allocator-environment.js';
import { HotslotError } from '../errors/hotslot-error.js';
import { type LocalnetInfo, localnetInfoSchema } from './localnet-file.js';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 1_500;
const NOT_INSTALLED =
  'It is not part of this installation: YELLOWSTONE_ENDPOINTS and RPC_ENDPOINTS must say what to trade on.';
/** Lines of standard error kept for the message of a failed start. */
const KEPT_ERROR_LINES = 20;

export type { LocalnetInfo } from './localnet-file.js';

export interface LocalnetProcess {
  readonly info: LocalnetInfo;
  /** Called when it ends without having been asked to. */
  onExit(listener: (detail: string) => void): void;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * @param signal ends the start, and what was started with it
 * @throws HotslotError LOCALNET_FAILED with what it printed
 */
export async function startLocalnet(args: readonly string[], signal?: AbortSignal): Promise<LocalnetProcess> {
  const entry = fileURLToPath(new URL('../../localnet/cli.js', import.meta.url));
  if (!existsSync(entry)) throw new HotslotError('LOCALNET_FAILED', { detail: NOT_INSTALLED });
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...ALLOCATOR_ENVIRONMENT, ...process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    if (errors.length > KEPT_ERROR_LINES) errors.shift();
  });
  try {
    const info = await firstLine(child, signal);
    // Not waited for at exit: this process ends it by itself, or it ends itself once orphaned.
    child.unref();
    return running(child, info);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new HotslotError('LOCALNET_FAILED', { detail: errors.join('\n'), cause });
  }
}

function firstLine(child: ChildProcess, signal: AbortSignal | undefined): Promise<LocalnetInfo> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it printed nothing in time')), START_TIMEOUT_MS);
    signal?.addEventListener('abort', () => reject(new Error('it is not wanted any more')), { once: true });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with code ${code}`)));
    if (child.stdout === null) throw new Error('the cluster has no standard output');
    const lines = createInterface({ input: child.stdout });
    lines.once('line', (line) => {
      clearTimeout(timer);
      try {
        resolve(localnetInfoSchema.parse(JSON.parse(line)));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function running(child: ChildProcess, info: LocalnetInfo): LocalnetProcess {
  let isStopping = false;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    info,
    onExit: (listener) => {
      void exited.then(() => {
        const { exitCode, signalCode } = child;
        if (!isStopping) listener(`the embedded cluster ended with ${signalCode ?? `code ${exitCode}`}`);
      });
    },
    stop: async () => {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
