/** The connections by which transactions leave, and how they grow. */
import type { Config } from '../config/config.js';
import { HttpLane } from '../send/http-lane.js';
import type { LaneGrowth } from '../send/lane-pool.js';
import type { Clock } from '../time/clock.js';
import { rpcNames } from './endpoints.js';

/**
 * Most connections to one endpoint. A node that stands still for a third of a second, as nodes do, holds up no bytes of
 * 200 trades a second by then.
 */
const MOST_CONNECTIONS = 64;

/** Connections spread over the endpoints in turn, each endpoint at least one. */
export function openLanes(
  config: Pick<Config, 'RPC_POOL_SIZE' | 'RPC_TIMEOUT_MS'>,
  urls: readonly string[],
  clock: Clock,
): { readonly lanes: readonly HttpLane[]; readonly growth: LaneGrowth } {
  const names = rpcNames(urls);
  const open = (at: number, reconnects: boolean) =>
    new HttpLane({
      url: urls[at]!,
      endpoint: names[at],
      timeoutMs: config.RPC_TIMEOUT_MS,
      clock,
      reconnects,
    });
  const count = Math.max(config.RPC_POOL_SIZE, urls.length);
  const indexOf = new Map<string, number>();
  const lanes = Array.from({ length: count }, (_, index) => {
    const at = index % urls.length;
    const lane = open(at, true);
    indexOf.set(lane.name, at);
    return lane;
  });
  return { lanes, growth: { open: (name) => open(indexOf.get(name)!, false), most: MOST_CONNECTIONS } };
}
