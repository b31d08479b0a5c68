/**
 * The one table of settings: name, schema, default, unit and meaning. Validation, `config show` and
 * docs/CONFIG.md all come from it.
 */
import { z } from 'zod';
import { ADDRESS_PATTERN, asAddress } from '../model/brands.js';

export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /** As it would be written in the environment; undefined means "absent". */
  readonly default: string | undefined;
  readonly describe: string;
  readonly group:
    | 'endpoints'
    | 'trading'
    | 'freshness'
    | 'risk'
    | 'control'
    | 'storage'
    | 'performance'
    | 'redis'
    | 'alerts';
  /** Never shown by `config show`, never logged. */
  readonly secret?: boolean;
}

const setting = <Schema extends z.ZodType>(
  group: Setting['group'],
  schema: Schema,
  fallback: string | undefined,
  describe: string,
  extra: { secret?: boolean } = {},
): Setting<Schema> => ({ schema, default: fallback, describe, group, ...extra });

/** A whole decimal number in a range, units in the setting's name. */
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** An http(s) URL. */
const isHttpUrl = (text: string) => /^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text);

const url = z.string().refine(isHttpUrl, 'must be an http(s) URL');

/** A decimal number in a range. */
const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}(\.\d{1,12})?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

const u64 = z
  .string()
  .regex(/^\d{1,20}$/, 'must be a whole number of base units')
  .transform((text) => BigInt(text))
  .refine((value) => value <= 0xffff_ffff_ffff_ffffn, 'must fit in 64 bits');

const boolean = z.enum(['true', 'false']).transform((text) => text === 'true');

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const urlList = list.pipe(z.array(z.string().refine(isHttpUrl, 'must be http(s) URLs, comma-separated')));

const endpointList = list.pipe(
  z.array(
    z.string().regex(/^(https?:\/\/)?[A-Za-z0-9.[\]:-]+:\d{1,5}$/, 'must be host:port, comma-separated'),
  ),
);

/** Only as a whole; a user name and a password in it are the reason why it is a secret. */
const redisUrl = z
  .string()
  .max(4096)
  .refine(
    (value) => /^rediss?:\/\//.test(value) && URL.canParse(value),
    'must be a redis:// or rediss:// URL',
  );

const addressList = list
  .pipe(z.array(z.string().regex(ADDRESS_PATTERN, 'must be base58 addresses')))
  .transform((texts) => texts.map(asAddress));

const text = z.string().min(1).max(4096);

/** What can stand in an Authorization header. */
const token = z.string().regex(/^[\x21-\x7e]{1,1024}$/, 'must be 1 to 1024 visible ASCII characters');

