/** What the topics of `/ws` carry. Amounts are decimal strings in base units; every object is free of bigints. */
import { z } from 'zod';
import { SPANS, STAGES } from '../metrics/latency.js';
import { TRADE_STATES } from '../model/trade-state.js';

const baseUnits = z.string().regex(/^\d+$/);
const epochMs = z.number();

const evidence = z
  .object({
    source: z.string().describe('`stream:<endpoint>`, `rpc:<host>`, `local` or `journal`.'),
    slot: z.number().optional(),
    commitment: z.string().optional(),
    detail: z.string().optional(),
  })
  .describe('What the state rests on.');

export const TRADE_DATA = z
  .object({
    id: z.string(),
    clientOrderId: z.string(),
    state: z.enum(TRADE_STATES),
    evidence,
    inputMint: z.string(),
    outputMint: z.string(),
    amount: baseUnits,
    mode: z.enum(['exactIn', 'exactOut']),
    limit: baseUnits.describe('Least out (exactIn) or most in (exactOut).'),
    wallet: z.string(),
    pool: z.string(),
    priority: z.int(),
    dryRun: z.boolean(),
    intentSlot: z.number(),
    acceptedAtMs: epochMs,
    deadlineAtMs: epochMs,
    attempts: z.int().describe('Signed so far.'),
    signature: z.string().optional().describe("The newest attempt's."),
    lastValidBlockHeight: z.number().optional(),
    timesUs: z
      .record(z.string(), z.number())
      .describe(
        'Microseconds from receipt to the end of each stage; and `receivedAtMs`, epoch milliseconds.',
      ),
    denial: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }).optional(),
    outcome: z
      .object({
        slot: z.number(),
        slotDelta: z.number().describe('Landed slot minus the slot in which the intent came.'),
        feeLamports: baseUnits.optional(),
        spent: baseUnits.optional(),
        received: baseUnits.optional(),
        error: z.string().optional(),
      })
      .optional(),
  })
  .describe('A change of state, with all that is shown of the trade.');

export const TRADES_SNAPSHOT = z.object({
  trades: z.array(TRADE_DATA).describe('The newest, newest first.'),
});

export const SLOTS_DATA = z
  .object({
    slot: z.number().describe('Newest processed slot on the chosen fork.'),
    confirmedSlot: z.number(),
    finalizedSlot: z.number(),
    blockHeight: z.number().nullable().describe('At confirmed; null before the first block.'),
  })
  .describe('The newest slot of each commitment, whenever one of them moved.');

const quantiles = z.object({
  count: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
});

export const LATENCY_DATA = z
  .object({
    window: z
      .object({
        ms: z.number().describe('Its length.'),
        accepted: z.int(),
        sent: z.int(),
        landed: z.int().describe('Confirmed.'),
        failed: z.int().describe('Failed on chain or expired.'),
        denied: z.int(),
        intentToConfirmedUs: quantiles.describe('Of those that were confirmed in it.'),
        slotDelta: quantiles.describe('Of the same.'),
      })
      .describe('Since the event before.'),
    stagesUs: z
      .partialRecord(z.enum(STAGES.map(([name]) => name)), quantiles)
      .describe('Microseconds in each stage since the start, from the stage before.'),
    spansUs: z
      .partialRecord(z.enum(SPANS), quantiles)
      .describe('Microseconds from receipt, since the start.'),
    slotDelta: quantiles.describe('Landed slot minus the slot in which the intent came, since the start.'),
  })
  .describe('Once a second.');

export const QUEUE_DATA = z
  .object({
    queued: z.int(),
    waitingForLocks: z.int(),
    waitingForSlot: z.int(),
    queuedByPriority: z.array(z.int()).describe('The index is the priority.'),
    running: z.int(),
    maxQueued: z.int(),
    maxConcurrent: z.int(),
    paused: z.string().nullable().describe('Why nothing is started; null where it is.'),
    oldestQueuedMs: z.number(),
  })
  .describe('When changed, at most ten times a second.');

export const KILL_SWITCH_DATA = z.object({
  kind: z.literal('killSwitch'),
  active: z.boolean().describe('True in any grade.'),
  grade: z.enum(['off', 'drain', 'reduce', 'stop']),
  reason: z.string(),
  sinceMs: epochMs.nullable(),
});

export const BREAKER_DATA = z.object({
  kind: z.literal('breaker'),
  name: z.string(),
  state: z.enum(['closed', 'open', 'halfOpen', 'forcedOpen']),
  detail: z.string().optional().describe('The last error.'),
});

export const RAISED_DATA = z.object({
  kind: z.literal('alert'),
  name: z.string(),
  level: z.enum(['info', 'warn', 'critical']),
  state: z.enum(['raised', 'cleared']),
  message: z.string(),
  value: z.union([z.number(), z.string()]).optional(),
  threshold: z.number().optional(),
  unit: z.string().optional(),
  sinceMs: epochMs,
});

export const ALERT_DATA = z
  .discriminatedUnion('kind', [KILL_SWITCH_DATA, BREAKER_DATA, RAISED_DATA])
  .describe('A change of the kill switch, of a circuit breaker, or of an alert.');

export const ALERTS_SNAPSHOT = z.object({
  killSwitch: KILL_SWITCH_DATA.nullable(),
  breakers: z.array(BREAKER_DATA),
  alerts: z.array(RAISED_DATA).describe('Those that are raised.'),
});

export type TradeData = z.output<typeof TRADE_DATA>;
export type SlotsData = z.output<typeof SLOTS_DATA>;
export type LatencyData = z.output<typeof LATENCY_DATA>;
export type QueueData = z.output<typeof QUEUE_DATA>;
export type KillSwitchData = z.output<typeof KILL_SWITCH_DATA>;
export type BreakerData = z.output<typeof BREAKER_DATA>;
export type RaisedAlert = z.output<typeof RAISED_DATA>;
