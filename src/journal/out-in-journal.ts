/** What the journal says is out and not settled. */
import type { Signature, TradeId } from '../model/brands.js';
import { LIVE_STATES } from '../model/trade-state.js';
import { readJournal } from './read-journal.js';
import { liveTrades } from './replayed-state.js';

export interface OutInJournal {
  readonly id: TradeId;
  /** Of the trade's newest attempt. */
  readonly signature: Signature;
}

/** Reads all of it: not for the main thread, which a long journal would hold up. */
export function outInJournal(directory: string): OutInJournal[] {
  return liveTrades(readJournal(directory).trades.values()).flatMap((trade) => {
    const last = trade.attempts.at(-1);
    return last !== undefined && LIVE_STATES.has(trade.state)
      ? [{ id: trade.id, signature: last.signature }]
      : [];
  });
}
