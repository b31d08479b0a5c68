/** How the desk's helpers change a trade. */
import type { HotslotError } from '../errors/hotslot-error.js';
import type { Attempt, Denial, Evidence, TradeOutcome } from '../model/trade.js';
import type { TradeState } from '../model/trade-state.js';
import type { OwnEnd } from './held-ends.js';
import type { DeskFault } from './ports.js';
import type { LiveTrade } from './trade-store.js';

/** Details of a move that go to the trade and the journal. */
export interface MoveDetails {
  readonly atMs?: number;
  readonly denial?: Denial;
  readonly outcome?: TradeOutcome;
}

export interface Moves {
  /** Along the table of states; journals the change and tells subscribers. */
  move(live: LiveTrade, state: TradeState, evidence: Evidence, details?: MoveDetails): void;
  /** Writes down once more the newest state, with an outcome that was learned later. */
  amend(live: LiveTrade): void;
  /** Tells that the transaction of an ended trade was read only after its end. */
  tellLateOutcome(live: LiveTrade): void;
  /** Gives back everything that the trade held. */
  end(live: LiveTrade): void;
  /** Ends it by a decision of ours, as soon as that is written down (see HeldEnds). */
  finish(live: LiveTrade, state: OwnEnd, evidence: Evidence, details?: MoveDetails): void;
  /** Ends a trade of which nothing is out: as expired where something was signed once and is proven dead. */
  endUnsigned(live: LiveTrade, state: 'cancelled' | 'denied', error: HotslotError): void;
  /** No more of an attempt's bytes leave; how often they did is kept. */
  stopSending(attempt: Attempt): void;
  /** Whether its end is decided and waits to be written down. */
  isEnding(live: LiveTrade): boolean;
  /** In line again, ahead of all, after a proven end of its attempt. */
  requeue(live: LiveTrade): void;
  fault(fault: DeskFault): void;
}

/** A decision of ours, before anything was signed. */
export const LOCAL: Evidence = { source: 'local' };

export function denialOf(error: HotslotError): Denial {
  return {
    code: error.code,
    message: error.message,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.context === undefined ? {} : { context: error.context }),
  };
}
