/** Figures of trades: latencies and their log, counts, the history, and whoever watches health by them. */
import { IntervalLog } from '../metrics/interval-log.js';
import { LatencyRecorder } from '../metrics/latency.js';
import type { Trade } from '../model/trade.js';
import type { TradePath, TradePathParts } from './create-trade-path.js';
import type { ExecutorOptions } from './executor-options.js';
import { type ExecutorWatch, watchExecutor } from './executor-watch.js';
import { observeTrades } from './observe-trades.js';
import { journalDirOf } from './open-stores.js';
import { TradeCounts } from './trade-counts.js';
import { TradeHistory } from './trade-history.js';

export interface TradeMeasures {
  readonly latency: LatencyRecorder;
  readonly latencyLog: IntervalLog;
  readonly counts: TradeCounts;
  readonly history: TradeHistory;
  /** Health, figures, alerts. */
  readonly watch: ExecutorWatch;
}

export function measureTrades(options: ExecutorOptions, parts: TradePathParts & TradePath): TradeMeasures {
  const { config, clock, log } = options;
  const { market, keys, journal, index, desk, gate, sender, risk } = parts;
  const latency = new LatencyRecorder({
    venueOf: (pool) => market.book.keysOf(pool)?.venue,
    walletName: (address) => keys.wallets.find((wallet) => wallet.address === address)?.name,
  });
  sender.onReport((report) => latency.recordReport(report));
  const latencyLog = new IntervalLog({
    directory: config.LOG_DIR,
    clock,
    take: () => latency.takeInterval(),
    onError: (error) => log.warn('latencies could not be written down', { error }),
  });
  const counts = new TradeCounts();
  const history = new TradeHistory({ index, journal, journalDir: journalDirOf(config), clock, log });
  const wasStopped = (trade: Trade) => gate.stoppedSince(trade.acceptedAtMs, trade.stopCount);
  observeTrades({ desk, latency, counts, history, trips: risk.trips, wasStopped, log });
  const watch = watchExecutor({ ...options, logState: options.logState, ...parts, latency, counts });
  return { latency, latencyLog, counts, history, watch };
}
