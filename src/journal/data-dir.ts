import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { HotslotError } from '../errors/hotslot-error.js';
import { makeDirectory } from '../make-directory.js';
import { replaceFile, systemFs } from './journal-fs.js';

/** `run.json`: how scripts find the executor that runs on a data directory. */
export interface RunInfo {
  readonly pid: number;
  readonly controlUrl: string;
  /** Of the Kestra-shaped routes, where there are any. */
  readonly kestraUrl?: string;
  readonly startedAtMs: number;
}

export interface HeldDataDir {
  /** The directory's real path. */
  readonly path: string;
  /** Writes `run.json`. */
  announce(info: RunInfo): void;
  /** Removes `run.json` and lets another executor in. */
  release(): Promise<void>;
}

const RUN_FILE = 'run.json';

/** Linux gives a name that begins with NUL no file: it vanishes with its process, however that ends. */
function socketName(realPath: string): string {
  return `\0hotslot-${createHash('sha256').update(realPath).digest('hex').slice(0, 40)}`;
}

/**
 * Takes a data directory for this process, and creates it where it is missing. It is held by an abstract
 * Unix socket, which even kill -9 frees; the name comes from the real path, so that a link to the
 * directory does not count as another.
 * @throws HotslotError DATA_DIR_HELD, with the holder's pid where `run.json` tells it
 */
export async function holdDataDir(directory: string): Promise<HeldDataDir> {
  makeDirectory(directory, 0o700);
  const path = realpathSync(directory);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(heldError(error, path)));
    server.listen(socketName(path), () => resolve());
  });
  server.unref();
  const runPath = join(path, RUN_FILE);
  return {
    path,
    announce(info) {
      replaceFile(systemFs, path, runPath, Buffer.from(`${JSON.stringify(info, null, 2)}\n`));
    },
    async release() {
      rmSync(runPath, { force: true });
      await closed(server);
    },
  };
}

function heldError(error: NodeJS.ErrnoException, path: string): Error {
  if (error.code !== 'EADDRINUSE') return error;
  const pid = readRunInfo(path)?.pid;
  return new HotslotError('DATA_DIR_HELD', {
    detail: `DATA_DIR is ${path}${pid === undefined ? '' : `, the other one's process is ${pid}`}.`,
    context: { directory: path, ...(pid === undefined ? {} : { pid }) },
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
}

/** What `run.json` says; undefined where there is none that can be read. It may be left from a kill -9. */
export function readRunInfo(directory: string): RunInfo | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, RUN_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const info = JSON.parse(text) as RunInfo;
    return Number.isInteger(info.pid) && typeof info.controlUrl === 'string' ? info : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether an executor holds the directory now: asks the socket, since `run.json` may be stale. */
export async function isDataDirHeld(directory: string): Promise<boolean> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen(socketName(realpathSync(directory)), () => resolve());
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return true;
    if (code === 'ENOENT') return false;
    throw error;
  }
  await closed(probe);
  return false;
}
