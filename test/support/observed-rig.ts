/** What is counted of a rig's trades, and what the switches that trip by themselves hear of it. */
import { observeTrades } from '../../src/executor/observe-trades.js';
import { TradeCounts } from '../../src/executor/trade-counts.js';
import type { TradeHistory } from '../../src/executor/trade-history.js';
import type { LatencyRecorder } from '../../src/metrics/latency.js';
import type { Trade } from '../../src/model/trade.js';
import type { AutoTrips } from '../../src/risk/auto-trips.js';
import type { DeskRig } from './desk-rig.js';

/** @returns the counts, and in order whether a trade ended well or was undone */
export function observe(rig: DeskRig, wasStopped: (trade: Trade) => boolean = () => false) {
  const [counts, ends] = [new TradeCounts(), [] as (boolean | 'undone')[]];
  const nobody = { onTrade: () => undefined, recordSent: () => undefined, recordReached: () => undefined };
  observeTrades({
    desk: rig.desk,
    latency: nobody as unknown as LatencyRecorder,
    history: nobody as unknown as TradeHistory,
    counts,
    trips: {
      tradeEnded: (succeeded: boolean) => ends.push(succeeded),
      tradeUndone: () => ends.push('undone'),
    } as unknown as AutoTrips,
    wasStopped,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return { counts, ends };
}
