/** A collection on demand, in a process that was started without `--expose-gc`. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects on the main thread; the memory in bytes before and after. */
export function collectGarbage(): {
  readonly before: NodeJS.MemoryUsage;
  readonly after: NodeJS.MemoryUsage;
} {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  const before = process.memoryUsage();
  collect();
  return { before, after: process.memoryUsage() };
}
