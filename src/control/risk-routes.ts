/** What holds trading back: the kill switch, the circuit breakers, the queue and its concurrency. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { assertRank } from './access.js';
import { type Answer, json, type Request } from './http-exchange.js';
import type { Operations } from './operations.js';
import {
  breakerRequestSchema,
  concurrencyRequestSchema,
  killSwitchRequestSchema,
  parseBody,
} from './requests.js';
import { jsonAnswer, type Route } from './route.js';
import { pathName } from './schemas/common.js';
import {
  breakersSchema,
  clearedSchema,
  concurrencySchema,
  killSwitchAnswerSchema,
  killSwitchSchema,
  queueSchema,
} from './schemas/risk.js';

export function riskRoutes(operations: Operations): Route[] {
  return [...killSwitchRoutes(operations), ...breakerRoutes(operations), ...queueRoutes(operations)];
}

function killSwitchRoutes(operations: Operations): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/kill-switch',
      role: 'read',
      summary: 'Read the kill switch',
      answers: { 200: jsonAnswer('The switch.', killSwitchSchema) },
      handler: () => json(operations.killSwitch()),
    },
    {
      method: 'POST',
      path: '/api/kill-switch',
      role: 'stop',
      summary: 'Engage the kill switch, `stop` unless another grade is named, or release it with a reason',
      moreRoles: '`trade` for `reduce` and `drain`, `admin` for a release',
      request: { body: killSwitchRequestSchema },
      answers: {
        200: jsonAnswer(
          'It is in force and on disk; what is out and may still land.',
          killSwitchAnswerSchema,
        ),
      },
      problems: ['INTENT_FIELD_MISSING', 'JOURNAL_UNWRITABLE'],
      handler: (request) => setKillSwitch(operations, request),
    },
  ];
}

function breakerRoutes(operations: Operations): Route[] {
  const byHand = (action: 'close' | 'open'): Route => ({
    method: 'POST',
    path: `/api/circuit-breakers/:name/${action}`,
    role: 'admin',
    summary: action === 'open' ? 'Open a breaker and keep it open' : 'Close a breaker by hand',
    request: {
      parameters: z.object({
        name: pathName("The breaker's name, or the host behind its prefix; a `#` in it as `%23`."),
      }),
      body: breakerRequestSchema,
    },
    answers: { 200: jsonAnswer('All breakers, after it.', breakersSchema) },
    problems: ['BREAKER_UNKNOWN', 'NOT_READY'],
    handler: (request) => setBreaker(operations, request, action === 'open' ? 'open' : 'closed'),
  });
  return [
    {
      method: 'GET',
      path: '/api/circuit-breakers',
      role: 'read',
      summary: 'List the circuit breakers',
      answers: { 200: jsonAnswer('The breakers.', breakersSchema) },
      problems: ['NOT_READY'],
      handler: () => json({ breakers: operations.breakers() }),
    },
    byHand('close'),
    byHand('open'),
  ];
}

function queueRoutes(operations: Operations): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/queue/status',
      role: 'read',
      summary: 'Read the queue',
      answers: { 200: jsonAnswer('The queue.', queueSchema) },
      problems: ['NOT_READY'],
      handler: () => json(operations.queueStatus()),
    },
    {
      method: 'POST',
      path: '/api/queue/clear',
      role: 'admin',
      summary: 'Cancel every trade that is not signed',
      answers: { 200: jsonAnswer('What was cancelled.', clearedSchema) },
      problems: ['NOT_READY'],
      handler: () => json({ cancelled: operations.clearQueue() }),
    },
    {
      method: 'PUT',
      path: '/api/config/max-concurrent-trades',
      role: 'admin',
      summary: 'Set MAX_CONCURRENT_TRADES until the next start',
      request: { body: concurrencyRequestSchema, needsBody: true },
      answers: { 200: jsonAnswer('What counts from now on.', concurrencySchema) },
      problems: ['NOT_READY'],
      handler: (request) => setConcurrency(operations, request),
    },
  ];
}

/** An empty body is a stop. */
async function setKillSwitch(operations: Operations, request: Request): Promise<Answer> {
  const asked = parseBody(killSwitchRequestSchema, request.body ?? {});
  const reason = [asked.reason, asked.message].filter((part) => part !== undefined).join(': ');
  if (asked.active === false) {
    assertRank(request.caller, 'admin');
    if (reason === '')
      throw new HotslotError('INTENT_FIELD_MISSING', {
        field: 'reason',
        detail: 'A release needs a reason.',
      });
    return json(await operations.releaseKillSwitch(reason, 'http'));
  }
  const grade = asked.grade ?? 'stop';
  if (grade !== 'stop') assertRank(request.caller, 'trade');
  return json(await operations.engageKillSwitch(grade, reason === '' ? 'no reason given' : reason, 'http'));
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
