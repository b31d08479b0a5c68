/** Health, readiness and the status page's body. */
import { z } from 'zod';
import { address, amount, count, epochMs, slot } from './common.js';
import { killSwitchSchema, queueSchema } from './risk.js';

const level = z.enum(['ok', 'warn', 'critical']);

const checks = z.array(
  z
    .object({
      name: z.string(),
      level,
      value: z.union([z.number(), z.string()]),
      unit: z.string().optional(),
      detail: z.string().optional(),
      sinceMs: epochMs().describe('Since when it has this level.'),
    })
    .meta({ id: 'HealthCheck' }),
);

export const healthSchema = z
  .object({ status: level.describe('The worst of the checks.'), checks })
  .meta({ id: 'Health' });

export const readinessSchema = z
  .object({ ready: z.boolean(), waitingFor: z.array(z.string()).describe('What is not fresh yet.') })
  .meta({ id: 'Readiness' });

export const liveSchema = z.object({ status: z.literal('ok') });

const blockhash = z.object({
  blockhash: z.string(),
  slot: slot(),
  blockHeight: count(),
  lastValidBlockHeight: count(),
});

const stream = z.object({
  name: z.string(),
  status: z.string(),
  ageMs: z.number().nullable().describe('Milliseconds since anything came; null before the first.'),
  lagSlots: z.number(),
  lagMs: z.number(),
  isAccountSource: z.boolean(),
  reconnects: count(),
});

const node = z.object({
  host: z.string(),
  meanMs: z.number(),
  failureShare: z.number().min(0).max(1),
  isFailing: z.boolean().describe('The last call failed.'),
  isForcedOpen: z.boolean().describe('Its breaker was opened by hand: it is not asked.'),
  calls: count(),
  lastOkAtMs: epochMs().optional(),
  lastError: z.string().optional(),
  lagSlots: z.number().optional(),
});

const pool = z.object({
  pool: address(),
  venue: z.string().optional(),
  mint0: address().optional(),
  mint1: address().optional(),
  decimals0: count().optional(),
  decimals1: count().optional(),
  slot: slot().optional(),
  ageSlots: z.number().nullable(),
  reserve0: amount(),
  reserve1: amount(),
  feeLevelMicroLamports: count().describe(
    'What others lately paid on it for a compute unit; 0 where that is not known or not asked.',
  ),
});

const trades = z.object({
  landed: count(),
  failed: count(),
  expired: count(),
  denied: count(),
  cancelled: count(),
  simulated: count(),
  live: count(),
  successRate: z.number().min(0).max(1).optional(),
});

export const concurrencyStatusSchema = z.object({
  mode: z.enum(['fixed', 'auto']),
  limit: count(),
  leastDelayUs: z.number().optional(),
});

const redis = z
  .object({
    executor: z.string().describe('The name of this executor among those on its Redis.'),
    connected: z.boolean(),
    sightAgeMs: z.number().nullable().describe('Since the shared kill switch was last seen; null before.'),
    sightLost: z.boolean().describe('See `ON_REDIS_LOSS`.'),
    eventsBuffered: count(),
    eventsDropped: count(),
  })
  .describe('Absent without REDIS_URL.');

/** What is there from the first moment; the rest comes with the chain. */
export const statusSchema = z
  .object({
    version: z.string(),
    pid: z.int(),
    startedAtMs: epochMs(),
    embedded: z.boolean(),
    liveTrading: z.boolean(),
    ready: readinessSchema,
    health: healthSchema,
    risk: z.object({ killSwitchActive: z.boolean(), killSwitch: killSwitchSchema }),
    redis: redis.optional(),
    chain: z
      .object({
        slot: slot(),
        confirmedSlot: slot(),
        finalizedSlot: slot(),
        blockHeight: count(),
        blockMs: z.number(),
        blockhash: blockhash.optional(),
      })
      .optional(),
    endpoints: z
      .object({
        yellowstone: z.array(z.string()),
        rpc: z.array(z.string()),
        jupiter: z.string().nullable().describe('Null where Jupiter is not asked.'),
        streams: z.array(stream),
        nodes: z.array(node),
      })
      .optional(),
    market: z.object({ pools: z.array(pool) }).optional(),
    wallets: z.array(z.object({ name: z.string(), address: address() })).optional(),
    trades: trades.optional(),
    queue: queueSchema.optional(),
    concurrency: concurrencyStatusSchema.optional(),
    journal: z.object({ faults: count(), recordCount: count() }).optional(),
  })
  .meta({ id: 'Status' });
