/** How old what a trade is signed on may be (L5). */
import { integer } from './schemas.js';
import { setting } from './setting.js';

export const FRESHNESS = {
  MAX_BLOCKHASH_AGE_SLOTS: setting(
    integer(1, 150),
    '60',
    'Most slots that the blockhash may be behind the head when a trade is signed.',
  ),
  MAX_POOL_AGE_SLOTS: setting(
    integer(1, 150),
    '4',
    'Most slots since the stream was last complete for the pool.',
  ),
  MAX_STREAM_AGE_MS: setting(
    integer(100, 60_000),
    '1800',
    'Most milliseconds since anything last arrived on the stream.',
  ),
  STREAM_MAX_LAG_SLOTS: setting(
    integer(1, 60),
    '2',
    'With several Yellowstone endpoints: slots that the one from which accounts are taken may be behind the first before another takes over.',
  ),
} as const;
