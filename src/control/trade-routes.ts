/** Trades: asked for, read, listed and cancelled. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { asTradeId } from '../model/brands.js';
import { nextTurn } from '../time/next-turn.js';
import { type Answer, json, type Request, stringify } from './http-exchange.js';
import type { Operations } from './operations.js';
import { jsonAnswer, type Route } from './route.js';
import { pathName } from './schemas/common.js';
import { acceptedSchema, cancelSchema, tradeListSchema, tradeSchema } from './schemas/trade.js';
import { cancelTrade, submitTrade } from './trade-actions.js';
import { parseTradeQuery, tradeQuerySchema } from './trade-query.js';
import { tradeRequestSchema } from './trade-request.js';
import { tradeView } from './trade-view.js';

/** Trades that are put into words between two turns of the event loop. */
const TRADES_A_TURN = 25;

const idParameters = z.object({ id: pathName("The trade's id.") });

export function tradeRoutes(operations: Operations): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/trades',
      role: 'read',
      summary: 'List trades, the newest first, from memory and history',
      request: { query: tradeQuerySchema },
      answers: {
        200: jsonAnswer(
          'A page; it may be short of its limit where a filter looks far back.',
          tradeListSchema,
        ),
      },
      problems: ['INTENT_UNKNOWN_FIELD', 'NOT_READY'],
      handler: (request) => listTrades(operations, request),
    },
    {
      method: 'POST',
      path: '/api/trades',
      role: 'trade',
      summary: 'Ask for a trade',
      request: { body: tradeRequestSchema, needsBody: true },
      answers: {
        202: jsonAnswer('It is accepted; the same request again gets the same trade.', acceptedSchema),
      },
      problems: SUBMIT_PROBLEMS,
      handler: (request) => submit(operations, request),
    },
    {
      method: 'GET',
      path: '/api/trades/:id',
      role: 'read',
      summary: 'Read one trade in full',
      request: { parameters: idParameters },
      answers: {
        200: jsonAnswer('The trade, with its attempts and the evidence of each state.', tradeSchema),
      },
      problems: ['TRADE_UNKNOWN', 'NOT_READY'],
      handler: (request) => oneTrade(operations, request),
    },
    {
      method: 'POST',
      path: '/api/trades/:id/cancel',
      role: 'trade',
      summary: 'Cancel a trade: an unsigned one is over, a signed one gets no more resends',
      request: { parameters: idParameters },
      answers: { 200: jsonAnswer('What became of it.', cancelSchema) },
      problems: ['TRADE_UNKNOWN', 'JOURNAL_UNWRITABLE', 'NOT_READY'],
      handler: (request) => cancel(operations, request),
    },
  ];
}

/** What acceptance may say no with; what comes later is the trade's `denial`. */
const SUBMIT_PROBLEMS = [
  'SAME_MINT',
  'MINT_UNKNOWN',
  'POOL_UNKNOWN',
  'WALLET_UNKNOWN',
  'CLIENT_ORDER_ID_REUSED',
  'KILL_SWITCH_ACTIVE',
  'RISK_LIMIT',
  'MINT_DENIED',
  'INSUFFICIENT_FUNDS',
  'RATE_LIMITED',
  'QUEUE_FULL',
  'SHUTTING_DOWN',
  'RECONCILING',
  'POOL_STALE',
  'BLOCKHASH_STALE',
  'STREAM_STALE',
  'LIMIT_NOT_MET',
  'INSUFFICIENT_LIQUIDITY',
  'POOL_DISABLED',
  'POOL_NOT_READY',
  'PRICE_IMPACT',
  'REFERENCE_DEVIATION',
  'REFERENCE_UNKNOWN',
  'KEY_LOCKED',
  'JOURNAL_UNWRITABLE',
  'JOURNAL_CORRUPT',
  'NOT_READY',
] as const;

const submit = (operations: Operations, request: Request): Answer =>
  json(submitTrade(operations, request.body, request.receivedUs), 202);

function oneTrade(operations: Operations, request: Request): Answer {
  const id = request.parameters[0] ?? '';
  const trade = operations.trade(asTradeId(id));
  if (trade === undefined) throw new HotslotError('TRADE_UNKNOWN', { context: { id: id.slice(0, 64) } });
  return json(tradeView(trade));
}

async function listTrades(operations: Operations, request: Request): Promise<Answer> {
  const query = parseTradeQuery(request.query, (wallet) => operations.addressOf(wallet));
  const { trades, next } = await operations.trades(query);
  const told: string[] = [];
  for (const [index, trade] of trades.entries()) {
    if (index > 0 && index % TRADES_A_TURN === 0) await nextTurn();
    told.push(stringify(tradeView(trade)));
  }
  const tail = next === undefined ? '' : `,"next":${JSON.stringify(next)}`;
  return json(`{"trades":[${told.join(',')}]${tail}}`);
}

const cancel = (operations: Operations, request: Request): Answer =>
  json(cancelTrade(operations, request.parameters[0] ?? ''));
