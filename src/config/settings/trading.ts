/** How many trades run, how they are priced and ended. */
import { z } from 'zod';
import { boolean, decimal, integer, u64 } from './schemas.js';
import { setting } from './setting.js';

export const TRADING = {
  MAX_CONCURRENT_TRADES: setting(
    z.union([z.literal('auto'), integer(1, 4096)]),
    '32',
    'Trades between signing and `processed` at once: a number, or `auto`.',
  ),
  MAX_QUEUED_TRADES: setting(integer(1, 1_000_000), '10000', 'Trades that may wait; more are answered 429.'),
  DEFAULT_SLIPPAGE: setting(decimal(0, 100), '1', 'Percent of slippage for intents that name none.'),
  DEFAULT_DEADLINE_MS: setting(
    integer(100, 3_600_000),
    '30000',
    'Milliseconds after acceptance past which nothing is signed, for intents that name none.',
  ),
  DEFAULT_VALIDITY_BLOCKS: setting(
    integer(1, 150),
    '150',
    'Blocks that an attempt may live, for intents that name none.',
  ),
  MAX_ATTEMPTS: setting(
    integer(1, 10),
    '3',
    'Signed attempts a trade; each only after the proven end of the one before.',
  ),
  EXPIRY_COMMITMENT: setting(
    z.enum(['confirmed', 'finalized']),
    'finalized',
    'Commitment of the block that proves an expiry before a trade is signed anew. `confirmed` is sooner and takes a small risk of landing twice.',
  ),
  COMPUTE_UNIT_PRICE: setting(
    u64,
    '10000',
    'Priority fee in micro-lamports a compute unit: the least, where others lately paid more on the pool.',
  ),
  PRIORITY_FEE_PERCENTILE: setting(
    integer(0, 100),
    '75',
    'Of the last 20 blocks, each with the lowest price that landed on the pool, the percentile that is paid. 0: always `COMPUTE_UNIT_PRICE`, and no node is asked.',
  ),
  PRIORITY_FEE_POLL_MS: setting(
    integer(200, 60_000),
    '1000',
    'Milliseconds between rounds of asking a node for these prices, of at most 4 pools each, all in turn.',
  ),
  PRIORITY_FEE_RAISE_PERCENT: setting(
    integer(0, 1_000),
    '50',
    'Added to the price with each further attempt of a trade.',
  ),
  MAX_PRIORITY_FEE_LAMPORTS: setting(u64, '1000000', 'Cap of the priority fee a transaction, in lamports.'),
  COMPUTE_UNIT_LIMIT: setting(integer(1_000, 1_400_000), '120000', 'Compute units requested for a swap.'),
  LIVE_TRADING: setting(
    boolean,
    'false',
    'On real endpoints: `true` sends; otherwise everything but the send is done and trades end as `simulated`. What was sent before it was turned off is followed and not sent again.',
  ),
  LOCK_SCOPE: setting(
    z.enum(['all', 'owned']),
    'all',
    '`all` locks what a quote reads (the pool) and what we own; `owned` only our own accounts, so that trades on one pool overlap.',
  ),
  LOCK_RELEASE: setting(
    z.enum(['sent', 'processed', 'confirmed']),
    'processed',
    'When a trade gives its locks back.',
  ),
  VENUE_LOCK_SLOTS: setting(
    integer(1, 150),
    '4',
    "Slots after the first send at which the venue's accounts are given back without news of the trade.",
  ),
  SHUTDOWN_DRAIN_MS: setting(
    integer(0, 15_000),
    '3000',
    'Milliseconds that SIGTERM gives trades that are out to be seen on the chain; what is not seen by then stays in the journal for the next start.',
  ),
} as const;
