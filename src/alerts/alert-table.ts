/**
 * The alerts, in one table: the executor, the Prometheus rules and the book all take names and thresholds from it.
 * The thresholds are the operators' book's.
 */

export type AlertSeverity = 'critical' | 'warning';

/** The figures that alerts watch. Undefined where there is nothing to judge by yet. */
export interface VitalSigns {
  /** 1 in any grade, else 0. */
  readonly killSwitchActive: number;
  /** How long no RPC endpoint has answered. */
  readonly rpcDownSeconds: number;
  /** Heap or resident set, whichever is nearer to its limit. */
  readonly memoryPercent: number;
  /** Of the last ended trades that were signed, those that landed. */
  readonly tradeSuccessPercent: number | undefined;
  /** Mean realised slippage of the last landed trades; what is worse than the quote is positive. */
  readonly slippagePercent: number | undefined;
  readonly openBreakers: number;
  readonly queueSize: number;
  /** 99th percentile of the last window. */
  readonly eventLoopLagMs: number | undefined;
}

export interface AlertRule {
  /** As Prometheus' rules name it too. */
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly sign: keyof VitalSigns;
  /** It fires beyond the threshold, not at it. */
  readonly fires: 'above' | 'below';
  readonly threshold: number;
  /** It is over when the figure is no worse than this for `clearHoldMs`: a figure at the edge does not flap. */
  readonly clearAt: number;
  readonly clearHoldMs: number;
  readonly unit: string;
  readonly summary: string;
  /** What /metrics exports the figure as, and how many of its units one of ours is. */
  readonly metric: string;
  readonly metricScale: number;
}

const HOLD_MS = 30_000;

export const ALERTS = [
  {
    name: 'KillSwitchActivated',
    severity: 'critical',
    sign: 'killSwitchActive',
    fires: 'above',
    threshold: 0,
    clearAt: 0,
    clearHoldMs: 0,
    unit: '',
    summary: 'The kill switch is on.',
    metric: 'hotslot_kill_switch_active',
    metricScale: 1,
  },
  {
    name: 'RpcDown',
    severity: 'critical',
    sign: 'rpcDownSeconds',
    fires: 'above',
    threshold: 30,
    clearAt: 0,
    clearHoldMs: 0,
    unit: 's',
    summary: 'No RPC endpoint has answered for over 30 seconds.',
    metric: 'hotslot_rpc_down_seconds',
    metricScale: 1,
  },
  {
    name: 'MemoryHigh',
    severity: 'critical',
    sign: 'memoryPercent',
    fires: 'above',
    threshold: 90,
    clearAt: 85,
    clearHoldMs: HOLD_MS,
    unit: '%',
    summary: 'Heap or resident memory is over 90% of its limit.',
    metric: 'hotslot_memory_usage_ratio',
    metricScale: 0.01,
  },
  {
    name: 'TradeSuccessLow',
    severity: 'critical',
    sign: 'tradeSuccessPercent',
    fires: 'below',
    threshold: 90,
    clearAt: 92,
    clearHoldMs: HOLD_MS,
    unit: '%',
    summary: 'Fewer than 90% of the last signed trades landed.',
    metric: 'hotslot_trade_success_ratio',
    metricScale: 0.01,
  },
  {
    name: 'SlippageHigh',
    severity: 'warning',
    sign: 'slippagePercent',
    fires: 'above',
    threshold: 3,
    clearAt: 2.5,
    clearHoldMs: HOLD_MS,
    unit: '%',
    summary: 'The last landed trades got over 3% less than they were quoted, on the average.',
    metric: 'hotslot_slippage_ratio',
    metricScale: 0.01,
  },
  {
    name: 'CircuitBreakerOpened',
    severity: 'warning',
    sign: 'openBreakers',
    fires: 'above',
    threshold: 0,
    clearAt: 0,
    clearHoldMs: 0,
    unit: 'open',
    summary: 'A circuit breaker is open.',
    metric: 'hotslot_circuit_breakers_open',
    metricScale: 1,
  },
  {
    name: 'QueueLong',
    severity: 'warning',
    sign: 'queueSize',
    fires: 'above',
    threshold: 100,
    clearAt: 80,
    clearHoldMs: HOLD_MS,
    unit: 'trades',
    summary: 'Over 100 trades wait in the queue.',
    metric: 'hotslot_queue_size',
    metricScale: 1,
  },
  {
    name: 'EventLoopLagHigh',
    severity: 'warning',
    sign: 'eventLoopLagMs',
    fires: 'above',
    threshold: 50,
    clearAt: 40,
    clearHoldMs: HOLD_MS,
    unit: 'ms',
    summary: "The trades' thread runs over 50 ms late.",
    metric: 'hotslot_event_loop_lag_seconds',
    metricScale: 0.001,
  },
] as const satisfies readonly AlertRule[];

export type AlertName = (typeof ALERTS)[number]['name'];
