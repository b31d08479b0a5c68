/** SIGUSR2 collects garbage and logs memory before and after. */
import { Session } from 'node:inspector';
import type { Log } from './logging/log.js';

const MESSAGE = 'memory after a forced collection';

export interface MemorySignal {
  /** From now on what it finds is logged there. */
  logTo(log: Log): void;
}

type Found = { readonly before: NodeJS.MemoryUsage; readonly after: NodeJS.MemoryUsage };

export function installMemorySignal(): MemorySignal {
  let log: Log | undefined;
  /** Of before there was a log. */
  let unlogged: Found | undefined;
  process.on('SIGUSR2', () => {
    collectGarbage().then(
      (found) => {
        if (log === undefined) unlogged = found;
        else log.info(MESSAGE, found);
      },
      (error: unknown) => {
        if (log === undefined) process.stderr.write(`a forced collection failed: ${String(error)}\n`);
        else log.error('a forced collection failed', { error });
      },
    );
  });
  return {
    logTo: (target) => {
      log = target;
      if (unlogged !== undefined) log.info(MESSAGE, unlogged);
      unlogged = undefined;
    },
  };
}

/**
 * Collects on this thread until nothing more comes free, and gives the pages back to the system. What `--expose-gc`
 * offers keeps them: resident memory then tells of the busiest time, and not of what is held.
 */
export async function collectGarbage(): Promise<Found> {
  const before = process.memoryUsage();
  const session = new Session();
  session.connect();
  try {
    await new Promise<void>((resolve, reject) => {
      session.post('HeapProfiler.collectGarbage', (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    session.disconnect();
  }
  return { before, after: process.memoryUsage() };
}
