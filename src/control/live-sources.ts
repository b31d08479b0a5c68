/** Where the topics of `/ws` hear of what they tell. Listeners only enqueue. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { Histogram, Quantiles } from '../metrics/histograms.js';
import type { SpanName, StageName } from '../metrics/latency.js';
import type { Trade } from '../model/trade.js';
import type { QueueStatus } from '../schedule/scheduler.js';
import type { KillSwitchState } from './operations.js';
import type { BreakerData, RaisedAlert, SlotsData } from './ws-data.js';

/** Known from the start of the process. */
export interface KillSwitchSource {
  current(): KillSwitchState;
  onChange(listener: (state: KillSwitchState) => void): void;
}

/** What an executor tells once it runs. */
export interface LiveSources {
  onTrade(listener: (event: TradeEvent) => void): void;
  /** Newest first. */
  recentTrades(limit: number): readonly Trade[];
  /** The head, the confirmed or the finalized slot moved. */
  onSlot(listener: () => void): void;
  slots(): SlotsData;
  queue(): QueueStatus;
  /** Since the start; nanoseconds. */
  histogram(name: StageName | SpanName): Histogram;
  /** Since the start. */
  slotDelta(): Quantiles;
  onBreaker(listener: (breaker: BreakerData) => void): void;
  breakers(): readonly BreakerData[];
}

/** Whoever watches thresholds tells of them by this. */
export interface AlertSource {
  /** Called at every change of an alert; it must not be told the same twice. */
  onAlert(listener: (alert: RaisedAlert) => void): void;
  /** Those that are raised now. */
  raised(): readonly RaisedAlert[];
}
