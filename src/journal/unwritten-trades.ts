/**
 * Trades that the index was given and has not committed. LMDB does not answer for what it has not committed, and memory
 * may have let the trade go meanwhile: its client order id would be free, and the order be traded twice.
 */
import type { Signature, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { OrderUse } from './replayed-state.js';

/** One giving of a trade. */
export interface Unwritten {
  readonly trade: Trade;
  readonly fingerprint: string;
}

export class UnwrittenTrades {
  readonly #byId = new Map<TradeId, Unwritten>();
  readonly #orders = new Map<string, OrderUse>();
  readonly #signatures = new Map<Signature, TradeId>();

  add(unwritten: Unwritten): void {
    const { trade, fingerprint } = unwritten;
    this.#byId.set(trade.id, unwritten);
    this.#orders.set(trade.intent.clientOrderId, { tradeId: trade.id, fingerprint });
    for (const { signature } of trade.attempts) this.#signatures.set(signature, trade.id);
  }

  /** Of a trade that was given again meanwhile nothing goes. */
  remove(unwritten: Unwritten): void {
    const { trade } = unwritten;
    if (this.#byId.get(trade.id) !== unwritten) return;
    this.#byId.delete(trade.id);
    this.#orders.delete(trade.intent.clientOrderId);
    for (const { signature } of trade.attempts) this.#signatures.delete(signature);
  }

  get(id: TradeId): Trade | undefined {
    return this.#byId.get(id)?.trade;
  }

  byClientOrderId(clientOrderId: string): OrderUse | undefined {
    return this.#orders.get(clientOrderId);
  }

  bySignature(signature: Signature): TradeId | undefined {
    return this.#signatures.get(signature);
  }
}
