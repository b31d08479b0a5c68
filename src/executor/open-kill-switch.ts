/** The kill switch of a data directory. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { executorIdOf } from '../redis/executor-id.js';
import { KillSwitch } from '../risk/kill-switch.js';
import type { Clock } from '../time/clock.js';

/** With Redis operators' trips are of all executors on it, else of this one. */
export function openKillSwitch(config: Config, clock: Clock): KillSwitch {
  const path = join(config.DATA_DIR, 'kill-switch.json');
  const sharedAs = config.REDIS_URL === undefined ? undefined : executorIdOf(config.DATA_DIR);
  return new KillSwitch({ path, clock, sharedAs });
}
