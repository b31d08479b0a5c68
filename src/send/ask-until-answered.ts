/** For the questions without whose answers nothing can start: asked again until a node answers. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';

export const ASK_AGAIN_MS = 500;

/**
 * @param onFailure hears of each failure that is tried again
 * @throws what `ask` throws, unless it is RPC_FAILED, RPC_TIMEOUT or BREAKER_OPEN
 */
export async function askUntilAnswered<Answer>(
  ask: () => Promise<Answer>,
  clock: Clock,
  onFailure: (error: HotslotError) => void,
): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof HotslotError) || !TRANSIENT.has(error.code)) throw error;
      onFailure(error);
      await new Promise<void>((resolve) => clock.after(ASK_AGAIN_MS, resolve));
    }
  }
}

const TRANSIENT: ReadonlySet<string> = new Set(['RPC_FAILED', 'RPC_TIMEOUT', 'BREAKER_OPEN']);
