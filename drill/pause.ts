import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or ends at once when the signal is aborted. */
export async function pause(ms: number, until: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: until });
  } catch (error) {
    if (!until.aborted) throw error;
  }
}
