/** The routes of the operators' contract, in one table. */
import { HotslotError } from '../errors/hotslot-error.js';
import { fingerprintOf } from '../journal/fingerprint.js';
import { asTradeId } from '../model/brands.js';
import type { Clock } from '../time/clock.js';
import { CachedStatus } from './cached-status.js';
import type { Route } from './control-server.js';
import { type Answer, json, type Request } from './http-exchange.js';
import type { HealthCheck, Operations } from './operations.js';
import {
  breakerRequestSchema,
  concurrencyRequestSchema,
  killSwitchRequestSchema,
  parseBody,
} from './requests.js';
import { parseTradeRequest } from './trade-request.js';
import { tradeView } from './trade-view.js';

/** Most trades in one listing. */
export const MAX_TRADES_LISTED = 1_000;
const DEFAULT_TRADES_LISTED = 100;

export function controlRoutes(operations: Operations, clock: Clock): Route[] {
  const status = new CachedStatus(operations, clock);
  return [
    { method: 'GET', path: '/livez', role: 'open', handler: () => json({ status: 'ok' }) },
    { method: 'GET', path: '/readyz', role: 'read', handler: () => readyAnswer(operations) },
    { method: 'GET', path: '/health', role: 'read', handler: () => healthAnswer(operations) },
    { method: 'GET', path: '/api/status', role: 'read', handler: () => json(status.body()) },
    { method: 'GET', path: '/api/latency', role: 'read', handler: () => json(operations.latency()) },
    { method: 'GET', path: '/api/queue/status', role: 'read', handler: () => json(operations.queueStatus()) },
    { method: 'GET', path: '/api/positions', role: 'read', handler: () => json(operations.positions()) },
    {
      method: 'GET',
      path: '/api/trades',
      role: 'read',
      handler: (request) => listTrades(operations, request),
    },
    {
      method: 'GET',
      path: '/api/trades/:id',
      role: 'read',
      handler: (request) => oneTrade(operations, request),
    },
    { method: 'POST', path: '/api/trades', role: 'trade', handler: (request) => submit(operations, request) },
    {
      method: 'POST',
      path: '/api/trades/:id/cancel',
      role: 'trade',
      handler: (request) => cancel(operations, request),
    },
    {
      method: 'POST',
      path: '/api/queue/clear',
      role: 'admin',
      handler: () => json({ cancelled: operations.clearQueue() }),
    },
    { method: 'GET', path: '/api/kill-switch', role: 'read', handler: () => json(operations.killSwitch()) },
    {
      method: 'POST',
      path: '/api/kill-switch',
      role: 'trade',
      handler: (request) => killSwitch(operations, request),
    },
    {
      method: 'GET',
      path: '/api/circuit-breakers',
      role: 'read',
      handler: () => json({ breakers: operations.breakers() }),
    },
    {
      method: 'POST',
      path: '/api/circuit-breakers/:name/close',
      role: 'admin',
      handler: (request) => setBreaker(operations, request, 'closed'),
    },
    {
      method: 'POST',
      path: '/api/circuit-breakers/:name/open',
      role: 'admin',
      handler: (request) => setBreaker(operations, request, 'open'),
    },
    {
      method: 'PUT',
      path: '/api/config/max-concurrent-trades',
      role: 'admin',
      handler: (request) => setConcurrency(operations, request),
    },
    {
      method: 'GET',
      path: '/api/debug/memory',
      role: 'read',
      handler: () => json({ atMs: clock.nowMs(), ...process.memoryUsage() }),
    },
  ];
}

function readyAnswer(operations: Operations): Answer {
  const readiness = operations.readiness();
  return json(readiness, readiness.ready ? 200 : 503);
}

/** A critical check makes the executor unhealthy to whoever only reads the status code. */
function healthAnswer(operations: Operations): Answer {
  const checks = operations.health();
  const worst = worstLevel(checks);
  return json({ status: worst, checks }, worst === 'critical' ? 503 : 200);
}

export function worstLevel(checks: readonly HealthCheck[]): HealthCheck['level'] {
  if (checks.some((check) => check.level === 'critical')) return 'critical';
  return checks.some((check) => check.level === 'warn') ? 'warn' : 'ok';
}

function submit(operations: Operations, request: Request): Answer {
  const intent = parseTradeRequest(request.body, operations.intentDefaults());
  const trade = operations.submit(intent, request.receivedUs, fingerprintOf(request.body));
  return json({ id: trade.id, state: trade.state }, 202);
}

function oneTrade(operations: Operations, request: Request): Answer {
  const id = request.parameters[0] ?? '';
  const trade = operations.trade(asTradeId(id));
  if (trade === undefined) throw new HotslotError('TRADE_UNKNOWN', { context: { id: id.slice(0, 64) } });
  return json(tradeView(trade));
}

function listTrades(operations: Operations, request: Request): Answer {
  const asked = request.query.get('limit') ?? String(DEFAULT_TRADES_LISTED);
  const limit = Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_TRADES_LISTED) {
    throw new HotslotError('INTENT_FIELD_INVALID', {
      field: 'limit',
      detail: `It must be 1 to ${MAX_TRADES_LISTED}.`,
    });
  }
  return json({ trades: operations.trades(limit).map(tradeView) });
}

function cancel(operations: Operations, request: Request): Answer {
  const { trade, outcome } = operations.cancel(asTradeId(request.parameters[0] ?? ''));
  const last = trade.attempts.at(-1);
  return json({
    id: trade.id,
    state: trade.state,
    outcome,
    ...(outcome === 'noResends' && last !== undefined
      ? { mayStillLand: { signature: last.signature, lastValidBlockHeight: last.lastValidBlockHeight } }
      : {}),
  });
}

/** An empty body is a stop. */
async function killSwitch(operations: Operations, request: Request): Promise<Answer> {
  const asked = parseBody(killSwitchRequestSchema, request.body ?? {});
  const reason = [asked.reason, asked.message].filter((part) => part !== undefined).join(': ');
  if (asked.active === false) {
    if (reason === '')
      throw new HotslotError('INTENT_FIELD_MISSING', {
        field: 'reason',
        detail: 'A release needs a reason.',
      });
    return json(await operations.releaseKillSwitch(reason, 'http'));
  }
  return json(
    await operations.engageKillSwitch(
      asked.grade ?? 'stop',
      reason === '' ? 'no reason given' : reason,
      'http',
    ),
  );
}

function setBreaker(operations: Operations, request: Request, state: 'open' | 'closed'): Answer {
  parseBody(breakerRequestSchema, request.body ?? {});
  const name = request.parameters[0] ?? '';
  if (!operations.setBreaker(name, state)) {
    throw new HotslotError('BREAKER_UNKNOWN', { context: { name: name.slice(0, 64) } });
  }
  return json({ breakers: operations.breakers() });
}

function setConcurrency(operations: Operations, request: Request): Answer {
  const { value } = parseBody(concurrencyRequestSchema, request.body);
  operations.setMaxConcurrentTrades(value);
  return json({ maxConcurrentTrades: value });
}
