/** The end of taking: what is out is given some time to be seen on the chain, the rest stays in the journal. */
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Clock } from '../time/clock.js';

const POLL_MS = 20;

/**
 * From now on nothing is taken or signed; resends and confirming go on.
 * @param signal ends the waiting early
 * @returns trades that are between signing and `processed` when the time is over
 */
export async function drain(
  desk: TradeDesk,
  clock: Clock,
  boundMs: number,
  signal: AbortSignal,
): Promise<number> {
  desk.beginShutdown();
  const startedUs = clock.monotonicUs();
  while (
    desk.scheduler.status().running > 0 &&
    (clock.monotonicUs() - startedUs) / 1_000 < boundMs &&
    !signal.aborted
  )
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
  return desk.scheduler.status().running;
}
