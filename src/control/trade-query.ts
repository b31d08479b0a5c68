/** What `GET /api/trades` is asked: which trades, how many, and from where on. */
import { z } from 'zod';
import { asTradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import { TRADE_STATES } from '../model/trade-state.js';
import type { TradeQuery } from './operations.js';
import { parseQuery } from './requests.js';
import { queryInteger } from './schemas/common.js';

/** Most trades in one listing. */
export const MAX_TRADES_LISTED = 1_000;
const DEFAULT_TRADES_LISTED = 100;
const MAX_EPOCH_MS = 8_640_000_000_000;

const text = (description: string) => z.string().min(1).max(64).optional().describe(description);

const states = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(z.enum(TRADE_STATES)))
  .meta({ type: 'string', description: `One or more of ${TRADE_STATES.join(', ')}, comma-separated.` })
  .optional();

/** Strict: a filter with a slip in its name must not list everything. */
export const tradeQuerySchema = z.strictObject({
  limit: queryInteger(1, MAX_TRADES_LISTED, `Most trades; default ${DEFAULT_TRADES_LISTED}.`).optional(),
  before: text('The `next` of the page before: only older trades.'),
  state: states,
  wallet: text("A trading key's name or address."),
  pool: text("A pool's address."),
  mint: text('A mint on either side.'),
  clientOrderId: text("The client's idempotency key."),
  fromMs: queryInteger(
    0,
    MAX_EPOCH_MS,
    'Accepted at this time or later, milliseconds since 1970.',
  ).optional(),
  toMs: queryInteger(0, MAX_EPOCH_MS, 'Accepted before this time, milliseconds since 1970.').optional(),
});

/**
 * @param addressOf of a wallet's name; what is no name is taken for an address
 * @throws HotslotError INTENT_FIELD_INVALID, INTENT_UNKNOWN_FIELD
 */
export function parseTradeQuery(
  query: URLSearchParams,
  addressOf: (wallet: string) => string | undefined,
): TradeQuery {
  const asked = parseQuery(tradeQuerySchema, query);
  const { wallet, pool, mint, clientOrderId, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = asked;
  const address = wallet === undefined ? undefined : (addressOf(wallet) ?? wallet);
  const isAsked = (wanted: string | undefined, value: string) => wanted === undefined || wanted === value;
  return {
    limit: asked.limit ?? DEFAULT_TRADES_LISTED,
    below: asked.before === undefined ? undefined : asTradeId(asked.before),
    matches: (trade: Trade) =>
      (asked.state === undefined || asked.state.includes(trade.state)) &&
      isAsked(address, trade.wallet) &&
      isAsked(pool, trade.pool) &&
      (mint === undefined || trade.intent.inputMint === mint || trade.intent.outputMint === mint) &&
      isAsked(clientOrderId, trade.intent.clientOrderId) &&
      trade.acceptedAtMs >= fromMs &&
      trade.acceptedAtMs < toMs,
    isPast: (trade: Trade) => trade.acceptedAtMs < fromMs,
  };
}
