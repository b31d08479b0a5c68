/** Parts that the answers share. Numbers of 64 bits are text, since JSON's numbers end at 2^53. */
import { z } from 'zod';
import { ADDRESS_PATTERN } from '../../model/brands.js';

export const address = () => z.string().regex(ADDRESS_PATTERN);
export const signature = () => z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{64,90}$/);
export const count = () => z.int().min(0);
export const slot = () => z.int().min(0).describe('Slot.');
export const epochMs = () => z.number().min(0).describe('Milliseconds since 1970.');
/** A whole number of base units as text. */
export const amount = () => z.string().regex(/^\d+$/).describe('Base units, decimal.');
/** One that may be below nothing. */
export const signedAmount = () =>
  z
    .string()
    .regex(/^-?\d+$/)
    .describe('Base units, decimal.');

export const tradeId = () => z.string().min(1).max(64).describe('Identity of a trade.');

/** A dimension's name in the path. */
export const pathName = (description: string) => z.string().min(1).max(64).describe(description);

/** A whole number in a query, which is text on the wire. */
export const queryInteger = (min: number, max: number, description: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be ${min} to ${max}`)
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined, description });

export const quantiles = z
  .object({
    count: count(),
    p50: z.number(),
    p90: z.number(),
    p95: z.number(),
    p99: z.number(),
    max: z.number(),
  })
  .meta({ id: 'Quantiles' });
