/** Trades as clients read them: bigints as text, bytes left out. */

import { toldTimes } from '../model/told-times.js';
import type { Trade } from '../model/trade.js';

export function tradeView(trade: Trade) {
  return {
    id: trade.id,
    state: trade.state,
    intent: trade.intent,
    wallet: trade.wallet,
    pool: trade.pool,
    limit: trade.limit,
    acceptedQuote: trade.acceptedQuote,
    intentSlot: trade.intentSlot,
    acceptedAtMs: trade.acceptedAtMs,
    deadlineAtMs: trade.deadlineAtMs,
    attempts: trade.attempts.map(({ wire: _wire, ...facts }) => facts),
    history: trade.history,
    timesUs: toldTimes(trade.times),
    ...(trade.denial === undefined ? {} : { denial: trade.denial }),
    ...(trade.outcome === undefined ? {} : { outcome: trade.outcome }),
  };
}
