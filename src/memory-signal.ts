/** SIGUSR2 collects garbage and logs memory before and after. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Log } from './logging/log.js';

export interface MemorySignal {
  /** From now on what it finds is logged there. */
  logTo(log: Log): void;
}

export function installMemorySignal(): MemorySignal {
  let log: Log | undefined;
  process.on('SIGUSR2', () => {
    const before = process.memoryUsage();
    collectGarbage();
    const after = process.memoryUsage();
    log?.info('memory after a forced collection', { before, after });
  });
  return {
    logTo: (target) => {
      log = target;
    },
  };
}

/** Works without having been started with --expose-gc. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
