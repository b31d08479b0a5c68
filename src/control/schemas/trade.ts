/** Trades as clients read them. */
import { z } from 'zod';
import { TRADE_STATES } from '../../model/trade-state.js';
import { address, amount, count, epochMs, signature, slot, tradeId } from './common.js';

export const tradeStateSchema = z.enum(TRADE_STATES).meta({ id: 'TradeState' });

const intent = z.object({
  clientOrderId: z.string(),
  inputMint: address(),
  outputMint: address(),
  amount: amount(),
  mode: z.enum(['exactIn', 'exactOut']),
  slippageBps: count(),
  minOut: amount().optional(),
  maxIn: amount().optional(),
  wallet: z.string().optional(),
  pool: address().optional(),
  priority: count(),
  deadlineMs: z.number(),
  validityBlocks: count(),
  dryRun: z.boolean(),
});

const attempt = z.object({
  number: z.int().min(1),
  signature: signature(),
  blockhash: z.string(),
  lastValidBlockHeight: count(),
  signedSlot: slot(),
  signedAtMs: epochMs(),
  poolSlot: slot().describe('Slot of the pool state that it was quoted on.'),
  quotedIn: amount(),
  quotedOut: amount(),
  limit: amount().describe('In the instruction: least out (exactIn) or most in (exactOut).'),
  computeUnitLimit: count(),
  computeUnitPriceMicroLamports: amount(),
  sends: count().describe('How often these bytes were sent, over all lanes.'),
});

const stateChange = z.object({
  state: tradeStateSchema,
  atMs: epochMs().describe('When it happened.'),
  knownAtMs: epochMs().describe('When it was learned of.'),
  evidence: z
    .object({
      source: z.string(),
      slot: slot().optional(),
      commitment: z.enum(['processed', 'confirmed', 'finalized']).optional(),
      detail: z.string().optional(),
    })
    .describe('What the change rests on.'),
});

const STAGE_KEYS = [
  'validatedUs',
  'queuedUs',
  'lockedUs',
  'quotedUs',
  'builtUs',
  'signedUs',
  'journalledUs',
  'sentUs',
  'firstSeenUs',
  'processedUs',
  'confirmedUs',
  'finalizedUs',
] as const;

const stageTimes = z
  .object({
    receivedAtMs: epochMs(),
    ...(Object.fromEntries(STAGE_KEYS.map((key) => [key, z.number().optional()])) as {
      [Key in (typeof STAGE_KEYS)[number]]: z.ZodOptional<z.ZodNumber>;
    }),
  })
  .describe('Microseconds from receipt; absent where not reached.');

export const tradeSchema = z
  .object({
    id: tradeId(),
    state: tradeStateSchema,
    intent,
    wallet: address(),
    pool: address(),
    limit: amount().describe('Least out (exactIn) or most in (exactOut).'),
    acceptedQuote: z.object({ amountIn: amount(), amountOut: amount(), slot: slot() }),
    intentSlot: slot().describe('Head slot when the intent came.'),
    acceptedAtMs: epochMs(),
    deadlineAtMs: epochMs(),
    attempts: z.array(attempt),
    history: z.array(stateChange),
    timesUs: stageTimes,
    denial: z
      .object({
        code: z.string(),
        message: z.string(),
        field: z.string().optional(),
        context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
      })
      .optional(),
    outcome: z
      .object({
        slot: slot(),
        feeLamports: amount().optional(),
        spent: amount().optional(),
        received: amount().optional(),
        error: z.string().optional(),
        slotDelta: z.int(),
      })
      .optional()
      .describe('What the chain says, once landed.'),
  })
  .meta({ id: 'Trade' });

export const acceptedSchema = z.object({ id: tradeId(), state: tradeStateSchema });

export const tradeListSchema = z.object({
  trades: z.array(tradeSchema),
  next: tradeId()
    .optional()
    .describe('To be given as `before` for the page that follows; absent on the last.'),
});

const liveAttempt = z.object({ signature: signature(), lastValidBlockHeight: count() });

export const cancelSchema = z.object({
  id: tradeId(),
  state: tradeStateSchema,
  outcome: z
    .enum(['cancelled', 'noResends', 'over'])
    .describe('It was unsigned and is over; it is out and gets no more resends; it had ended before.'),
  mayStillLand: liveAttempt.optional(),
});

/** An attempt that is out and may still land. */
export const liveAttemptSchema = liveAttempt
  .extend({ tradeId: tradeId(), state: tradeStateSchema })
  .meta({ id: 'LiveAttempt' });
