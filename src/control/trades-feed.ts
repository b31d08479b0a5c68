/** The topic `trades`: every change of state, with its evidence. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import { toldTimes } from '../model/told-times.js';
import type { StateChange, Trade } from '../model/trade.js';
import type { LiveHub, TopicFeed } from './live-hub.js';
import type { LiveSources } from './live-sources.js';
import type { TradeData } from './ws-data.js';

/** Trades in a snapshot. Rendering one takes some ten microseconds; the rest is to be had by `GET /api/trades`. */
export const MAX_SNAPSHOT_TRADES = 50;

export class TradesFeed implements TopicFeed {
  readonly #sources: LiveSources;

  constructor(hub: LiveHub, sources: LiveSources) {
    this.#sources = sources;
    sources.onTrade((event) => publishTrade(hub, event));
  }

  snapshot(): object {
    const trades = this.#sources.recentTrades(MAX_SNAPSHOT_TRADES);
    return { trades: trades.map((trade) => tradeData(trade, trade.history.at(-1)!, trade.attempts.length)) };
  }
}

function publishTrade(hub: LiveHub, { trade, change, attempts }: TradeEvent): void {
  const { atMs, knownAtMs } = change;
  hub.publish('trades', { key: trade.id, atMs, knownAtMs, render: () => tradeData(trade, change, attempts) });
}

/** @param attempts signed at the time of the change */
export function tradeData(trade: Trade, change: StateChange, attempts: number): TradeData {
  const { intent, denial } = trade;
  const last = trade.attempts[attempts - 1];
  return {
    id: trade.id,
    clientOrderId: intent.clientOrderId,
    state: change.state,
    evidence: change.evidence,
    inputMint: intent.inputMint,
    outputMint: intent.outputMint,
    amount: intent.amount.toString(),
    mode: intent.mode,
    limit: trade.limit.toString(),
    wallet: trade.wallet,
    pool: trade.pool,
    priority: intent.priority,
    dryRun: intent.dryRun,
    intentSlot: trade.intentSlot,
    acceptedAtMs: trade.acceptedAtMs,
    deadlineAtMs: trade.deadlineAtMs,
    attempts,
    ...(last === undefined
      ? {}
      : { signature: last.signature, lastValidBlockHeight: Number(last.lastValidBlockHeight) }),
    timesUs: { ...toldTimes(trade.times) },
    ...(denial === undefined
      ? {}
      : {
          denial: {
            code: denial.code,
            message: denial.message,
            ...(denial.field === undefined ? {} : { field: denial.field }),
          },
        }),
    ...(trade.outcome === undefined ? {} : { outcome: outcomeData(trade.outcome) }),
  };
}

function outcomeData(outcome: NonNullable<Trade['outcome']>): NonNullable<TradeData['outcome']> {
  const { slot, slotDelta, feeLamports, spent, received, error } = outcome;
  return {
    slot,
    slotDelta,
    ...(feeLamports === undefined ? {} : { feeLamports: feeLamports.toString() }),
    ...(spent === undefined ? {} : { spent: spent.toString() }),
    ...(received === undefined ? {} : { received: received.toString() }),
    ...(error === undefined ? {} : { error }),
  };
}
