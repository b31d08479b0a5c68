/** The one table of states, from which code, tests and the picture in the documentation are drawn. */
import { describe, expect, it } from 'vitest';
import {
  canMove,
  LIVE_STATES,
  TERMINAL_STATES,
  TRADE_STATES,
  TRADE_TRANSITIONS,
  type TradeState,
} from '../src/model/trade-state.js';

const EXPECTED: { readonly [From in TradeState]: readonly TradeState[] } = {
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

const PAIRS = TRADE_STATES.flatMap((from) => TRADE_STATES.map((to) => [from, to] as const));

describe('the table of states', () => {
  it.each(PAIRS)('%s to %s', (from, to) => {
    expect(canMove(from, to)).toBe(EXPECTED[from].includes(to));
  });

  it('has the ends of the design, of which unknown is none', () => {
    expect([...TERMINAL_STATES].sort()).toEqual(
      ['cancelled', 'denied', 'expired', 'failed', 'finalized', 'simulated'].sort(),
    );
  });

  it('reaches every state from acceptance, and an end from every state', () => {
    const reach = (from: TradeState): Set<TradeState> => {
      const found = new Set<TradeState>([from]);
      for (const state of found) for (const next of TRADE_TRANSITIONS[state]) found.add(next);
      return found;
    };
    expect([...reach('accepted')].sort()).toEqual([...TRADE_STATES].sort());
    for (const state of TRADE_STATES)
      expect([...reach(state)].some((one) => TERMINAL_STATES.has(one))).toBe(true);
  });

  it('signs nothing from a state in which bytes may be out (L2)', () => {
    for (const state of LIVE_STATES) expect(canMove(state, 'signed')).toBe(false);
    for (const state of TERMINAL_STATES) expect(LIVE_STATES.has(state)).toBe(false);
  });
});
