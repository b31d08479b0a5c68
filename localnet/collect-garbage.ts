/** A collection on demand, in a process that was started without `--expose-gc`. */
import { Session } from 'node:inspector';

/**
 * Collects on the calling thread until nothing more comes free, and gives the pages back to the system, as V8 does where
 * memory is short: what is resident afterwards is held by something. The memory in bytes before and after.
 */
export async function collectGarbage(): Promise<{
  readonly before: NodeJS.MemoryUsage;
  readonly after: NodeJS.MemoryUsage;
}> {
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
