/**
 * The embedded cluster as a process of its own, in its own process group. Only its command line and the first
 * line of its standard output are known here: the executor is no kinder to it than to any other cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { asAddress } from '../model/brands.js';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 1_500;
/** Lines of standard error kept for the message of a failed start. */
const KEPT_ERROR_LINES = 20;

const address = z.string().transform(asAddress);

/** The first line that the cluster prints. */
const firstLineSchema = z.object({
  rpcUrl: z.string(),
  wsUrl: z.string(),
  grpcEndpoint: z.string(),
  adminUrl: z.string(),
  genesisHash: z.string(),
  pid: z.number(),
  pools: z.array(z.object({ address, token0Mint: address, token1Mint: address })),
  mints: z.array(z.object({ address, symbol: z.string(), decimals: z.number() })),
  lookupTables: z.array(address),
});

export type LocalnetInfo = z.output<typeof firstLineSchema>;

export interface LocalnetProcess {
  readonly info: LocalnetInfo;
  /** Called when it ends without having been asked to. */
  onExit(listener: (detail: string) => void): void;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

/** @throws HotslotError LOCALNET_FAILED with what it printed */
export async function startLocalnet(args: readonly string[]): Promise<LocalnetProcess> {
  const entry = fileURLToPath(new URL('../../localnet/cli.js', import.meta.url));
  const child = spawn(process.execPath, [entry, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    if (errors.length > KEPT_ERROR_LINES) errors.shift();
  });
  try {
    const info = await firstLine(child);
    // Not waited for at exit: this process ends it by itself, or it ends itself once orphaned.
    child.unref();
    return running(child, info);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new HotslotError('LOCALNET_FAILED', { detail: errors.join('\n'), cause });
  }
}

function firstLine(child: ChildProcess): Promise<LocalnetInfo> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it printed nothing in time')), START_TIMEOUT_MS);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with code ${code}`)));
    if (child.stdout === null) throw new Error('the cluster has no standard output');
    const lines = createInterface({ input: child.stdout });
    lines.once('line', (line) => {
      clearTimeout(timer);
      try {
        resolve(firstLineSchema.parse(JSON.parse(line)));
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
      child.once('exit', (code, signal) => {
        if (!isStopping) listener(`the embedded cluster ended with ${signal ?? `code ${code}`}`);
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
