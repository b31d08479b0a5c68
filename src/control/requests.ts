/** Schemas of the control plane's other requests. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { schemaFault } from '../errors/schema-fault.js';

/** Characters of a reason that an operator gives. */
export const MAX_REASON_LENGTH = 500;

export const killSwitchRequestSchema = z.strictObject({
  active: z.boolean().optional().describe('`false` releases the switch and needs a reason.'),
  grade: z.enum(['stop', 'reduce', 'drain']).optional().describe('Default `stop`.'),
  reason: z.string().max(MAX_REASON_LENGTH).optional(),
  message: z.string().max(MAX_REASON_LENGTH).optional(),
});

export const breakerRequestSchema = z.strictObject({ reason: z.string().max(MAX_REASON_LENGTH).optional() });

export const concurrencyRequestSchema = z.strictObject({
  value: z
    .union([z.literal('auto'), z.int().min(1).max(4096)])
    .describe('Trades between signing and `processed` at once.'),
});

/** How long another default slippage counts where no duration is named. */
export const DEFAULT_SLIPPAGE_MINUTES = 15;
const MAX_SLIPPAGE_MINUTES = 1_440;

export const defaultSlippageRequestSchema = z.strictObject({
  percent: z.number().min(0).max(100).describe('Slippage of intents that name none.'),
  minutes: z
    .int()
    .min(1)
    .max(MAX_SLIPPAGE_MINUTES)
    .default(DEFAULT_SLIPPAGE_MINUTES)
    .describe('After them, and after a restart, `DEFAULT_SLIPPAGE` counts again.'),
});

/** Fields that the schema does not name are let be: proxies and monitors add their own. @throws HotslotError INTENT_FIELD_INVALID */
export function parseQuery<Schema extends z.ZodObject>(
  schema: Schema,
  query: URLSearchParams,
): z.output<Schema> {
  return parseBody(schema, Object.fromEntries(query));
}

/** @throws HotslotError INTENT_MALFORMED, INTENT_UNKNOWN_FIELD, INTENT_FIELD_INVALID */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body, { error: schemaFault });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined) throw new HotslotError('INTENT_MALFORMED');
  if (issue.code === 'unrecognized_keys') {
    throw new HotslotError('INTENT_UNKNOWN_FIELD', { field: String(issue.keys[0]).slice(0, 64) });
  }
  const field = String(issue.path[0] ?? '');
  if (field === '') throw new HotslotError('INTENT_MALFORMED');
  throw new HotslotError('INTENT_FIELD_INVALID', { field, detail: `\`${field}\` ${issue.message}.` });
}
