/** Trades, their stages, what they cost and what waits, for Prometheus. */
import { SPANS, STAGES } from '../metrics/latency.js';
import { TRADE_STATES } from '../model/trade-state.js';
import type { Executor } from './executor.js';
import type { MetricExporter } from './prometheus.js';

const BPS = 10_000;

export function exportTrades(exporter: MetricExporter, executor: Executor): void {
  const { counts, desk, latency, watch } = executor;
  const { figures } = watch;
  exporter.counter('trades_total', 'Times that a trade reached the state.', () =>
    TRADE_STATES.map((state) => ({ value: counts.reached(state), labels: { state } })),
  );
  exporter.counter('trade_errors_total', 'Denials by code, failures by on-chain error.', () =>
    figures.errors.entries().map(([code, value]) => ({ value, labels: { code } })),
  );
  exporter.gauge('live_trades', 'Trades without an end.', () => desk.liveCount);
  exporter.histogram(
    'stage_duration_seconds',
    'Time in each stage, from the stage before.',
    STAGES.map(([stage]) => ({ labels: { stage }, buckets: latency.buckets(stage) })),
  );
  exporter.histogram(
    'span_duration_seconds',
    'Time from receipt.',
    SPANS.map((span) => ({ labels: { span }, buckets: latency.buckets(span) })),
  );
  exporter.histogram('slot_delta', 'Landed slot minus the slot in which the intent came.', [
    { labels: {}, buckets: latency.slotDeltaBuckets },
  ]);
  exportQuality(exporter, executor);
  exportQueue(exporter, executor);
}

function exportQuality(exporter: MetricExporter, { watch }: Executor): void {
  const { quality } = watch.figures;
  exporter.gauge('realised_slippage_ratio', 'Of the last landed trades, against the quote signed on.', () => {
    const { count, p50, p95, p99 } = quality.slippage().realised;
    if (count === 0) return undefined;
    return [
      { value: p50 / BPS, labels: { percentile: '50' } },
      { value: p95 / BPS, labels: { percentile: '95' } },
      { value: p99 / BPS, labels: { percentile: '99' } },
    ];
  });
  // A counter may not fall: what was undone is told apart.
  exporter.counter(
    'fees_lamports_total',
    'Lamports paid by landed transactions, those that were undone included.',
    () => {
      const { baseLamports, priorityLamports, tipLamports } = quality.fees();
      const undone = quality.undoneFees();
      return [
        { value: baseLamports + undone.baseLamports, labels: { kind: 'base' } },
        { value: priorityLamports + undone.priorityLamports, labels: { kind: 'priority' } },
        { value: tipLamports, labels: { kind: 'tip' } },
      ];
    },
  );
  exporter.counter('undone_fees_lamports_total', 'Of these, what undone landings did not cost.', () => {
    const { baseLamports, priorityLamports } = quality.undoneFees();
    return [
      { value: baseLamports, labels: { kind: 'base' } },
      { value: priorityLamports, labels: { kind: 'priority' } },
    ];
  });
}

function exportQueue(exporter: MetricExporter, { desk, hotPath }: Executor): void {
  exporter.gauge('scheduled_trades', 'Trades in the scheduler, by what they wait for.', () => {
    const { waitingForLocks, waitingForSlot, running } = desk.scheduler.status();
    return [
      { value: waitingForLocks, labels: { state: 'waiting_for_locks' } },
      { value: waitingForSlot, labels: { state: 'waiting_for_slot' } },
      { value: running, labels: { state: 'running' } },
    ];
  });
  exporter.gauge(
    'oldest_queued_seconds',
    'How long the first in the queue waits.',
    () => desk.scheduler.status().oldestQueuedMs / 1_000,
  );
  exporter.gauge('concurrency_limit', 'Trades at once.', () => hotPath.concurrency.status().limit);
}
