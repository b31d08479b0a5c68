/** Keys and accounts as maintenance reports them. */
import { z } from 'zod';
import { address, count, signature } from './common.js';

const wallet = { name: z.string(), address: address() };

export const keysSchema = z.object({
  keys: z.array(z.object({ ...wallet, state: z.enum(['active', 'retiring']), liveTrades: count() })),
});

export const keysReloadedSchema = z.object({
  added: z.array(z.object(wallet)),
  retiring: z.array(z.object(wallet)),
  ...keysSchema.shape,
});

export const accountsRestartedSchema = z.object({
  locks: z.object({ rebuilt: count(), strays: count(), held: count() }),
  accounts: z.object({
    tracked: count(),
    refetched: z.boolean().describe('False where the chain had not answered in time; it goes on by itself.'),
  }),
  liveAttempts: count(),
  strayAttempts: z.array(signature()).describe('Out by the journal, and unknown in memory.'),
});

export const slippageOverrideSchema = z.object({
  defaultSlippagePercent: z.number(),
  until: z.iso.datetime(),
});

const mintList = z
  .object({ path: z.string(), mints: count() })
  .nullable()
  .describe('Null where there is none.');

export const mintListsSchema = z.object({
  deny: mintList,
  allow: mintList,
  fault: z.string().nullable().describe('What is wrong with a file; its last good content stays in force.'),
});
