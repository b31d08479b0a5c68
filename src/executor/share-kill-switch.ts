/** The kill switch in force, with all who share it: other executors by Redis, and the signers by the board. */
import type { RedisSide } from '../redis/redis-side.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { ExecutorOptions } from './executor-options.js';
import type { MarketData } from './market-data.js';
import type { Chain } from './open-chain.js';
import { openKillSwitch } from './open-kill-switch.js';
import { openRedis } from './open-redis.js';

export interface SharedSwitch {
  readonly killSwitch: KillSwitch;
  /** Undefined without REDIS_URL. */
  readonly redis: RedisSide | undefined;
}

/** Shares a switch that is open already before the chain is waited for: a stop is seen from the first moment. */
export async function shareEarly(
  options: ExecutorOptions,
  { breakers }: Chain,
): Promise<RedisSide | undefined> {
  const { killSwitch } = options;
  return killSwitch === undefined ? undefined : openRedis({ ...options, breakers, killSwitch });
}

/**
 * DATA_DIR has to be ours by now. Waits, within a bound, until the others' switch is seen.
 * @param early what `shareEarly` gave
 */
export async function shareKillSwitch(
  options: ExecutorOptions,
  { breakers, market }: Chain & { readonly market: MarketData },
  early: RedisSide | undefined,
): Promise<SharedSwitch> {
  const killSwitch = options.killSwitch ?? openKillSwitch(options.config, options.clock);
  const redis = early ?? (await openRedis({ ...options, breakers, killSwitch }));
  await redis?.whenSwitchSeen();
  shareWithSigners(killSwitch, market);
  return { killSwitch, redis };
}

/** Every worker reads the grade from the shared board; the sending gate reads the switch itself. */
function shareWithSigners(killSwitch: KillSwitch, market: MarketData): void {
  const share = () => market.board.setKillSwitch(killSwitch.grade ?? 'off');
  share();
  killSwitch.onChange(share);
}
