/** The connections by which transactions leave, and how they grow. */
import type { Config } from '../config/config.js';
import { HttpLane } from '../send/http-lane.js';
import type { LaneGrowth } from '../send/lane-pool.js';
import type { Clock } from '../time/clock.js';

/** An endpoint's connections grow to so many times what they were: a node slower than that needs another node. */
const MOST_GROWTH = 4;

/** Connections spread over the endpoints in turn, each endpoint at least one. */
export function openLanes(
  config: Pick<Config, 'RPC_POOL_SIZE' | 'RPC_TIMEOUT_MS'>,
  urls: readonly string[],
  clock: Clock,
): { readonly lanes: readonly HttpLane[]; readonly growth: LaneGrowth } {
  const open = (url: string) => new HttpLane({ url, timeoutMs: config.RPC_TIMEOUT_MS, clock });
  const count = Math.max(config.RPC_POOL_SIZE, urls.length);
  const urlOf = new Map<string, string>();
  const lanes = Array.from({ length: count }, (_, index) => {
    const url = urls[index % urls.length]!;
    const lane = open(url);
    urlOf.set(lane.name, url);
    return lane;
  });
  const most = Math.ceil(count / urls.length) * MOST_GROWTH;
  return { lanes, growth: { open: (name) => open(urlOf.get(name)!), most } };
}
