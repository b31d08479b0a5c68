/** What a mint costs, by Jupiter and by our own pools. */
import { z } from 'zod';
import { address, count, epochMs, slot } from './common.js';

export const priceSchema = z
  .object({
    mint: address(),
    reference: z
      .object({
        source: z.literal('jupiter'),
        usdPrice: z.number().describe('Dollars for a whole token.'),
        decimals: count(),
        slot: slot().nullable(),
        atMs: epochMs().describe('When it was heard.'),
        ageMs: z.number(),
      })
      .nullable()
      .describe('Null where Jupiter is not asked, gave no price, or none yet.'),
    pools: z.array(
      z.object({
        pool: address(),
        otherMint: address(),
        price: z
          .number()
          .nullable()
          .describe(
            'Whole tokens of the other mint for one, without fees; null while the pool is not loaded.',
          ),
        deviationBps: z
          .number()
          .nullable()
          .describe('How far the pool is off the reference prices of its two mints.'),
      }),
    ),
  })
  .meta({ id: 'Price' });

export const pricesSchema = z.object({ prices: z.array(priceSchema) });
