import type { TerminalFacts } from '../embedded/terminal.js';
import type { Executor } from './executor.js';

/** What the terminal shows of an executor. */
export function terminalFacts(executor: Executor, controlUrl: string): TerminalFacts {
  const { market, desk, counts, config, endpoints, killSwitch, health, latency } = executor;
  const pools = market.book.pools();
  return {
    slot: market.cache.slots.head(),
    blockHeight: market.cache.slots.blockHeight('confirmed'),
    pools: pools.length,
    freshPools: pools.filter((keys) => market.book.ageSlots(keys.pool) <= config.MAX_POOL_AGE_SLOTS).length,
    trades: {
      landed: counts.landed,
      failed: counts.reached('failed'),
      denied: counts.reached('denied'),
      expired: counts.reached('expired'),
      live: desk.liveCount,
      queued: desk.scheduler.status().queued,
    },
    killSwitch: killSwitch.grade ?? 'off',
    controlUrl,
    latency: latency.snapshot(),
    isReady: health.readiness().ready,
    cluster: endpoints.cluster,
  };
}
