/** Routes for whoever measures: the latencies in HdrHistogram's formats, and CPU profiles. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { SPANS, STAGES } from '../metrics/latency.js';
import { DIMENSIONS } from '../metrics/latency-breakdown.js';
import { type Answer, json, type Request } from './http-exchange.js';
import type { Operations } from './operations.js';
import { preferredType } from './preferred-type.js';
import { parseBody, parseQuery } from './requests.js';
import { type AnswerDeclaration, JSON_TYPE, jsonAnswer, type Route } from './route.js';
import { latencySchema, latencyStagesSchema, profileSchema } from './schemas/latency.js';

export const MAX_PROFILE_SECONDS = 60;
const DEFAULT_PROFILE_SECONDS = 10;
const DEFAULT_HISTOGRAM = 'intentToConfirmed';
const PLAIN = 'text/plain; charset=utf-8';
const HLOG_TYPE = 'application/x-hlog';
const HGRM_TYPE = 'application/x-hgrm';

/** Names of the histograms that have a percentile file. */
export const PERCENTILE_NAMES = [...SPANS, ...STAGES.map(([name]) => name)] as const;
export type PercentileName = (typeof PERCENTILE_NAMES)[number];

const histogramQuery = z.object({
  histogram: z
    .enum(PERCENTILE_NAMES)
    .optional()
    .describe(`Which stage or span; default ${DEFAULT_HISTOGRAM}.`),
});

const stagesQuery = z.strictObject({
  of: z.enum(DIMENSIONS).describe('What kind of thing.'),
  name: z.string().min(1).max(256).describe('Which, as in `.by` of /api/latency.'),
});

const profileRequestSchema = z.strictObject({
  seconds: z.number().min(0.1).max(MAX_PROFILE_SECONDS).optional().describe('Default 10.'),
});

const plainAnswer = (description: string): AnswerDeclaration => ({
  description,
  content: { [PLAIN]: z.string() },
});

const LATENCY_ANSWER: AnswerDeclaration = {
  description: "Since the start; today's interval log; one histogram's percentiles in microseconds.",
  content: { [JSON_TYPE]: latencySchema, [HLOG_TYPE]: z.string(), [HGRM_TYPE]: z.string() },
};
const LATENCY_TYPES = Object.keys(LATENCY_ANSWER.content);

export type SpeedOperations = Pick<
  Operations,
  'latency' | 'latencyStages' | 'latencyNames' | 'latencyLog' | 'latencyPercentiles' | 'profile'
>;

export function speedRoutes(operations: SpeedOperations): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/latency',
      role: 'read',
      summary: 'Quantiles of every stage and span; by Accept also the files of HdrHistogram',
      request: { query: histogramQuery },
      answers: { 200: LATENCY_ANSWER },
      problems: ['NOT_READY'],
      handler: (request) => latencyAnswer(operations, request),
    },
    {
      method: 'GET',
      path: '/api/latency/stages',
      role: 'read',
      summary: 'Quantiles of every stage of one venue, lane or wallet',
      request: { query: stagesQuery },
      answers: {
        200: jsonAnswer(
          'Since the start. Stages of a lane are of the trades that landed.',
          latencyStagesSchema,
        ),
      },
      problems: ['INTENT_FIELD_INVALID', 'INTENT_UNKNOWN_FIELD', 'NOT_READY'],
      handler: (request) => json(stagesAnswer(operations, request)),
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

/** The files are one for a program that asks by type, and plain text for whoever asks by suffix. */
function latencyAnswer(operations: SpeedOperations, request: Request): Answer | Promise<Answer> {
  const type = preferredType(request.accept, LATENCY_TYPES);
  if (type === HLOG_TYPE) return operations.latencyLog().then((body) => text(body, HLOG_TYPE));
  if (type === HGRM_TYPE) return text(operations.latencyPercentiles(histogramOf(request)), HGRM_TYPE);
  return json(operations.latency());
}

function stagesAnswer(operations: SpeedOperations, { query }: Request): object {
  const { of, name } = parseQuery(stagesQuery, query);
  const stagesUs = operations.latencyStages(of, name);
  if (stagesUs !== undefined) return { stagesUs };
  const names = operations.latencyNames(of).join(', ');
  const detail = names === '' ? `No ${of} has traded yet.` : `\`name\` must be one of ${names}.`;
  throw new HotslotError('INTENT_FIELD_INVALID', { field: 'name', detail });
}

function histogramOf({ query }: Request): PercentileName {
  return parseQuery(histogramQuery, query).histogram ?? DEFAULT_HISTOGRAM;
}

/** Milliseconds; an empty body is ten seconds. */
function durationOf({ body }: Request): number {
  return (parseBody(profileRequestSchema, body ?? {}).seconds ?? DEFAULT_PROFILE_SECONDS) * 1000;
}

const text = (body: string, contentType = PLAIN): Answer => ({ status: 200, body, contentType });
