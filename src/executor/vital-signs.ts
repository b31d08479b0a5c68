/** The figures that alerts watch, read in one place, so that alerts, metrics and health never disagree. */
import type { VitalSigns } from '../alerts/alert-table.js';
import type { LoopLag } from '../metrics/loop-lag.js';
import type { TradeFigures } from '../metrics/trade-figures.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { RpcPool } from '../send/rpc-pool.js';
import { memoryUse } from './memory-use.js';
import type { TradeCounts } from './trade-counts.js';

/** Ended trades before their success rate says anything: one failure of one trade is no rate. */
export const MIN_RATED_TRADES = 20;
/** Landed trades whose mean slippage is watched, the newest. */
export const SLIPPAGE_TRADES = 50;
/** Landed trades before their slippage says anything. */
export const MIN_SLIPPAGE_TRADES = 5;
const BPS_A_PERCENT = 100;

export interface VitalParts {
  readonly killSwitch: KillSwitch;
  readonly rpc: RpcPool;
  readonly counts: TradeCounts;
  readonly figures: TradeFigures;
  readonly breakers: BreakerRegistry;
  readonly scheduler: Scheduler;
  readonly loopLag: LoopLag;
}

export function vitalSigns(parts: VitalParts): VitalSigns {
  const { killSwitch, rpc, counts, figures, breakers, scheduler, loopLag } = parts;
  const { heapPercent, rssPercent } = memoryUse();
  const slippageBps = figures.quality.recentSlippageBps(SLIPPAGE_TRADES, MIN_SLIPPAGE_TRADES);
  return {
    killSwitchActive: killSwitch.grade === undefined ? 0 : 1,
    rpcDownSeconds: rpc.downMs() / 1_000,
    memoryPercent: Math.max(heapPercent, rssPercent),
    tradeSuccessPercent: counts.ratedTrades < MIN_RATED_TRADES ? undefined : 100 * (counts.successRate ?? 1),
    slippagePercent: slippageBps === undefined ? undefined : slippageBps / BPS_A_PERCENT,
    openBreakers: breakers.list().filter(({ state }) => state !== 'closed').length,
    queueSize: scheduler.queuedCount,
    eventLoopLagMs: loopLag.lastWindow()?.p99,
  };
}
