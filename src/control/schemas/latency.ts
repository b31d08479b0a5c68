/** What whoever measures reads. */
import { z } from 'zod';
import { SPANS, STAGES } from '../../metrics/latency.js';
import { count, epochMs, quantiles } from './common.js';
import { concurrencyStatusSchema } from './status.js';

const eachOf = <Name extends string>(names: readonly Name[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, quantiles])) as { [N in Name]: typeof quantiles });

const NAMES = STAGES.map(([name]) => name);

export const latencyStagesSchema = z
  .object({ stagesUs: eachOf(NAMES).partial().describe('Microseconds in each stage that was reached.') })
  .meta({ id: 'LatencyStages' });

const byMember = z.record(
  z.string(),
  z.object({
    intentToWireNoWait: quantiles.optional(),
    intentToConfirmed: quantiles.optional(),
    ack: quantiles.optional(),
  }),
);

const signing = z.object({
  mode: z.enum(['auto', 'inline', 'pool']),
  lastLane: z.enum(['inline', 'pool']).optional(),
  inlineCount: count(),
  poolCount: count(),
  inlineUs: z.number(),
  hopUs: z.number(),
  loopDelayUs: z.number(),
  pool: z
    .object({
      workers: count(),
      alive: count(),
      inFlight: count(),
      busy: count(),
      restarts: count(),
      failedTasks: count(),
    })
    .optional(),
});

const keepWarm = z.object({
  periodMs: z.number(),
  runs: count(),
  skipped: count(),
  runUs: z.number(),
  cpuShare: z.number(),
});

export const latencySchema = z
  .object({
    stagesUs: eachOf(NAMES).describe('Microseconds in each stage.'),
    spansUs: eachOf(SPANS).describe('Microseconds from receipt.'),
    slotDelta: quantiles.describe('Landed slot minus the slot in which the intent came.'),
    by: z.object({ venue: byMember, lane: byMember, wallet: byMember }),
    signing,
    keepWarm: keepWarm.optional(),
    concurrency: concurrencyStatusSchema,
    loop: z.object({ meanUs: z.number(), p50Us: z.number(), p99Us: z.number(), maxUs: z.number() }),
  })
  .meta({ id: 'Latency' });

export const memorySchema = z.object({
  atMs: epochMs(),
  rss: count().describe('Bytes.'),
  heapTotal: count(),
  heapUsed: count(),
  external: count(),
  arrayBuffers: count(),
});

/** Chrome's own format, which changes with it: only what flame graphs are drawn from is promised. */
export const profileSchema = z.looseObject({
  nodes: z.array(z.looseObject({ id: z.int() })),
  startTime: z.number(),
  endTime: z.number(),
  samples: z.array(z.int()).optional(),
  timeDeltas: z.array(z.number()).optional(),
});
