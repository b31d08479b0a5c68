/** The body of `GET /api/metrics`. */
import type { SpanName } from '../metrics/latency.js';
import { toThousandths } from '../model/told-times.js';
import { TRADE_STATES } from '../model/trade-state.js';
import type { Executor } from './executor.js';
import { memoryUse } from './memory-use.js';
import { MIN_RATED_TRADES } from './vital-signs.js';

const US_A_MS = 1_000;

/** Read when asked for; between two requests nothing of it is computed. */
export function executorMetrics(executor: Executor, nowMs: number) {
  return {
    atMs: nowMs,
    trading: tradingMetrics(executor),
    system: systemMetrics(executor),
    risk: riskMetrics(executor),
  };
}

function tradingMetrics({ counts, desk, latency, hotPath, watch }: Executor) {
  const { figures } = watch;
  const fees = figures.quality.fees();
  return {
    successRate: counts.successRate ?? null,
    ratedTrades: counts.ratedTrades,
    /** Fewer say nothing to the alert. */
    minRatedTrades: MIN_RATED_TRADES,
    intentToWireUs: quantiles(latency, 'intentToWire', 1),
    intentToConfirmedMs: quantiles(latency, 'intentToConfirmed', US_A_MS),
    slotDelta: latency.slotDelta(),
    slippageBps: figures.quality.slippage(),
    queue: desk.scheduler.status(),
    concurrency: { ...hotPath.concurrency.status(), running: desk.scheduler.runningCount },
    fees: { ...fees, totalLamports: fees.baseLamports + fees.priorityLamports + fees.tipLamports },
    trades: {
      live: desk.liveCount,
      landed: counts.landed,
      byState: Object.fromEntries(TRADE_STATES.map((state) => [state, counts.reached(state)])),
      byErrorCode: Object.fromEntries(figures.errors.entries()),
    },
    throughput: figures.throughput(),
  };
}

function quantiles(latency: Executor['latency'], span: SpanName, divisor: number) {
  const { count, ...us } = latency.spanUs(span);
  const told = Object.entries(us).map(([name, value]) => [name, toThousandths(value / divisor)] as const);
  return { count, ...Object.fromEntries(told) };
}

function systemMetrics({ rpc, watch }: Executor) {
  const { heapPercent, rssPercent, heapUsedBytes, rssBytes } = memoryUse();
  return {
    memory: { heapPercent, rssPercent, heapUsedBytes, rssBytes },
    eventLoopLagMs: watch.loopLag.read(),
    rpc: rpc
      .health()
      .map(({ host, meanMs, failureShare }) => ({ host, meanMs: toThousandths(meanMs), failureShare })),
    rpcDownMs: rpc.downMs(),
  };
}

function riskMetrics({ killSwitch, risk }: Executor) {
  const { dailyQuote, totalQuote, drawdownQuote } = risk.pnl.status();
  return { killSwitchActive: killSwitch.grade !== undefined, dailyQuote, totalQuote, drawdownQuote };
}
