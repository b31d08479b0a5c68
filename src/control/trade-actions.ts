/** Submitting and cancelling a trade, the same way for every door. */
import { fingerprintOf } from '../journal/fingerprint.js';
import { asTradeId } from '../model/brands.js';
import type { Operations } from './operations.js';
import { parseTradeRequest } from './trade-request.js';

/**
 * @param body as the client sent it
 * @param receivedUs monotonic microseconds at which it came
 * @throws HotslotError as parseTradeRequest and TradeDesk.submit do
 */
export function submitTrade(operations: Operations, body: unknown, receivedUs: number) {
  const intent = parseTradeRequest(body, operations.intentDefaults());
  const { id, state } = operations.submit(intent, receivedUs, fingerprintOf(body));
  return { id, state };
}

/** @throws HotslotError as TradeDesk.cancel does */
export function cancelTrade(operations: Operations, id: string) {
  const { trade, outcome } = operations.cancel(asTradeId(id));
  const last = trade.attempts.at(-1);
  return {
    id: trade.id,
    state: trade.state,
    outcome,
    ...(outcome === 'noResends' && last !== undefined
      ? { mayStillLand: { signature: last.signature, lastValidBlockHeight: last.lastValidBlockHeight } }
      : {}),
  };
}
