/** Whether it lives, is ready and is well, and the one page that says it all. */
import type { Clock } from '../time/clock.js';
import { CachedStatus } from './cached-status.js';
import { type Answer, json } from './http-exchange.js';
import type { HealthCheck, Operations } from './operations.js';
import { jsonAnswer, type Route } from './route.js';
import { memorySchema } from './schemas/latency.js';
import { positionsSchema } from './schemas/risk.js';
import { healthSchema, liveSchema, readinessSchema, statusSchema } from './schemas/status.js';

export function healthRoutes(operations: Operations, clock: Clock): Route[] {
  const status = new CachedStatus(operations, clock);
  return [
    {
      method: 'GET',
      path: '/livez',
      role: 'open',
      summary: 'Whether the process answers',
      answers: { 200: jsonAnswer('It does.', liveSchema) },
      handler: () => json({ status: 'ok' }),
    },
    {
      method: 'GET',
      path: '/readyz',
      role: 'read',
      summary:
        "Whether everything that a trade needs is there and fresh; whether one may trade is the kill switch's to say",
      answers: {
        200: jsonAnswer('It is, in any grade of the kill switch.', readinessSchema),
        503: jsonAnswer('It is not, and what is missing.', readinessSchema),
      },
      handler: () => readyAnswer(operations),
    },
    {
      method: 'GET',
      path: '/health',
      role: 'read',
      summary: 'Every health check, with its level and since when',
      answers: {
        200: jsonAnswer('No check is critical.', healthSchema),
        503: jsonAnswer('A check is critical.', healthSchema),
      },
      handler: () => healthAnswer(operations),
    },
    {
      method: 'GET',
      path: '/api/status',
      role: 'read',
      summary: 'The state of everything, at most 100 ms old and never older than the kill switch',
      answers: { 200: jsonAnswer('The state.', statusSchema) },
      handler: () => json(status.body()),
    },
    {
      method: 'GET',
      path: '/api/positions',
      role: 'read',
      summary: 'Holdings of the trading wallets, profit and loss',
      answers: { 200: jsonAnswer('By confirmed balances.', positionsSchema) },
      problems: ['NOT_READY'],
      handler: () => json(operations.positions()),
    },
    {
      method: 'GET',
      path: '/api/debug/memory',
      role: 'read',
      summary: "The process's memory",
      answers: { 200: jsonAnswer('Bytes.', memorySchema) },
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
