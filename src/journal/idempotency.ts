import { HotslotError } from '../errors/hotslot-error.js';
import type { TradeId } from '../model/brands.js';
import type { OrderUse } from './replayed-state.js';

/** Most uses kept in memory; older ones are found in the index. */
export const MAX_REMEMBERED_ORDERS = 100_000;

/** Which client order ids were used, for which trade and with which body; also before a restart. */
export class IdempotencyBook {
  readonly #uses: Map<string, OrderUse>;
  readonly #older: (clientOrderId: string) => OrderUse | undefined;

  /**
   * @param uses from the journal's replay
   * @param older looks in the index
   */
  constructor(
    uses: ReadonlyMap<string, OrderUse> = new Map(),
    older: (clientOrderId: string) => OrderUse | undefined = () => undefined,
  ) {
    this.#uses = new Map(uses);
    this.#older = older;
  }

  /**
   * The trade that this request was already accepted as, or undefined for a new order.
   * @param fingerprint `fingerprintOf` the request's body
   * @throws HotslotError CLIENT_ORDER_ID_REUSED when the id was used with another body
   */
  find(clientOrderId: string, fingerprint: string): TradeId | undefined {
    const use = this.#uses.get(clientOrderId) ?? this.#older(clientOrderId);
    if (use === undefined) return undefined;
    if (use.fingerprint === fingerprint) return use.tradeId;
    throw new HotslotError('CLIENT_ORDER_ID_REUSED', {
      field: 'clientOrderId',
      context: { tradeId: use.tradeId },
    });
  }

  /** Call once the intent is in the journal. The oldest use leaves memory when there are too many. */
  remember(clientOrderId: string, use: OrderUse): void {
    this.#uses.set(clientOrderId, use);
    if (this.#uses.size <= MAX_REMEMBERED_ORDERS) return;
    const oldest = this.#uses.keys().next();
    if (!oldest.done) this.#uses.delete(oldest.value);
  }
}
