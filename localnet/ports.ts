/** Finds out which port is taken before anything is started on it, so that the error can name what to change. */
import { createServer } from 'node:net';

export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly port: number;
  constructor(port: number, purpose: string, flag: string) {
    super(`port ${port} for ${purpose} is taken or not allowed; ${flag} chooses another (0: any free one)`);
    this.port = port;
  }
}

export interface WantedPort {
  readonly port: number;
  readonly purpose: string;
  /** The command line flag that changes it. */
  readonly flag: string;
}

/** Rejects with `PortTakenError` for the first that cannot be listened on, or that is wanted twice. */
export async function checkPorts(host: string, wanted: readonly WantedPort[]): Promise<void> {
  const seen = new Set<number>();
  for (const { port, purpose, flag } of wanted) {
    if (port === 0) continue;
    if (seen.has(port) || !(await isFree(host, port))) throw new PortTakenError(port, purpose, flag);
    seen.add(port);
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
