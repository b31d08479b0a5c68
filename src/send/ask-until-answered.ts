/** For the questions without whose answers nothing can start: asked again until a node answers. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import { RpcResponseError } from './rpc-client.js';
import { isRefusal } from './rpc-pool.js';

export const ASK_AGAIN_MS = 500;

/**
 * @param onFailure hears of each failure that is tried again
 * @throws what `ask` throws, unless it is RPC_FAILED, RPC_TIMEOUT or BREAKER_OPEN, or an RPC error that speaks of the
 *   node (-32005, unhealthy, while it starts itself) and not of the request
 */
export async function askUntilAnswered<Answer>(
  ask: () => Promise<Answer>,
  clock: Clock,
  onFailure: (error: Error) => void,
): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || !isTransient(error)) throw error;
      onFailure(error);
      await new Promise<void>((resolve) => clock.after(ASK_AGAIN_MS, resolve));
    }
  }
}

function isTransient(error: Error): boolean {
  if (error instanceof RpcResponseError) return !isRefusal(error);
  return error instanceof HotslotError && TRANSIENT.has(error.code);
}

const TRANSIENT: ReadonlySet<string> = new Set(['RPC_FAILED', 'RPC_TIMEOUT', 'BREAKER_OPEN']);
