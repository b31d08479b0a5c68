/** What executors share by Redis. */
import { z } from 'zod';
import { setting } from './setting.js';

/** Only as a whole; a user name and a password in it are the reason why it is a secret. */
const redisUrl = z
  .string()
  .max(4096)
  .refine(
    (value) => /^rediss?:\/\//.test(value) && URL.canParse(value),
    'must be a redis:// or rediss:// URL',
  );

export const REDIS = {
  REDIS_URL: setting(
    redisUrl,
    undefined,
    'Redis for the price cache, the event stream and the kill switch that executors share: `redis://[user:password@]host:port[/db]`, `rediss://` with TLS. Empty: nothing needs Redis.',
    { secret: true },
  ),
  REDIS_PREFIX: setting(
    z.string().regex(/^[A-Za-z0-9:_-]{1,64}$/, 'must be letters, digits and `:_-`'),
    'aggregator:',
    'What every key and channel in Redis begins with. Executors with the same one share a kill switch.',
  ),
  ON_REDIS_LOSS: setting(
    z.enum(['reduce', 'continue']),
    'reduce',
    'What an executor does that has lost sight of the shared kill switch: `reduce` takes only trades that shrink a position until it sees the switch again, `continue` trades on.',
  ),
} as const;
