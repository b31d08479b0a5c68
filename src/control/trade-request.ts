/** A trade as clients write it: checked field by field, every fault with a stable code and the field's name. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { schemaFault } from '../errors/schema-fault.js';
import { ADDRESS_PATTERN, asAddress, U64_MAX } from '../model/brands.js';
import type { TradeIntent } from '../model/trade-intent.js';
import { quickTradeIntent } from './quick-trade-request.js';
import {
  BASE_UNITS_PATTERN,
  CLIENT_ORDER_ID_PATTERN,
  DEFAULT_PRIORITY,
  type IntentDefaults,
  MAX_DEADLINE_MS,
  MAX_VALIDITY_BLOCKS,
  MAX_WALLET_LENGTH,
} from './trade-request-rules.js';

export type { IntentDefaults } from './trade-request-rules.js';

const base58Address = z.string().regex(ADDRESS_PATTERN, 'must be a base58 address').transform(asAddress);

const baseUnits = z
  .string('must be a decimal string of base units')
  .regex(BASE_UNITS_PATTERN, 'must be a decimal string of base units: digits only, no sign, no fraction')
  .transform((text) => BigInt(text))
  .refine((value) => value <= U64_MAX, 'must fit in 64 bits');

/** The request of `POST /api/trades`, of WebSocket submissions and of the library. */
export const tradeRequestSchema = z.strictObject({
  clientOrderId: z
    .string()
    .regex(CLIENT_ORDER_ID_PATTERN, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ : -')
    .describe("The client's idempotency key."),
  inputMint: base58Address.describe('Mint that is spent.'),
  outputMint: base58Address.describe('Mint that is received.'),
  amount: baseUnits.refine((value) => value > 0n, 'must be at least 1').describe('Base units, 1 to 2^64-1.'),
  mode: z.enum(['exactIn', 'exactOut']).describe('Which side `amount` fixes.'),
  slippageBps: z.int().min(0).max(10_000).optional().describe('Tolerance in basis points.'),
  minOut: baseUnits.optional().describe('exactIn only: least output in base units.'),
  maxIn: baseUnits.optional().describe('exactOut only: most input in base units.'),
  wallet: z.string().min(1).max(MAX_WALLET_LENGTH).optional().describe("A trading key's name or address."),
  pool: base58Address.optional().describe('Pool to trade on; the best quote decides otherwise.'),
  priority: z.int().min(0).max(9).optional().describe('9 goes first; default 4.'),
  deadlineMs: z
    .int()
    .min(1)
    .max(MAX_DEADLINE_MS)
    .optional()
    .describe('Milliseconds after acceptance past which nothing is signed.'),
  validityBlocks: z
    .int()
    .min(1)
    .max(MAX_VALIDITY_BLOCKS)
    .optional()
    .describe('Most blocks that an attempt may live.'),
  dryRun: z
    .boolean()
    .optional()
    .describe(
      'Everything but the send: judged by every limit of a real trade, in any grade of the kill switch.',
    ),
});

export type TradeRequest = z.input<typeof tradeRequestSchema>;

/**
 * @throws HotslotError INTENT_MALFORMED, INTENT_UNKNOWN_FIELD, INTENT_FIELD_MISSING, INTENT_FIELD_INVALID, SAME_MINT
 */
export function parseTradeRequest(body: unknown, defaults: IntentDefaults): TradeIntent {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new HotslotError('INTENT_MALFORMED');
  return quickTradeIntent(body, defaults) ?? parseBySchema(body, defaults);
}

/** The whole rule, and what is said of a request that breaks it. */
export function parseBySchema(body: object, defaults: IntentDefaults): TradeIntent {
  const parsed = tradeRequestSchema.safeParse(body, { error: schemaFault });
  if (!parsed.success) throw requestError(parsed.error.issues[0], body as { [name: string]: unknown });
  const request = parsed.data;
  if (request.inputMint === request.outputMint) throw new HotslotError('SAME_MINT', { field: 'outputMint' });
  if (request.mode === 'exactIn' && request.maxIn !== undefined) throw wrongMode('maxIn', 'exactOut');
  if (request.mode === 'exactOut' && request.minOut !== undefined) throw wrongMode('minOut', 'exactIn');
  const { slippageBps, priority, deadlineMs, validityBlocks, dryRun, ...rest } = request;
  return {
    ...definedOnly(rest),
    slippageBps: slippageBps ?? defaults.slippageBps,
    priority: priority ?? DEFAULT_PRIORITY,
    deadlineMs: deadlineMs ?? defaults.deadlineMs,
    validityBlocks: validityBlocks ?? defaults.validityBlocks,
    dryRun: dryRun ?? false,
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Leaves absent fields absent instead of undefined, so that the same request has the same fingerprint. */
function definedOnly<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function requestError(issue: z.core.$ZodIssue | undefined, body: { [name: string]: unknown }): HotslotError {
  if (issue === undefined) return new HotslotError('INTENT_MALFORMED');
  if (issue.code === 'unrecognized_keys') {
    const field = String(issue.keys[0]).slice(0, 64);
    return new HotslotError('INTENT_UNKNOWN_FIELD', { field });
  }
  const field = String(issue.path[0] ?? '');
  if (field === '') return new HotslotError('INTENT_MALFORMED');
  if (body[field] === undefined)
    return new HotslotError('INTENT_FIELD_MISSING', { field, detail: `\`${field}\` is missing.` });
  return new HotslotError('INTENT_FIELD_INVALID', { field, detail: `\`${field}\` ${issue.message}.` });
}

function wrongMode(field: string, mode: string): HotslotError {
  return new HotslotError('INTENT_FIELD_INVALID', { field, detail: `\`${field}\` belongs to mode ${mode}.` });
}
