/** Routes for whoever watches: figures as JSON and for Prometheus, and the alerts. */
import { z } from 'zod';
import { json } from './http-exchange.js';
import type { Operations } from './operations.js';
import { jsonAnswer, type Route } from './route.js';
import { alertsSchema, metricsSchema } from './schemas/metrics.js';

/** Of Prometheus' text format. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricsOperations = Pick<Operations, 'metrics' | 'scrape' | 'alerts'>;

export function metricsRoutes(operations: MetricsOperations): Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      role: 'read',
      summary: 'Everything that Prometheus scrapes',
      answers: {
        200: { description: "Prometheus' text format.", content: { [PROMETHEUS_TYPE]: z.string() } },
      },
      problems: ['NOT_READY'],
      handler: async () => ({
        status: 200,
        body: await operations.scrape(),
        contentType: PROMETHEUS_TYPE,
      }),
    },
    {
      method: 'GET',
      path: '/api/metrics',
      role: 'read',
      summary: 'Figures of trading, of the process and of risk',
      answers: { 200: jsonAnswer('Since the start, where nothing else is said.', metricsSchema) },
      problems: ['NOT_READY'],
      handler: () => json(operations.metrics()),
    },
    {
      method: 'GET',
      path: '/api/alerts',
      role: 'read',
      summary: 'Alerts that fire, their newest changes, and how each receiver of them fares',
      answers: { 200: jsonAnswer('By the table in the runbook.', alertsSchema) },
      problems: ['NOT_READY'],
      handler: () => json(operations.alerts()),
    },
  ];
}
