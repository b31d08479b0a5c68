/** The states of a trade and the moves between them: the one table that code, tests and the picture in docs share. */

export const TRADE_STATES = [
  'accepted',
  'queued',
  'signed',
  'sent',
  'processed',
  'confirmed',
  'finalized',
  'denied',
  'cancelled',
  'simulated',
  'failed',
  'expired',
  'unknown',
] as const;

export type TradeState = (typeof TRADE_STATES)[number];

/**
 * From each state, the states that may follow. What the table does not name is a programmer's error and throws.
 * `processed` falls back to `sent` when its fork is lost; `confirmed` too, should a cluster ever undo it.
 * `signed` to `queued` and `sent` to `queued` are a proven-dead attempt whose intent may be signed anew (L2).
 * What was signed is never `cancelled`: it is written down, and only the chain can say that it is over (L4).
 * `unknown` is not an end: evidence from the chain moves it on (L4).
 */
export const TRADE_TRANSITIONS: { readonly [From in TradeState]: readonly TradeState[] } = {
  accepted: ['queued', 'denied', 'cancelled'],
  queued: ['signed', 'simulated', 'denied', 'cancelled', 'expired'],
  signed: ['sent', 'queued', 'processed', 'confirmed', 'finalized', 'failed', 'expired', 'unknown'],
  sent: ['processed', 'confirmed', 'finalized', 'failed', 'queued', 'expired', 'unknown'],
  processed: ['sent', 'confirmed', 'finalized', 'failed', 'unknown'],
  confirmed: ['sent', 'finalized', 'failed', 'unknown'],
  finalized: [],
  denied: [],
  cancelled: [],
  simulated: [],
  failed: [],
  expired: [],
  unknown: ['sent', 'processed', 'confirmed', 'finalized', 'failed', 'expired', 'queued'],
};

/** States that nothing leaves. */
export const TERMINAL_STATES: ReadonlySet<TradeState> = new Set(
  TRADE_STATES.filter((state) => TRADE_TRANSITIONS[state].length === 0),
);

/** Whether a signed attempt of a trade in this state may still land. */
export const LIVE_STATES: ReadonlySet<TradeState> = new Set([
  'signed',
  'sent',
  'processed',
  'confirmed',
  'unknown',
]);

/** States that say that nothing of it has landed: what a landing brought that was undone is void. */
export const UNLANDED_STATES: ReadonlySet<TradeState> = new Set(['queued', 'sent', 'expired']);

export function canMove(from: TradeState, to: TradeState): boolean {
  return TRADE_TRANSITIONS[from].includes(to);
}
