/**
 * The connection that keeps an embedded cluster alive. While it is open the cluster does not end itself; the system
 * closes it with its process, so that a cluster which nobody uses any more ends by itself.
 */
import { type ClientRequest, get } from 'node:http';

const KEEP_TIMEOUT_MS = 2_000;

export interface ClusterKeep {
  /** Called once when the cluster has gone; not after `leave`. */
  onGone(listener: () => void): void;
  leave(): void;
}

/** @throws Error where nothing answers at the address, or not as a cluster does */
export function keepCluster(adminUrl: string): Promise<ClusterKeep> {
  return new Promise((resolve, reject) => {
    // No agent: the connection must not be shared, nor be given back to a pool.
    const request = get(`${adminUrl}/keep`, { agent: false });
    request.setTimeout(KEEP_TIMEOUT_MS, () => request.destroy(new Error('the cluster did not answer')));
    request.once('error', reject);
    request.once('response', (response) => {
      if (response.statusCode !== 200) {
        request.destroy();
        reject(new Error(`the cluster answered ${response.statusCode}`));
        return;
      }
      request.setTimeout(0);
      request.off('error', reject);
      response.resume();
      // It holds a cluster, not this process.
      response.socket.unref();
      resolve(heldBy(request, response));
    });
  });
}

function heldBy(request: ClientRequest, response: NodeJS.EventEmitter): ClusterKeep {
  let hasLeft = false;
  let isGone = false;
  const listeners: (() => void)[] = [];
  const gone = () => {
    if (hasLeft || isGone) return;
    isGone = true;
    for (const listener of listeners) listener();
  };
  // Its end is all that is to be learned, however it comes.
  request.on('error', gone);
  response.on('error', gone);
  response.on('close', gone);
  return {
    onGone: (listener) => {
      listeners.push(listener);
      if (isGone) listener();
    },
    leave: () => {
      hasLeft = true;
      request.destroy();
    },
  };
}
