/** Where the chain is read and written, and Jupiter. */
import { z } from 'zod';
import { ADDRESS_PATTERN, asAddress } from '../../model/brands.js';
import { decimal, headerValue, integer, list, url, urlList } from './schemas.js';
import { setting } from './setting.js';

/** A form that a URL cannot have (a fourth number of 300, two colons) would end the process at its first connection. */
const isEndpoint = (text: string) =>
  /^(https?:\/\/)?[A-Za-z0-9.[\]:-]+:\d{1,5}$/.test(text) &&
  URL.canParse(/^https?:\/\//.test(text) ? text : `http://${text}`);

const endpointList = list.pipe(z.array(z.string().refine(isEndpoint, 'must be host:port, comma-separated')));

const addressList = list
  .pipe(z.array(z.string().regex(ADDRESS_PATTERN, 'must be base58 addresses')))
  .transform((texts) => texts.map(asAddress));

export const ENDPOINTS = {
  YELLOWSTONE_ENDPOINTS: setting(
    endpointList,
    '',
    'Yellowstone gRPC endpoints, `host:port` or URL, comma-separated. Empty starts the embedded cluster.',
  ),
  YELLOWSTONE_X_TOKEN: setting(
    headerValue,
    undefined,
    'Token sent as `x-token` to every Yellowstone endpoint.',
    {
      secret: true,
    },
  ),
  RPC_ENDPOINTS: setting(
    urlList,
    '',
    'JSON-RPC endpoints, comma-separated. Empty starts the embedded cluster. The second of one host and port, with another key, is shown as `host:port#2`.',
  ),
  POOLS: setting(
    addressList,
    '',
    'Addresses of the pools to keep hot. Empty on the embedded cluster means all of its pools.',
  ),
  LOOKUP_TABLES: setting(
    addressList,
    '',
    'Address lookup tables that shorten messages. The embedded cluster brings its own.',
  ),
  RPC_POOL_SIZE: setting(
    integer(1, 64),
    '4',
    'Kept-alive connections for sending, over all RPC endpoints. Where every one to an endpoint waits for an answer, one more is opened, up to 64 to each.',
  ),
  RPC_TIMEOUT_MS: setting(
    integer(100, 60_000),
    '2000',
    'Milliseconds after which an RPC call counts as failed. A timeout is not a failure of the trade.',
  ),
  JUPITER_URL: setting(
    url,
    undefined,
    "What the paths of Jupiter's API follow. Default `https://api.jup.ag` once JUPITER_API_KEY is set, and the embedded cluster's own on it; else Jupiter is not asked.",
  ),
  JUPITER_API_KEY: setting(headerValue, undefined, 'Sent to Jupiter as `x-api-key`.', { secret: true }),
  JUPITER_API_VERSION: setting(
    z.enum(['v2', 'v1']),
    'v2',
    'Version of the swap API: `v2` asks `/swap/v2/order`, `v1` the older `/swap/v1/quote`.',
  ),
  JUPITER_TIMEOUT_MS: setting(
    integer(100, 60_000),
    '2000',
    'Milliseconds after which a question to Jupiter counts as failed; over half of it an answer counts as slow.',
  ),
  JUPITER_REQUESTS_PER_SECOND: setting(
    decimal(0.01, 1_000),
    '1',
    "Questions to Jupiter a second, prices and quotes together; your plan's limit. Without a key Jupiter allows 0.5.",
  ),
  JUPITER_PRICE_POLL_MS: setting(
    z.union([z.literal('0').transform(Number), integer(500, 3_600_000)]),
    '2000',
    "Milliseconds between rounds of asking for the prices of the pools' mints, one question for each 50 of them; 0 turns it off.",
  ),
  JUPITER_RECOVERY_MS: setting(
    integer(100, 3_600_000),
    '30000',
    'Milliseconds after which the open circuit breaker `jupiter` lets a question through again.',
  ),
  LOCALNET_ARGS: setting(
    z.string().max(4096),
    '',
    'Further arguments for the embedded cluster, as on its own command line.',
  ),
} as const;
