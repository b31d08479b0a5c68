/** Everybody who hears of trades beside the desk: histograms, counts, history, automatic trips, the log. */
import type { TradeDesk, TradeEvent } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import type { LatencyRecorder } from '../metrics/latency.js';
import { toldTimes } from '../model/told-times.js';
import { isLanding, type Trade } from '../model/trade.js';
import type { TradeState } from '../model/trade-state.js';
import type { AutoTrips } from '../risk/auto-trips.js';
import { isFailure, type TradeCounts } from './trade-counts.js';
import type { TradeHistory } from './trade-history.js';

/** Beside the landing. */
const LOGGED_STATES: ReadonlySet<TradeState> = new Set<TradeState>([
  'failed',
  'expired',
  'denied',
  'cancelled',
  'simulated',
  'unknown',
]);

export interface TradeObservers {
  readonly desk: TradeDesk;
  readonly latency: LatencyRecorder;
  readonly counts: TradeCounts;
  readonly history: TradeHistory;
  readonly trips: AutoTrips;
  /** Whether a stop came since the trade was accepted. */
  readonly wasStopped: (trade: Trade) => boolean;
  readonly log: Log;
}

export function observeTrades(observers: TradeObservers): void {
  const { desk, latency, counts, history, trips, wasStopped, log } = observers;
  desk.onTrade((event) => {
    const hasFailed = isFailure(event, wasStopped);
    const isTakenBack = counts.onTrade(event, hasFailed);
    history.onTrade(event);
    measure(event, latency);
    judge(event, { hasFailed, isTakenBack }, trips);
    if (isLanding(event.trade, event.change) || LOGGED_STATES.has(event.change.state)) logTrade(event, log);
  });
  desk.onLateOutcome((trade) => history.put(trade));
}

function measure({ trade, change }: TradeEvent, latency: LatencyRecorder): void {
  const { state } = change;
  if (state === 'sent') latency.recordSent(trade);
  else if (state === 'processed' || state === 'confirmed' || state === 'finalized')
    latency.recordReached(trade, state);
}

/** The success rate counts what was sent: a denial of ours is no failure to land. */
function judge(
  { trade, change }: TradeEvent,
  { hasFailed, isTakenBack }: { readonly hasFailed: boolean; readonly isTakenBack: boolean },
  trips: AutoTrips,
): void {
  if (isLanding(trade, change)) trips.tradeEnded(true);
  else if (hasFailed) trips.tradeEnded(false);
  else if (isTakenBack) trips.tradeUndone();
}

function logTrade({ trade, change }: TradeEvent, log: Log): void {
  log.info('trade_execution', {
    id: trade.id,
    state: change.state,
    signature: trade.attempts.at(-1)?.signature,
    duration: change.knownAtMs - trade.acceptedAtMs,
    stagesUs: toldTimes(trade.times),
    ...(trade.outcome?.error === undefined ? {} : { error: trade.outcome.error }),
    ...(trade.denial === undefined ? {} : { denial: trade.denial.code }),
  });
}
