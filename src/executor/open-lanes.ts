/** The connections by which transactions leave, and how they grow. */
import type { Config } from '../config/config.js';
import { HttpLane } from '../send/http-lane.js';
import type { LaneGrowth } from '../send/lane-pool.js';
import type { Clock } from '../time/clock.js';

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
  const open = (url: string, reconnects: boolean) =>
    new HttpLane({ url, timeoutMs: config.RPC_TIMEOUT_MS, clock, reconnects });
  const count = Math.max(config.RPC_POOL_SIZE, urls.length);
  const urlOf = new Map<string, string>();
  const lanes = Array.from({ length: count }, (_, index) => {
    const url = urls[index % urls.length]!;
    const lane = open(url, true);
    urlOf.set(lane.name, url);
    return lane;
  });
  return { lanes, growth: { open: (name) => open(urlOf.get(name)!, false), most: MOST_CONNECTIONS } };
}
