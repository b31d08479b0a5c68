/** An operator's stop, and what it does beside the switch itself. */
import type { KillSwitchAnswer } from '../control/operations.js';
import type { TradeId } from '../model/brands.js';
import type { KillGrade } from '../risk/kill-switch.js';
import type { Executor } from './executor.js';
import { killSwitchState } from './starting-operations.js';

export type SwitchParts = Pick<Executor, 'killSwitch' | 'desk'> & {
  readonly redis: Pick<NonNullable<Executor['redis']>, 'shareKillSwitch'> | undefined;
};

/**
 * In force in memory first, on disk before it answers; queued trades end, what is out is told.
 * @throws HotslotError JOURNAL_UNWRITABLE when it could not be written down; it is in force and queued trades have
 *   ended nevertheless
 */
export async function engageKillSwitch(
  executor: SwitchParts,
  grade: KillGrade,
  reason: string,
  source: string,
): Promise<KillSwitchAnswer> {
  const { killSwitch, desk } = executor;
  let cancelled: readonly TradeId[] = [];
  try {
    killSwitch.engage(grade, reason, source);
  } finally {
    // In force whether the disk took it or not.
    if (killSwitch.grade === 'stop') cancelled = desk.clearQueue();
  }
  const status = killSwitch.status();
  const shared = await shareKillSwitch(executor);
  return { ...killSwitchState(status), ...shared, cancelled, mayStillLand: desk.liveAttempts() };
}

/** Within a bound: the answer does not wait for a Redis that is away, and says so. Without Redis nothing is said. */
export async function shareKillSwitch({ redis }: Pick<SwitchParts, 'redis'>): Promise<{ shared?: boolean }> {
  return redis === undefined ? {} : { shared: await redis.shareKillSwitch() };
}
