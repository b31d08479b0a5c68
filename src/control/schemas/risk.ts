/** The kill switch, the breakers and the queue as operators read them. */
import { z } from 'zod';
import { address, amount, count, epochMs, signedAmount, tradeId } from './common.js';
import { liveAttemptSchema } from './trade.js';

export const killSwitchSchema = z
  .object({
    active: z.boolean().describe('In any grade.'),
    grade: z.enum(['off', 'reduce', 'drain', 'stop']),
    reason: z.string(),
    sinceMs: epochMs().optional(),
  })
  .meta({ id: 'KillSwitch' });

/** While the executor starts, the lists are left out: the journal has not been read yet. */
export const killSwitchAnswerSchema = z.object({
  ...killSwitchSchema.shape,
  shared: z
    .boolean()
    .optional()
    .describe(
      'Whether Redis has it; when not, it is shared as soon as Redis is back. Absent without Redis, and during the start.',
    ),
  cancelled: z.array(tradeId()).optional().describe('Queued trades that it ended.'),
  mayStillLand: z.array(liveAttemptSchema).optional(),
});

export const breakersSchema = z.object({
  breakers: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['closed', 'open', 'halfOpen', 'forcedOpen']),
      failures: count(),
      openedAtMs: epochMs().optional(),
    }),
  ),
});

export const queueSchema = z
  .object({
    queued: count(),
    waitingForLocks: count(),
    waitingForSlot: count().describe('Have a clear way to their locks and wait for a concurrency slot.'),
    queuedByPriority: z.array(count()).describe('Index is the priority.'),
    running: count(),
    maxQueued: count(),
    maxConcurrent: count(),
    paused: z.string().optional(),
    oldestQueuedMs: z.number(),
  })
  .meta({ id: 'Queue' });

export const clearedSchema = z.object({ cancelled: z.array(tradeId()) });

export const concurrencySchema = z.object({ maxConcurrentTrades: z.union([z.literal('auto'), z.int()]) });

export const positionsSchema = z.object({
  positions: z.array(z.object({ wallet: address(), mint: address(), amount: amount() })),
  pnl: z.object({
    day: z.int().describe('Days since 1970, by UTC; the last one while the new one waits for prices.'),
    dailyQuote: signedAmount(),
    totalQuote: signedAmount(),
    drawdownQuote: signedAmount(),
    unpriced: z
      .array(address())
      .describe('Traded mints that nothing prices now; they count as worth nothing.'),
    awaited: z
      .array(address())
      .describe(
        'Those of unpriced that a pool of POOLS will price: until then the amounts are no measure of a loss.',
      ),
  }),
  quoteMint: address().describe('In whose base units the profit is.'),
});