export const SETTINGS = {
  YELLOWSTONE_ENDPOINTS: setting(
    'endpoints',
    endpointList,
    '',
    'Yellowstone gRPC endpoints, `host:port` or URL, comma-separated. Empty starts the embedded cluster.',
  ),
  YELLOWSTONE_X_TOKEN: setting(
    'endpoints',
    text,
    undefined,
    'Token sent as `x-token` to every Yellowstone endpoint.',
    { secret: true },
  ),
  RPC_ENDPOINTS: setting(
    'endpoints',
    urlList,
    '',
    'JSON-RPC endpoints, comma-separated. Empty starts the embedded cluster.',
  ),
  POOLS: setting(
    'endpoints',
    addressList,
    '',
    'Addresses of the pools to keep hot. Empty on the embedded cluster means all of its pools.',
  ),
  LOOKUP_TABLES: setting(
    'endpoints',
    addressList,
    '',
    'Address lookup tables that shorten messages. The embedded cluster brings its own.',
  ),
  RPC_POOL_SIZE: setting(
    'endpoints',
    integer(1, 64),
    '4',
    'Kept-alive connections for sending, over all RPC endpoints. Where every one to an endpoint waits for an answer, one more is opened, up to four times as many.',
  ),
  RPC_TIMEOUT_MS: setting(
    'endpoints',
    integer(100, 60_000),
    '2000',
    'Milliseconds after which an RPC call counts as failed. A timeout is not a failure of the trade.',
  ),
  JUPITER_URL: setting(
    'endpoints',
    url,
    undefined,
    "What the paths of Jupiter's API follow. Default `https://api.jup.ag` once JUPITER_API_KEY is set, and the embedded cluster's own on it; else Jupiter is not asked.",
  ),
  JUPITER_API_KEY: setting(
    'endpoints',
    z
      .string()
      .max(4096)
      .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces'),
    undefined,
    'Sent to Jupiter as `x-api-key`.',
    { secret: true },
  ),
  JUPITER_API_VERSION: setting(
    'endpoints',
    z.enum(['v2', 'v1']),
    'v2',
    'Version of the swap API: `v2` asks `/swap/v2/order`, `v1` the older `/swap/v1/quote`.',
  ),
  JUPITER_TIMEOUT_MS: setting(
    'endpoints',
    integer(100, 60_000),
    '2000',
    'Milliseconds after which a question to Jupiter counts as failed; over half of it an answer counts as slow.',
  ),
  JUPITER_REQUESTS_PER_SECOND: setting(
    'endpoints',
    decimal(0.01, 1_000),
    '1',
    "Questions to Jupiter a second, prices and quotes together; your plan's limit. Without a key Jupiter allows 0.5.",
  ),
  JUPITER_PRICE_POLL_MS: setting(
    'endpoints',
    z.union([z.literal('0').transform(Number), integer(500, 3_600_000)]),
    '2000',
    "Milliseconds between rounds of asking for the prices of the pools' mints, one question for each 50 of them; 0 turns it off.",
  ),
  JUPITER_RECOVERY_MS: setting(
    'endpoints',
    integer(100, 3_600_000),
    '30000',
    'Milliseconds after which the open circuit breaker `jupiter` lets a question through again.',
  ),
  LOCALNET_ARGS: setting(
    'endpoints',
    z.string().max(4096),
    '',
    'Further arguments for the embedded cluster, as on its own command line.',
  ),

  MAX_CONCURRENT_TRADES: setting(
    'trading',
    z.union([z.literal('auto'), integer(1, 4096)]),
    '32',
    'Trades between signing and `processed` at once: a number, or `auto`.',
  ),
  MAX_QUEUED_TRADES: setting(
    'trading',
    integer(1, 1_000_000),
    '10000',
    'Trades that may wait; more are answered 429.',
  ),
  MAX_RECENT_TRADES: setting(
    'storage',
    integer(100, 1_000_000),
    '20000',
    'Ended trades kept in memory, about 4 KB each; older ones are read from the index.',
  ),
  DEFAULT_SLIPPAGE: setting(
    'trading',
    decimal(0, 100),
    '1',
    'Percent of slippage for intents that name none.',
  ),
  DEFAULT_DEADLINE_MS: setting(
    'trading',
    integer(100, 3_600_000),
    '30000',
    'Milliseconds after acceptance past which nothing is signed, for intents that name none.',
  ),
  DEFAULT_VALIDITY_BLOCKS: setting(
    'trading',
    integer(1, 150),
    '150',
    'Blocks that an attempt may live, for intents that name none.',
  ),
  MAX_ATTEMPTS: setting(
    'trading',
    integer(1, 10),
    '3',
    'Signed attempts a trade; each only after the proven end of the one before.',
  ),
  EXPIRY_COMMITMENT: setting(
    'trading',
    z.enum(['confirmed', 'finalized']),
    'finalized',
    'Commitment of the block that proves an expiry before a trade is signed anew. `confirmed` is sooner and takes a small risk of landing twice.',
  ),
  COMPUTE_UNIT_PRICE: setting(
    'trading',
    u64,
    '10000',
    'Priority fee in micro-lamports a compute unit: the least, where others lately paid more on the pool.',
  ),
  PRIORITY_FEE_PERCENTILE: setting(
    'trading',
    integer(0, 100),
    '75',
    'Of the last 20 blocks, each with the lowest price that landed on the pool, the percentile that is paid. 0: always `COMPUTE_UNIT_PRICE`, and no node is asked.',
  ),
  PRIORITY_FEE_POLL_MS: setting(
    'trading',
    integer(200, 60_000),
    '1000',
    'Milliseconds between rounds of asking a node for these prices, of at most 4 pools each, all in turn.',
  ),
  PRIORITY_FEE_RAISE_PERCENT: setting(
    'trading',
    integer(0, 1_000),
    '50',
    'Added to the price with each further attempt of a trade.',
  ),
  MAX_PRIORITY_FEE_LAMPORTS: setting(
    'trading',
    u64,
    '1000000',
    'Cap of the priority fee a transaction, in lamports.',
  ),
  COMPUTE_UNIT_LIMIT: setting(
    'trading',
    integer(1_000, 1_400_000),
    '120000',
    'Compute units requested for a swap.',
  ),
  LIVE_TRADING: setting(
    'trading',
    boolean,
    'false',
    'On real endpoints: `true` sends; otherwise everything but the send is done and trades end as `simulated`.',
  ),
  LOCK_SCOPE: setting(
    'trading',
    z.enum(['all', 'owned']),
    'all',
    '`all` locks what a quote reads (the pool) and what we own; `owned` only our own accounts, so that trades on one pool overlap.',
  ),
  LOCK_RELEASE: setting(
    'trading',
    z.enum(['sent', 'processed', 'confirmed']),
    'processed',
    'When a trade gives its locks back.',
  ),
  VENUE_LOCK_SLOTS: setting(
    'trading',
    integer(1, 150),
    '4',
    "Slots after the first send at which the venue's accounts are given back without news of the trade.",
  ),

  MAX_BLOCKHASH_AGE_SLOTS: setting(
    'freshness',
    integer(1, 150),
    '60',
    'Most slots that the blockhash may be behind the head when a trade is signed.',
  ),
  MAX_POOL_AGE_SLOTS: setting(
    'freshness',
    integer(1, 150),
    '4',
    'Most slots since the stream was last complete for the pool.',
  ),
  MAX_STREAM_AGE_MS: setting(
    'freshness',
    integer(100, 60_000),
    '1800',
    'Most milliseconds since anything last arrived on the stream.',
  ),
  STREAM_MAX_LAG_SLOTS: setting(
    'freshness',
    integer(1, 60),
    '2',
    'With several Yellowstone endpoints: slots that the one from which accounts are taken may be behind the first before another takes over.',
  ),

  KEYSTORE_PATH: setting(
    'storage',
    text,
    undefined,
    'Encrypted keystore. Default `keystore.json` in DATA_DIR on the embedded cluster.',
  ),
  KEYSTORE_PASSPHRASE_FILE: setting('storage', text, undefined, 'File that holds the passphrase, mode 0600.'),
  DATA_DIR: setting(
    'storage',
    text,
    'data',
    'Journal, history, kill switch and keystore. One executor a directory.',
  ),
  LOG_DIR: setting('storage', text, 'logs', 'Directory of trading.log.'),
  LOG_LEVEL: setting(
    'storage',
    z.enum(['debug', 'info', 'warn', 'error']),
    'info',
    'Least level that is logged.',
  ),
  LOG_KEEP_DAYS: setting('storage', integer(1, 3_650), '14', 'Days after which rolled logs are removed.'),
  LOG_KEEP_MB: setting(
    'storage',
    integer(8, 1_000_000),
    '1024',
    'Megabytes that rolled logs may take together; the oldest go first.',
  ),
  SHUTDOWN_DRAIN_MS: setting(
    'trading',
    integer(0, 15_000),
    '3000',
    'Milliseconds that SIGTERM gives trades that are out to be seen on the chain; what is not seen by then stays in the journal for the next start.',
  ),
  JOURNAL_SYNC: setting(
    'storage',
    z.enum(['os', 'always']),
    'os',
    '`always` waits for the disk before each send; `os` survives the process but not the machine.',
  ),
  RECORD_STREAM: setting(
    'storage',
    text,
    undefined,
    "File to which the first Yellowstone endpoint's raw stream is written, for `hotslot replay` and bug reports; it must not exist, and grows for as long as the executor runs.",
  ),

  CONTROL_HOST: setting(
    'control',
    text,
    '127.0.0.1',
    'Address of the control plane. Any but loopback requires API_TOKEN.',
  ),
  CONTROL_PORT: setting(
    'control',
    integer(0, 65_535),
    '3000',
    'Port of the control plane; 0 lets the system choose.',
  ),
  KESTRA_COMPAT_PORT: setting(
    'control',
    integer(0, 65_535),
    undefined,
    "Port of the runbook's two Kestra-shaped routes; 0 lets the system choose. On the embedded cluster 8080 is used where it is free.",
  ),
  CONTROL_MAX_REQUESTS_PER_SECOND: setting(
    'control',
    integer(1, 1_000_000),
    undefined,
    'Requests a second that one client address may ask of the control plane, and as many at once; more are answered 429, a stop never is. Default: 250000 on loopback, 2000 on any other CONTROL_HOST.',
  ),
  CONTROL_MAX_CONNECTIONS: setting(
    'control',
    integer(1, 100_000),
    '1024',
    'Connections that the control plane holds at once; more are closed as they come.',
  ),
  API_TOKEN: setting('control', token, undefined, 'Bearer token of an administrator.', { secret: true }),
  API_TOKEN_TRADE: setting('control', token, undefined, 'Bearer token that may read and trade.', {
    secret: true,
  }),
  API_TOKEN_READ: setting('control', token, undefined, 'Bearer token that may read.', { secret: true }),

  SIGNING: setting(
    'performance',
    z.enum(['auto', 'inline', 'pool']),
    'auto',
    'Where trades are signed: on the main thread, on workers, or by measured load.',
  ),
  WORKERS: setting(
    'performance',
    integer(1, 64),
    undefined,
    'Signing workers. Default: processors less one, at least 1.',
  ),
  KEEP_WARM_MS: setting(
    'performance',
    integer(0, 60_000),
    '5',
    'Milliseconds between runs of the hot path against a local sink while idle; 0 turns it off.',
  ),

  MAX_TRADE_QUOTE: setting(
    'risk',
    u64,
    undefined,
    'Most that one trade may spend, by its worth in base units of the quote mint.',
  ),
  MAX_SLIPPAGE_BPS: setting(
    'risk',
    integer(0, 10_000),
    '1000',
    'Most slippage that an intent may name, in basis points.',
  ),
  MAX_PRICE_IMPACT_BPS: setting(
    'risk',
    integer(0, 10_000),
    '1000',
    'Most price impact of a trade, in basis points.',
  ),
  MAX_POSITION_QUOTE: setting(
    'risk',
    u64,
    undefined,
    'Most worth held in any one mint but the quote mint over all wallets, the worst case of live trades counted.',
  ),
  MAX_CONCENTRATION_BPS: setting(
    'risk',
    integer(1, 10_000),
    undefined,
    'Most share of the whole portfolio in one mint, in basis points of value in the quote mint.',
  ),
  QUOTE_MINT: setting(
    'risk',
    z.string().regex(ADDRESS_PATTERN),
    'So11111111111111111111111111111111111111112',
    'Mint in which loss, drawdown and concentration are counted.',
  ),
  MAX_DAILY_LOSS_QUOTE: setting(
    'risk',
    u64,
    undefined,
    'Base units of the quote mint lost since UTC midnight at which the kill switch goes to `reduce`.',
  ),
  MAX_DRAWDOWN_QUOTE: setting(
    'risk',
    u64,
    undefined,
    "Base units of the quote mint below the day's peak at which the kill switch goes to `reduce`.",
  ),
  MAX_TRADES_PER_SECOND: setting(
    'risk',
    integer(1, 1_000_000),
    '5000',
    'Intents accepted a second; more are answered 429.',
  ),
  MAX_LIVE_TRADES_PER_WALLET: setting(
    'risk',
    integer(1, 100_000),
    '1000',
    'Accepted trades a wallet that have not ended.',
  ),
  MIN_WALLET_LAMPORTS: setting('risk', u64, '10000000', 'Lamports that a wallet keeps after fees and rent.'),
  MIN_SUCCESS_RATE: setting(
    'risk',
    decimal(0, 1),
    '0',
    'Share of the last 100 ended trades that must land, once there are 20; below it the kill switch goes to `drain`. 0 turns it off.',
  ),
  MAX_OUTAGE_MS: setting(
    'risk',
    integer(0, 3_600_000),
    '30000',
    'Milliseconds without stream or RPC after which the kill switch goes to `drain`. 0 turns it off.',
  ),
  MAX_REFERENCE_DEVIATION_BPS: setting(
    'risk',
    integer(1, 1_000_000),
    undefined,
    "Most that the pool's price may be off Jupiter's when a trade is accepted, in basis points of the lower one.",
  ),
  MAX_REFERENCE_AGE_MS: setting(
    'risk',
    integer(500, 3_600_000),
    '10000',
    "Milliseconds after which Jupiter's price counts as unknown for MAX_REFERENCE_DEVIATION_BPS.",
  ),
  REFERENCE_PRICE_REQUIRED: setting(
    'risk',
    boolean,
    'false',
    "With MAX_REFERENCE_DEVIATION_BPS: `true` denies what Jupiter's price is not known for; otherwise such a trade passes.",
  ),
  DENYLIST_FILE: setting(
    'risk',
    text,
    undefined,
    'File of mints, one a line, that may not be traded; read again when it changes. Default `denylist.txt` in DATA_DIR, where it is there.',
  ),
  ALLOWLIST_FILE: setting(
    'risk',
    text,
    undefined,
    'File of mints, one a line; when given, nothing else may be traded.',
  ),

  REDIS_URL: setting(
    'redis',
    redisUrl,
    undefined,
    'Redis for the price cache, the event stream and the kill switch that executors share: `redis://[user:password@]host:port[/db]`, `rediss://` with TLS. Empty: nothing needs Redis.',
    { secret: true },
  ),
  REDIS_PREFIX: setting(
    'redis',
    z.string().regex(/^[A-Za-z0-9:_-]{1,64}$/, 'must be letters, digits and `:_-`'),
    'aggregator:',
    'What every key and channel in Redis begins with. Executors with the same one share a kill switch.',
  ),
  ON_REDIS_LOSS: setting(
    'redis',
    z.enum(['reduce', 'continue']),
    'reduce',
    'What an executor does that has lost sight of the shared kill switch: `reduce` takes only trades that shrink a position until it sees the switch again, `continue` trades on.',
  ),

  ALERT_WEBHOOK_URLS: setting(
    'alerts',
    urlList,
    '',
    'URLs to which each alert is posted as signed JSON, comma-separated.',
    { secret: true },
  ),
  ALERT_WEBHOOK_SECRET: setting(
    'alerts',
    z.string().min(16, 'must have at least 16 characters').max(4096),
    undefined,
    'Key of the HMAC-SHA256 in `x-hotslot-signature`, over `x-hotslot-timestamp`, a full stop and the body.',
    { secret: true },
  ),
  ALERT_SLACK_URL: setting('alerts', url, undefined, 'Incoming webhook of Slack.', { secret: true }),
  ALERT_TELEGRAM_BOT_TOKEN: setting(
    'alerts',
    z.string().regex(/^\d{1,20}:[A-Za-z0-9_-]{8,128}$/, 'must be a bot token'),
    undefined,
    'Bot that sends alerts to ALERT_TELEGRAM_CHAT_ID.',
    { secret: true },
  ),
  ALERT_TELEGRAM_CHAT_ID: setting('alerts', text, undefined, 'Chat or `@channel` of Telegram.'),
  ALERT_TELEGRAM_API_URL: setting(
    'alerts',
    url,
    'https://api.telegram.org',
    "Telegram's bot API, or one of your own.",
  ),
  ALERT_TIMEOUT_MS: setting(
    'alerts',
    integer(100, 60_000),
    '5000',
    'Milliseconds after which one delivery of an alert counts as failed.',
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;
