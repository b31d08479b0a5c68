/** Routes for whoever measures: the latencies in HdrHistogram's formats, and CPU profiles. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { SPANS, STAGES } from '../metrics/latency.js';
import type { Route } from './control-server.js';
import { type Answer, json, type Request } from './http-exchange.js';
import type { Operations } from './operations.js';

export const MAX_PROFILE_SECONDS = 60;
const DEFAULT_PROFILE_SECONDS = 10;
const DEFAULT_HISTOGRAM = 'intentToConfirmed';
const PLAIN = 'text/plain; charset=utf-8';

/** Names of the histograms that have a percentile file. */
export const PERCENTILE_NAMES = [...SPANS, ...STAGES.map(([name]) => name)] as const;
export type PercentileName = (typeof PERCENTILE_NAMES)[number];

const profileSchema = z.strictObject({
  seconds: z.number().min(0.1).max(MAX_PROFILE_SECONDS).optional(),
});

export type SpeedOperations = Pick<Operations, 'latencyLog' | 'latencyPercentiles' | 'profile'>;

export function speedRoutes(operations: SpeedOperations): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/latency.hlog',
      role: 'read',
      handler: async () => text(await operations.latencyLog()),
    },
    {
      method: 'GET',
      path: '/api/latency.hgrm',
      role: 'read',
      handler: (request) => text(operations.latencyPercentiles(histogramOf(request))),
    },
    {
      method: 'POST',
      path: '/api/profile',
      role: 'admin',
      handler: async (request) => json(await operations.profile(durationOf(request))),
    },
  ];
}

function histogramOf({ query }: Request): PercentileName {
  const asked = query.get('histogram') ?? DEFAULT_HISTOGRAM;
  const name = PERCENTILE_NAMES.find((one) => one === asked);
  if (name !== undefined) return name;
  throw new HotslotError('INTENT_FIELD_INVALID', {
    field: 'histogram',
    detail: `It must be one of ${PERCENTILE_NAMES.join(', ')}.`,
  });
}

/** Milliseconds; an empty body is ten seconds. */
function durationOf({ body }: Request): number {
  const parsed = profileSchema.safeParse(body ?? {});
  if (parsed.success) return (parsed.data.seconds ?? DEFAULT_PROFILE_SECONDS) * 1000;
  throw new HotslotError('INTENT_FIELD_INVALID', {
    field: 'seconds',
    detail: `It must be 0.1 to ${MAX_PROFILE_SECONDS}, and nothing else is taken.`,
  });
}

const text = (body: string): Answer => ({ status: 200, body, contentType: PLAIN });
