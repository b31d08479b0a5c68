/** Figures and alerts. */
import { z } from 'zod';
import { count, epochMs, quantiles, signedAmount } from './common.js';
import { queueSchema } from './risk.js';
import { concurrencyStatusSchema } from './status.js';

const window = z
  .object({
    count: count(),
    mean: z.number(),
    p50: z.number(),
    p95: z.number(),
    p99: z.number(),
    max: z.number(),
  })
  .meta({ id: 'Window' });

const share = () => z.number().min(0).max(1);
const percent = () => z.number().min(0);

const trading = z.object({
  successRate: share()
    .nullable()
    .describe(
      'Of the last 50 signed trades that ended, those that were cancelled or stopped and expired left out; null before the first.',
    ),
  ratedTrades: count(),
  minRatedTrades: count().describe('With fewer the alert says nothing.'),
  intentToWireUs: quantiles,
  intentToConfirmedMs: quantiles,
  slotDelta: quantiles.describe('Landed slot minus the slot in which the intent came.'),
  slippageBps: z
    .object({
      allowed: window.describe('From the quote that was signed on to the limit.'),
      realised: window.describe('From the quote that was signed on to what the chain did.'),
      sinceAccepted: window.describe('From the quote at acceptance to what the chain did.'),
    })
    .describe(
      'Of the last 1,000 trades that landed and were not undone; what is worse than the quote is positive.',
    ),
  queue: queueSchema,
  concurrency: z.object({ ...concurrencyStatusSchema.shape, running: count() }),
  fees: z
    .object({
      transactions: count(),
      baseLamports: z.int(),
      priorityLamports: count(),
      tipLamports: count(),
      totalLamports: count(),
    })
    .describe('Of transactions that landed since the start and were not undone.'),
  trades: z.object({
    live: count(),
    landed: count(),
    byState: z.record(z.string(), count()).describe('Times that a trade reached the state.'),
    byErrorCode: z.record(z.string(), count()).describe('Denials by code, failures by on-chain error.'),
  }),
  throughput: z.object({
    windowSeconds: count(),
    acceptedPerSecond: z.number(),
    sentPerSecond: z.number(),
    confirmedPerSecond: z.number(),
  }),
});

const system = z.object({
  memory: z.object({
    heapPercent: percent().describe("Of the heap's limit."),
    rssPercent: percent().describe("Of the control group's memory, or the machine's."),
    heapUsedBytes: count(),
    rssBytes: count(),
  }),
  eventLoopLagMs: z
    .object({ p50: z.number(), p99: z.number(), max: z.number() })
    .describe('Over the last ten seconds.'),
  rpc: z.array(z.object({ host: z.string(), meanMs: z.number(), failureShare: share() })),
  rpcDownMs: z.number().describe('How long no RPC endpoint has answered.'),
});

const risk = z.object({
  killSwitchActive: z.boolean(),
  dailyQuote: signedAmount(),
  totalQuote: signedAmount(),
  drawdownQuote: signedAmount(),
});

export const metricsSchema = z.object({ atMs: epochMs(), trading, system, risk }).meta({ id: 'Metrics' });

const alert = z
  .object({
    name: z.string(),
    severity: z.enum(['critical', 'warning']),
    status: z.enum(['firing', 'resolved']),
    sinceMs: epochMs().describe('Since when it has this status.'),
    firedAtMs: epochMs().describe('When it began to fire.'),
    value: z.number(),
    threshold: z.number(),
    unit: z.string(),
    summary: z.string(),
  })
  .meta({ id: 'Alert' });

export const alertsSchema = z.object({
  firing: z.array(alert),
  recent: z.array(alert).describe('Changes, newest first; 100 at most.'),
  deliveries: z.array(
    z.object({
      target: z.string().describe('Webhooks by their host.'),
      waiting: count(),
      delivered: count(),
      lost: count().describe('Refused, tried in vain too often, or pushed out of the queue.'),
      breaker: z.enum(['closed', 'open']),
      fault: z.string().optional().describe('Of the newest attempt, where it failed.'),
    }),
  ),
});
