/** Everybody who hears of trades beside the desk: histograms, counts, history, automatic trips, the log. */
import type { TradeDesk, TradeEvent } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import type { LatencyRecorder } from '../metrics/latency.js';
import { isLanding } from '../model/trade.js';
import type { TradeState } from '../model/trade-state.js';
import type { AutoTrips } from '../risk/auto-trips.js';
import type { TradeCounts } from './trade-counts.js';
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
  readonly log: Log;
}

export function observeTrades({ desk, latency, counts, history, trips, log }: TradeObservers): void {
  desk.onTrade((event) => {
    const isTakenBack = counts.onTrade(event);
    history.onTrade(event);
    measure(event, latency);
    judge(event, isTakenBack, trips);
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
function judge({ trade, change }: TradeEvent, isTakenBack: boolean, trips: AutoTrips): void {
  if (isLanding(trade, change)) trips.tradeEnded(true);
  else if (change.state === 'failed' || change.state === 'expired') trips.tradeEnded(false);
  else if (isTakenBack) trips.tradeUndone();
}

function logTrade({ trade, change }: TradeEvent, log: Log): void {
  log.info('trade_execution', {
    id: trade.id,
    state: change.state,
    signature: trade.attempts.at(-1)?.signature,
    duration: change.knownAtMs - trade.acceptedAtMs,
    stagesUs: trade.times,
    ...(trade.outcome?.error === undefined ? {} : { error: trade.outcome.error }),
    ...(trade.denial === undefined ? {} : { denial: trade.denial.code }),
  });
}
