/**
 * One cluster a directory. On Linux the lock is an abstract socket, which the kernel frees however the process
 * ends; elsewhere a directory is not guarded.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { makeDirectory } from './make-directory.js';
import { StateDirError } from './state-dir.js';

/** Answers the function that lets go. Rejects with `StateDirError` while another process holds the directory. */
export async function lockStateDir(dir: string): Promise<() => Promise<void>> {
  makeDirectory(dir);
  if (process.platform !== 'linux') return async () => undefined;
  const name = createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken ? new StateDirError(`${dir} is in use by another cluster (--state names another one)`) : error,
      );
    });
    server.listen({ path: `\0hotslot-localnet-${name}` }, resolve);
  });
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}
