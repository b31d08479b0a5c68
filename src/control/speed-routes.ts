/** Routes for whoever measures: the latencies in HdrHistogram's formats, and CPU profiles. */
import { z } from 'zod';
import { SPANS, STAGES } from '../metrics/latency.js';
import { type Answer, json, type Request } from './http-exchange.js';
import type { Operations } from './operations.js';
import { parseBody, parseQuery } from './requests.js';
import { type AnswerDeclaration, jsonAnswer, type Route } from './route.js';
import { latencySchema, profileSchema } from './schemas/latency.js';

export const MAX_PROFILE_SECONDS = 60;
const DEFAULT_PROFILE_SECONDS = 10;
const DEFAULT_HISTOGRAM = 'intentToConfirmed';
const PLAIN = 'text/plain; charset=utf-8';

/** Names of the histograms that have a percentile file. */
export const PERCENTILE_NAMES = [...SPANS, ...STAGES.map(([name]) => name)] as const;
export type PercentileName = (typeof PERCENTILE_NAMES)[number];

const histogramQuery = z.object({
  histogram: z
    .enum(PERCENTILE_NAMES)
    .optional()
    .describe(`Which stage or span; default ${DEFAULT_HISTOGRAM}.`),
});

const profileRequestSchema = z.strictObject({
  seconds: z.number().min(0.1).max(MAX_PROFILE_SECONDS).optional().describe('Default 10.'),
});

const plainAnswer = (description: string): AnswerDeclaration => ({
  description,
  content: { [PLAIN]: z.string() },
});

export type SpeedOperations = Pick<Operations, 'latency' | 'latencyLog' | 'latencyPercentiles' | 'profile'>;

export function speedRoutes(operations: SpeedOperations): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/latency',
      role: 'read',
      summary: 'Quantiles of every stage and span',
      answers: { 200: jsonAnswer('Since the start.', latencySchema) },
      problems: ['NOT_READY'],
      handler: () => json(operations.latency()),
    },
    {
      method: 'GET',
      path: '/api/latency.hlog',
      role: 'read',
      summary: "Today's interval log of HdrHistogram",
      answers: { 200: plainAnswer('HdrHistogram log, version 1.3.') },
      problems: ['NOT_READY'],
      handler: async () => text(await operations.latencyLog()),
    },
    {
      method: 'GET',
      path: '/api/latency.hgrm',
      role: 'read',
      summary: 'One histogram as a percentile file of HdrHistogram, microseconds',
      request: { query: histogramQuery },
      answers: { 200: plainAnswer('Percentiles.') },
      problems: ['NOT_READY'],
      handler: (request) => text(operations.latencyPercentiles(histogramOf(request))),
    },
    {
      method: 'POST',
      path: '/api/profile',
      role: 'admin',
      summary: "Take a CPU profile of the trades' thread; the answer comes when it is over",
      request: { body: profileRequestSchema },
      answers: { 200: jsonAnswer("A profile in Chrome's format.", profileSchema) },
      problems: ['PROFILE_RUNNING', 'NOT_READY'],
      handler: async (request) => json(await operations.profile(durationOf(request))),
    },
  ];
}

function histogramOf({ query }: Request): PercentileName {
  return parseQuery(histogramQuery, query).histogram ?? DEFAULT_HISTOGRAM;
}

/** Milliseconds; an empty body is ten seconds. */
function durationOf({ body }: Request): number {
  return (parseBody(profileRequestSchema, body ?? {}).seconds ?? DEFAULT_PROFILE_SECONDS) * 1000;
}

const text = (body: string): Answer => ({ status: 200, body, contentType: PLAIN });
