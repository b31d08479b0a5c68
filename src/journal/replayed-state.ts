import { asSlot, type TradeId } from '../model/brands.js';
import type { StateChange, Trade } from '../model/trade.js';
import { canMove, TERMINAL_STATES, UNLANDED_STATES } from '../model/trade-state.js';
import { fingerprintOf } from './fingerprint.js';
import type { JournalRecord, JournalStretch } from './types.js';

/** Something in the journal that could not be taken for what it should be. Nothing is made up in its place. */
export interface JournalFault extends JournalStretch {
  /**
   * `torn`: a write cut short at the end of a segment; what it would have said was never acted on.
   * `corrupt`: other bytes that are no record, or a segment that cannot be read: an attempt may be missing.
   * `contradiction`: a sound record that does not fit those before it.
   */
  readonly kind: 'torn' | 'corrupt' | 'contradiction';
  /** Where the bytes were set aside. */
  readonly savedAs?: string;
  readonly detail?: string;
}

/** How a client order id was used. */
export interface OrderUse {
  readonly tradeId: TradeId;
  readonly fingerprint: string;
}

/** What the journal says there was: every trade in it, rebuilt. */
export interface ReplayedState {
  readonly trades: ReadonlyMap<TradeId, Trade>;
  /** Those that are not at an end: to be settled by evidence from the chain, their wallets reserved until then. */
  readonly live: readonly Trade[];
  readonly orders: ReadonlyMap<string, OrderUse>;
  readonly faults: readonly JournalFault[];
  /** Records may be missing: our wallets' signatures must be searched on the chain before anything is signed anew. */
  readonly suspect: boolean;
  /** A segment, or the whole directory, could not be read: how much is missing is not known. */
  readonly isUnreadable: boolean;
  readonly recordCount: number;
  /** Directory to which another chain's journal was moved. */
  readonly setAside?: string;
  /** Lets go of trades and orders once they are taken up: a long journal's are hundreds of megabytes. */
  forgetTrades(): void;
}

const fromJournal = { source: 'journal' } as const;

/** Rebuilds trades from records in the order of writing. Reading a record twice changes nothing. */
export class StateBuilder {
  readonly trades = new Map<TradeId, Trade>();
  readonly orders = new Map<string, OrderUse>();
  recordCount = 0;

  /** Returns why a record does not fit those before it, or undefined where it does. */
  add(record: JournalRecord): string | undefined {
    this.recordCount += 1;
    switch (record.kind) {
      case 'chain':
      case 'searched':
        return undefined;
      case 'compacted':
        this.trades.clear();
        this.orders.clear();
        return undefined;
      case 'intent':
        return this.#addIntent(record);
      case 'attempt':
        return this.#addAttempt(record);
      case 'state':
        return this.#addState(record);
      case 'cancel':
        return this.#addCancel(record);
    }
  }

  #addIntent(record: JournalRecord & { kind: 'intent' }): string | undefined {
    if (this.trades.has(record.tradeId)) return undefined;
    const { intent, tradeId, acceptedAtMs } = record;
    const fingerprint = record.fingerprint ?? fingerprintOf(intent);
    this.trades.set(tradeId, {
      id: tradeId,
      intent,
      fingerprint,
      state: 'accepted',
      wallet: record.wallet,
      pool: record.pool,
      limit: record.limit,
      acceptedQuote: { amountIn: record.quotedIn, amountOut: record.quotedOut, slot: record.quoteSlot },
      intentSlot: record.intentSlot,
      acceptedAtMs,
      ...(record.stopCount === undefined ? {} : { stopCount: record.stopCount }),
      deadlineAtMs: record.deadlineAtMs,
      attempts: [],
      history: [{ state: 'accepted', atMs: acceptedAtMs, knownAtMs: acceptedAtMs, evidence: fromJournal }],
      times: { receivedAtMs: acceptedAtMs },
    });
    this.orders.set(intent.clientOrderId, {
      tradeId,
      fingerprint,
    });
    return undefined;
  }

  #addAttempt(record: JournalRecord & { kind: 'attempt' }): string | undefined {
    const trade = this.trades.get(record.tradeId);
    if (trade === undefined) return `an attempt of a trade without an intent: ${record.tradeId}`;
    if (trade.attempts.some((attempt) => attempt.signature === record.signature)) return undefined;
    const { kind: _kind, tradeId: _tradeId, ...attempt } = record;
    trade.attempts.push({ ...attempt, sends: 0 });
    // The attempt is written before its bytes leave, so it may be out even if no later record says so.
    if (trade.state === 'accepted') this.#implyQueued(trade);
    if (trade.state === 'queued') {
      const knownAtMs = record.signedAtMs;
      trade.state = 'signed';
      trade.history.push({
        state: 'signed',
        atMs: knownAtMs,
        knownAtMs,
        evidence: { ...fromJournal, slot: asSlot(record.signedSlot) },
      });
      return undefined;
    }
    return `attempt ${record.number} of ${record.tradeId} was signed in state ${trade.state}`;
  }

  #addState(record: JournalRecord & { kind: 'state' }): string | undefined {
    const trade = this.trades.get(record.tradeId);
    if (trade === undefined) return `a state of a trade without an intent: ${record.tradeId}`;
    if (record.denial !== undefined) trade.denial = record.denial;
    if (record.outcome !== undefined) trade.outcome = record.outcome;
    const { change } = record;
    if (trade.state === change.state) {
      this.#replaceImplied(trade, change);
      return undefined;
    }
    if (trade.state === 'accepted' && canMove('queued', change.state)) this.#implyQueued(trade);
    if (!canMove(trade.state, change.state)) {
      return `${record.tradeId} cannot move from ${trade.state} to ${change.state}`;
    }
    trade.state = change.state;
    trade.history.push(change);
    if (record.outcome === undefined && UNLANDED_STATES.has(change.state)) delete trade.outcome;
    return undefined;
  }

  #addCancel(record: JournalRecord & { kind: 'cancel' }): string | undefined {
    const trade = this.trades.get(record.tradeId);
    if (trade === undefined) return `a cancellation of a trade without an intent: ${record.tradeId}`;
    trade.cancelRequestedAtMs ??= record.atMs;
    return undefined;
  }

  /** An accepted trade is queued at once and no record says so: an attempt or an end follows its intent. */
  #implyQueued(trade: Trade): void {
    trade.state = 'queued';
    const { acceptedAtMs } = trade;
    trade.history.push({
      state: 'queued',
      atMs: acceptedAtMs,
      knownAtMs: acceptedAtMs,
      evidence: fromJournal,
    });
  }

  /** A state that an intent or attempt implied is told with its own times and evidence. */
  #replaceImplied(trade: Trade, change: StateChange): void {
    const last = trade.history.length - 1;
    if (trade.history[last]?.evidence.source === 'journal') trade.history[last] = change;
  }
}

/** Trades that have not reached an end, oldest first. */
export function liveTrades(trades: Iterable<Trade>): Trade[] {
  return [...trades]
    .filter((trade) => !TERMINAL_STATES.has(trade.state))
    .sort((a, b) => a.acceptedAtMs - b.acceptedAtMs);
}
