/**
 * Every coded error of Hotslot, in one append-only table: a code is never renamed, renumbered or reused.
 * Ranges: 1xxx validation, 2xxx risk and kill switch, 3xxx scheduling, 4xxx market and freshness, 5xxx
 * threads and signing, 6xxx journal and storage, 7xxx sending and confirming, 8xxx configuration and
 * process, 9xxx control plane. `http` is the status of an answer that carries the code.
 */
export const ERROR_CODES = {
  INTENT_MALFORMED: {
    number: 1001,
    http: 400,
    message: 'The request is not a JSON object of the documented form.',
  },
  INTENT_UNKNOWN_FIELD: {
    number: 1002,
    http: 400,
    message: 'The request has a field that is not documented.',
  },
  INTENT_FIELD_INVALID: {
    number: 1003,
    http: 400,
    message: 'A field has a value outside its documented range.',
  },
  INTENT_FIELD_MISSING: { number: 1004, http: 400, message: 'A required field is missing.' },
  MINT_UNKNOWN: { number: 1005, http: 422, message: 'No configured pool trades this mint.' },
  POOL_UNKNOWN: {
    number: 1006,
    http: 422,
    message: 'The pool is not configured, or does not trade this pair.',
  },
  WALLET_UNKNOWN: { number: 1007, http: 422, message: 'No trading key has this name or address.' },
  CLIENT_ORDER_ID_REUSED: {
    number: 1008,
    http: 409,
    message: 'The client order id was used before for another trade.',
  },
  BODY_TOO_LARGE: { number: 1009, http: 413, message: 'The request body is over the limit.' },
  SAME_MINT: { number: 1010, http: 400, message: 'Input and output mint are the same.' },
  ADDRESS_INVALID: { number: 1011, http: 400, message: 'This is no address.' },

  KILL_SWITCH_ACTIVE: { number: 2001, http: 403, message: 'The kill switch is active.' },
  RISK_LIMIT: { number: 2002, http: 422, message: 'A risk limit would be exceeded.' },
  MINT_DENIED: { number: 2003, http: 422, message: 'The mint is on the denylist, or not on the allowlist.' },
  INSUFFICIENT_FUNDS: {
    number: 2004,
    http: 422,
    message: 'No permitted wallet holds enough for the trade, its fees and rent.',
  },
  LIVE_TRADING_OFF: { number: 2005, http: 403, message: 'Live trading is off.' },
  RATE_LIMITED: { number: 2006, http: 429, message: 'More trades a second than the limit allows.' },
  REFERENCE_DEVIATION: {
    number: 2007,
    http: 422,
    message: "The pool's price is further off the reference price than the limit allows.",
  },
  REFERENCE_UNKNOWN: {
    number: 2008,
    http: 503,
    message: 'There is no reference price that is new enough.',
  },
  SWITCH_UNREADABLE: {
    number: 2009,
    http: 503,
    message: 'The shared kill switch is not of the documented form.',
  },

  QUEUE_FULL: { number: 3001, http: 429, message: 'The trade queue is full.' },
  DEADLINE_PASSED: { number: 3002, http: 408, message: 'The deadline passed before the trade was signed.' },
  CANCELLED: { number: 3003, http: 409, message: 'The trade was cancelled before it was signed.' },
  SHUTTING_DOWN: { number: 3004, http: 503, message: 'The executor is shutting down.' },
  RECONCILING: {
    number: 3005,
    http: 503,
    message: 'The wallet is reserved until its earlier trades are settled.',
  },

  POOL_STALE: { number: 4001, http: 503, message: 'The pool is older than its configured age.' },
  BLOCKHASH_STALE: {
    number: 4002,
    http: 503,
    message: 'The newest usable blockhash is older than its configured age.',
  },
  STREAM_STALE: { number: 4003, http: 503, message: 'The stream is older than its configured age.' },
  LIMIT_NOT_MET: {
    number: 4004,
    http: 422,
    message: 'The newest quote does not meet the limit of the intent.',
  },
  INSUFFICIENT_LIQUIDITY: { number: 4005, http: 422, message: 'The pool cannot fill the amount.' },
  POOL_DISABLED: { number: 4006, http: 422, message: 'The pool has swaps disabled or has not opened.' },
  POOL_NOT_READY: { number: 4007, http: 503, message: 'The pool has not been loaded whole yet.' },
  PRICE_IMPACT: { number: 4008, http: 422, message: 'The price impact is over the limit.' },

  WORKER_FAILED: { number: 5001, http: 500, message: 'The signing worker failed.' },
  TRANSACTION_TOO_LARGE: { number: 5002, http: 422, message: 'The transaction would be over 1232 bytes.' },
  TOO_MANY_ACCOUNTS: {
    number: 5003,
    http: 422,
    message: 'The transaction would lock more accounts than allowed.',
  },
  KEY_LOCKED: { number: 5004, http: 503, message: 'The signing key is not loaded.' },
  ROUTE_UNKNOWN: { number: 5005, http: 500, message: 'No message was prepared for this route.' },

  JOURNAL_UNWRITABLE: {
    number: 6001,
    http: 503,
    message: 'The journal cannot be written; nothing new is accepted.',
  },
  JOURNAL_CORRUPT: { number: 6002, http: 503, message: 'The journal has a record that cannot be read.' },
  DATA_DIR_HELD: { number: 6003, http: 503, message: 'Another executor holds this data directory.' },
  KEYSTORE_INVALID: { number: 6004, http: 500, message: 'The keystore cannot be used.' },
  KEY_UNKNOWN: { number: 6005, http: 404, message: 'The keystore has no key of this name.' },
  KEY_EXISTS: { number: 6006, http: 409, message: 'The keystore has this name or this key already.' },
  KEY_NAME_INVALID: {
    number: 6007,
    http: 400,
    message: 'A key is named by at most 63 lower-case letters, digits and hyphens.',
  },
  KEYPAIR_FILE_INVALID: { number: 6008, http: 400, message: 'The keypair file cannot be used.' },

  SEND_REFUSED: { number: 7001, http: 502, message: 'Every endpoint refused the transaction.' },
  RPC_FAILED: { number: 7002, http: 502, message: 'The RPC endpoint failed.' },
  RPC_TIMEOUT: { number: 7003, http: 504, message: 'The RPC endpoint did not answer in time.' },
  STREAM_FAILED: { number: 7004, http: 502, message: 'The Yellowstone stream failed.' },
  BREAKER_OPEN: { number: 7005, http: 503, message: 'The circuit breaker is open.' },
  TRANSACTION_FAILED: { number: 7006, http: 422, message: 'The transaction landed with an error.' },
  JUPITER_FAILED: { number: 7007, http: 502, message: 'Jupiter failed.' },
  JUPITER_TIMEOUT: { number: 7008, http: 504, message: 'Jupiter did not answer in time.' },
  JUPITER_RATE_LIMITED: { number: 7009, http: 503, message: 'The rate limit of Jupiter is reached.' },
  JUPITER_NO_ROUTE: { number: 7010, http: 422, message: 'Jupiter has no route for this.' },
  REDIS_FAILED: { number: 7011, http: 502, message: 'Redis failed, or did not answer in time.' },

  CONFIG_INVALID: { number: 8001, http: 500, message: 'The configuration has faults.' },
  PORT_TAKEN: { number: 8002, http: 500, message: 'A port is taken.' },
  LOCALNET_FAILED: { number: 8003, http: 500, message: 'The embedded cluster could not be started.' },
  NODE_UNSUPPORTED: { number: 8004, http: 500, message: 'This Node.js cannot run the executor here.' },

  NOT_FOUND: { number: 9001, http: 404, message: 'There is nothing at this address.' },
  METHOD_NOT_ALLOWED: { number: 9002, http: 405, message: 'The route does not take this method.' },
  UNAUTHENTICATED: { number: 9003, http: 401, message: 'A bearer token is required.' },
  FORBIDDEN: { number: 9004, http: 403, message: 'The token does not allow this.' },
  ORIGIN_REFUSED: { number: 9005, http: 403, message: 'The request comes from another origin.' },
  TRADE_UNKNOWN: { number: 9006, http: 404, message: 'No trade has this id.' },
  NOT_READY: { number: 9007, http: 503, message: 'The executor is not ready.' },
  TOO_MANY_CONNECTIONS: { number: 9008, http: 429, message: 'The connection limit is reached.' },
  BREAKER_UNKNOWN: { number: 9009, http: 404, message: 'No circuit breaker has this name.' },
  PROFILE_RUNNING: { number: 9010, http: 409, message: 'A profile is being taken.' },
  TOO_MANY_REQUESTS: { number: 9011, http: 429, message: 'More requests a second than the limit allows.' },
  HEAD_TOO_LARGE: { number: 9012, http: 431, message: 'The address or the headers are over the limit.' },
} as const satisfies {
  readonly [code: string]: { readonly number: number; readonly http: number; readonly message: string };
};

export type ErrorCode = keyof typeof ERROR_CODES;
