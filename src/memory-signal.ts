/** SIGUSR2 collects garbage and logs memory before and after. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Log } from './logging/log.js';

const MESSAGE = 'memory after a forced collection';

export interface MemorySignal {
  /** From now on what it finds is logged there. */
  logTo(log: Log): void;
}

export function installMemorySignal(): MemorySignal {
  let log: Log | undefined;
  /** Of before there was a log. */
  let unlogged: { before: NodeJS.MemoryUsage; after: NodeJS.MemoryUsage } | undefined;
  process.on('SIGUSR2', () => {
    const before = process.memoryUsage();
    collectGarbage();
    const found = { before, after: process.memoryUsage() };
    if (log === undefined) unlogged = found;
    else log.info(MESSAGE, found);
  });
  return {
    logTo: (target) => {
      log = target;
      if (unlogged !== undefined) log.info(MESSAGE, unlogged);
      unlogged = undefined;
    },
  };
}

/** Works without having been started with --expose-gc. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
