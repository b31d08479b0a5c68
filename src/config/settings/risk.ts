/** What a trade, a wallet and a day may cost, and what trips the kill switch. */
import { z } from 'zod';
import { ADDRESS_PATTERN } from '../../model/brands.js';
import { boolean, decimal, integer, text, u64 } from './schemas.js';
import { setting } from './setting.js';

export const RISK = {
  MAX_TRADE_QUOTE: setting(
    u64,
    undefined,
    'Most that one trade may spend, by its worth in base units of the quote mint.',
  ),
  MAX_SLIPPAGE_BPS: setting(
    integer(0, 10_000),
    '1000',
    'Most slippage that an intent may name, in basis points.',
  ),
  MAX_PRICE_IMPACT_BPS: setting(integer(0, 10_000), '1000', 'Most price impact of a trade, in basis points.'),
  MAX_POSITION_QUOTE: setting(
    u64,
    undefined,
    'Most worth held in any one mint but the quote mint over all wallets, the worst case of live trades counted.',
  ),
  MAX_CONCENTRATION_BPS: setting(
    integer(1, 10_000),
    undefined,
    'Most share of the whole portfolio in one mint, in basis points of value in the quote mint.',
  ),
  QUOTE_MINT: setting(
    z.string().regex(ADDRESS_PATTERN, 'must be a base58 address'),
    'So11111111111111111111111111111111111111112',
    'Mint in which loss, drawdown and concentration are counted.',
  ),
  MAX_DAILY_LOSS_QUOTE: setting(
    u64,
    undefined,
    'Base units of the quote mint lost since UTC midnight at which the kill switch goes to `reduce`. While a traded mint that a pool of POOLS leads to has no price yet, a trade that shrinks no position is denied.',
  ),
  MAX_DRAWDOWN_QUOTE: setting(
    u64,
    undefined,
    'Base units of the quote mint below the highest profit so far, of all days, at which the kill switch goes to `reduce`. Without a price as with MAX_DAILY_LOSS_QUOTE.',
  ),
  MAX_TRADES_PER_SECOND: setting(
    integer(1, 1_000_000),
    '5000',
    'Intents accepted a second; more are answered 429.',
  ),
  MAX_LIVE_TRADES_PER_WALLET: setting(
    integer(1, 100_000),
    '1000',
    'Accepted trades a wallet that have not ended.',
  ),
  MIN_WALLET_LAMPORTS: setting(u64, '10000000', 'Lamports that a wallet keeps after fees and rent.'),
  MIN_SUCCESS_RATE: setting(
    decimal(0, 1),
    '0',
    'Share of the last 100 ended trades that must land, once there are 20; below it the kill switch goes to `drain`. Trades that were cancelled or stopped and then expire do not count. 0 turns it off.',
  ),
  MAX_OUTAGE_MS: setting(
    integer(0, 3_600_000),
    '30000',
    'Milliseconds without stream or RPC after which the kill switch goes to `drain`. 0 turns it off.',
  ),
  MAX_REFERENCE_DEVIATION_BPS: setting(
    integer(1, 1_000_000),
    undefined,
    "Most that the pool's price may be off Jupiter's when a trade is accepted, in basis points of the lower one.",
  ),
  MAX_REFERENCE_AGE_MS: setting(
    integer(500, 3_600_000),
    '10000',
    "Milliseconds after which Jupiter's price counts as unknown for MAX_REFERENCE_DEVIATION_BPS.",
  ),
  REFERENCE_PRICE_REQUIRED: setting(
    boolean,
    'false',
    "With MAX_REFERENCE_DEVIATION_BPS: `true` denies what Jupiter's price is not known for; otherwise such a trade passes.",
  ),
  DENYLIST_FILE: setting(
    text,
    undefined,
    'File of mints, one a line, that may not be traded; read again when it changes. Default `denylist.txt` in DATA_DIR, where it is there.',
  ),
  ALLOWLIST_FILE: setting(
    text,
    undefined,
    'File of mints, one a line; when given, nothing else may be traded.',
  ),
} as const;
