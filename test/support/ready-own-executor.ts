import { expect, vi } from 'vitest';
import { ControlClient } from '../../src/cli/control-client.js';
import { type OwnExecutor, startOwnExecutor } from '../../src/cli/own-executor.js';

const POLL_MS = 50;

/** An executor as commands start their own, on a cluster where nobody else trades, once it is ready. */
export async function readyOwnExecutor(
  timeoutMs: number,
): Promise<{ readonly executor: OwnExecutor; readonly control: ControlClient }> {
  const executor = await startOwnExecutor({ LOCALNET_ARGS: '--market-rate 0' });
  const control = new ControlClient(executor.controlUrl, undefined);
  await vi.waitFor(async () => expect((await control.ask('GET', '/readyz')).status).toBe(200), {
    timeout: timeoutMs,
    interval: POLL_MS,
  });
  return { executor, control };
}
