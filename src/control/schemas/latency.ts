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

const micros = (meaning: string) => z.number().describe(`Microseconds, ${meaning}`);

const signing = z.object({
  mode: z.enum(['auto', 'inline', 'pool']).describe('SIGNING.'),
  lastLane: z
    .enum(['inline', 'pool'])
    .optional()
    .describe('Where the last attempt was signed: in place or on a worker.'),
  inlineCount: count().describe('Attempts signed in place since the start.'),
  poolCount: count().describe('Attempts given to the workers since the start.'),
  inlineUs: micros('moving average: a quote, build and signature in place.'),
  hopUs: micros('moving average: the way to a worker and back, probed every second.'),
  loopDelayUs: micros('moving average: how late the event loop runs.'),
  pool: z
    .object({
      workers: count(),
      alive: count().describe('Workers that take attempts.'),
      inFlight: count().describe('Attempts that wait for a worker or are with one.'),
      busy: count().describe('Workers in the middle of an attempt.'),
      restarts: count().describe('Workers that ended and were started again.'),
      failedTasks: count().describe('Attempts refused since two workers ended over them.'),
    })
    .optional(),
});

const keepWarm = z.object({
  periodMs: z.number().describe('KEEP_WARM_MS.'),
  runs: count(),
  skipped: count().describe('Turns left out: trades flow, the loop is late, the last run rests.'),
  runUs: micros('of the main thread a run, mean.'),
  cpuShare: z.number().describe('Of one processor since the start, 0 to 1.'),
});

export const latencySchema = z
  .object({
    stagesUs: eachOf(NAMES).describe('Microseconds in each stage.'),
    spansUs: eachOf(SPANS).describe('Microseconds from receipt.'),
    slotDelta: quantiles.describe('Landed slot minus the slot in which the intent came.'),
    by: z.object({ venue: byMember, lane: byMember, wallet: byMember }),
    signing: signing.describe('Where attempts are signed, and the numbers by which SIGNING=auto chooses.'),
    keepWarm: keepWarm.optional(),
    concurrency: concurrencyStatusSchema,
    loop: z
      .object({ meanUs: z.number(), p50Us: z.number(), p99Us: z.number(), maxUs: z.number() })
      .describe('How late the event loop of the trades runs, since the start.'),
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
