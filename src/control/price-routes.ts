/** Prices as Jupiter and our own pools have them. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { type Address, asAddress } from '../model/brands.js';
import { json } from './http-exchange.js';
import type { Operations } from './operations.js';
import { jsonAnswer, type Route } from './route.js';
import { address } from './schemas/common.js';
import { priceSchema, pricesSchema } from './schemas/prices.js';

export function priceRoutes(operations: Pick<Operations, 'prices' | 'price'>): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/prices',
      role: 'read',
      summary: "List the prices of the pools' mints, by Jupiter and by the pools",
      answers: { 200: jsonAnswer('The prices.', pricesSchema) },
      problems: ['NOT_READY'],
      handler: () => json({ prices: operations.prices() }),
    },
    {
      method: 'GET',
      path: '/api/prices/:mint',
      role: 'read',
      summary: 'Read the price of a mint, by Jupiter and by the pools that trade it',
      request: { parameters: z.object({ mint: address() }) },
      answers: { 200: jsonAnswer('The price.', priceSchema) },
      problems: ['INTENT_FIELD_INVALID', 'MINT_UNKNOWN', 'NOT_READY'],
      handler: (request) => json(operations.price(mintOf(request.parameters[0]))),
    },
  ];
}

function mintOf(text: string | undefined): Address {
  const parsed = address().safeParse(text);
  if (parsed.success) return asAddress(parsed.data);
  throw new HotslotError('INTENT_FIELD_INVALID', { field: 'mint', detail: 'It must be a base58 address.' });
}
