/** The knobs of chaos with their ranges: one table for code, the admin route, scenario files and flags. */

export interface ChaosSettings {
  /** Sends answered as usual whose bytes never reach the leader. Rate 0–1, as every `…Rate` here. */
  readonly sendDropRate: number;
  /** Sends that reach the leader `sendDelayMs` later than the network delay says. */
  readonly sendDelayRate: number;
  readonly sendDelayMs: number;
  /** Sends whose bytes reach the leader twice. */
  readonly sendDuplicateRate: number;
  /** Sends answered with HTTP 429 and forgotten. */
  readonly send429Rate: number;
  /** Sends answered with HTTP 500. */
  readonly send500Rate: number;
  /** Sends that get no answer: the connection is closed after `sendTimeoutMs`. */
  readonly sendTimeoutRate: number;
  readonly sendTimeoutMs: number;
  /** Of these two, those whose bytes the node takes in all the same: it is only the answer that is lost. */
  readonly sendArrivesAnywayRate: number;
  /** Every JSON-RPC read is answered from the view of a node that is this many slots behind. */
  readonly readLagSlots: number;
  /** The same for getSignatureStatuses alone; the larger of the two counts there. */
  readonly statusLagSlots: number;
  /** Any JSON-RPC call but sendTransaction answered with HTTP 429. */
  readonly read429Rate: number;
  /** Any JSON-RPC call but sendTransaction answered with HTTP 500. */
  readonly read500Rate: number;
  /** Streams stay open and send nothing, pings included, and take nothing in, while true. */
  readonly streamFrozen: boolean;
  /** Each update leaves this much later than it would; order is kept. */
  readonly streamDelayMs: number;
  /** An update changes places with the next. */
  readonly streamReorderRate: number;
  /** An update is sent twice. */
  readonly streamDuplicateRate: number;
  /** An update is left out in silence. */
  readonly streamGapRate: number;
  /** Every stream is ended with UNAVAILABLE this often on average; drawn once a second. 0 = never. */
  readonly streamCutsPerMinute: number;
  /** Jupiter's answers: HTTP 500, HTTP 429 with a Retry-After, a body that is no JSON. */
  readonly jupiterErrorRate: number;
  readonly jupiter429Rate: number;
  readonly jupiterRetryAfterSeconds: number;
  readonly jupiterGarbageRate: number;
  /** Each of Jupiter's answers leaves this much later. */
  readonly jupiterDelayMs: number;
  /** Jupiter's prices are so much over those of the pools; USDC stays a dollar. */
  readonly jupiterPriceSkewBps: number;
}

export const NO_CHAOS: ChaosSettings = Object.freeze({
  sendDropRate: 0,
  sendDelayRate: 0,
  sendDelayMs: 0,
  sendDuplicateRate: 0,
  send429Rate: 0,
  send500Rate: 0,
  sendTimeoutRate: 0,
  sendTimeoutMs: 30_000,
  sendArrivesAnywayRate: 0.5,
  readLagSlots: 0,
  statusLagSlots: 0,
  read429Rate: 0,
  read500Rate: 0,
  streamFrozen: false,
  streamDelayMs: 0,
  streamReorderRate: 0,
  streamDuplicateRate: 0,
  streamGapRate: 0,
  streamCutsPerMinute: 0,
  jupiterErrorRate: 0,
  jupiter429Rate: 0,
  jupiterRetryAfterSeconds: 1,
  jupiterGarbageRate: 0,
  jupiterDelayMs: 0,
  jupiterPriceSkewBps: 0,
});

/** A node further behind than this would be taken out of service; the ledger keeps versions that far back. */
export const LAG_SLOTS_MAX = 150;
const DELAY_MS_MAX = 120_000;
const CUTS_PER_MINUTE_MAX = 60;
const RETRY_AFTER_SECONDS_MAX = 3_600;
const PRICE_SKEW_BPS_MAX = 10_000;

interface ChaosField {
  readonly type: 'rate' | 'number' | 'boolean';
  /** What is wrong with a value, as the end of a sentence that begins with the field's name. */
  readonly check: (value: unknown) => string | undefined;
}

const rate: ChaosField = {
  type: 'rate',
  check: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1',
};

const flag: ChaosField = {
  type: 'boolean',
  check: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
};

function upTo(max: number, integer: boolean): ChaosField {
  return {
    type: 'number',
    check: (value) =>
      typeof value === 'number' && value >= 0 && value <= max && (!integer || Number.isInteger(value))
        ? undefined
        : `must be ${integer ? 'a whole number' : 'a number'} from 0 to ${max}`,
  };
}

export const CHAOS_FIELDS: Readonly<Record<keyof ChaosSettings, ChaosField>> = {
  sendDropRate: rate,
  sendDelayRate: rate,
  sendDelayMs: upTo(DELAY_MS_MAX, false),
  sendDuplicateRate: rate,
  send429Rate: rate,
  send500Rate: rate,
  sendTimeoutRate: rate,
  sendTimeoutMs: upTo(DELAY_MS_MAX, false),
  sendArrivesAnywayRate: rate,
  readLagSlots: upTo(LAG_SLOTS_MAX, true),
  statusLagSlots: upTo(LAG_SLOTS_MAX, true),
  read429Rate: rate,
  read500Rate: rate,
  streamFrozen: flag,
  streamDelayMs: upTo(DELAY_MS_MAX, false),
  streamReorderRate: rate,
  streamDuplicateRate: rate,
  streamGapRate: rate,
  streamCutsPerMinute: upTo(CUTS_PER_MINUTE_MAX, false),
  jupiterErrorRate: rate,
  jupiter429Rate: rate,
  jupiterRetryAfterSeconds: upTo(RETRY_AFTER_SECONDS_MAX, true),
  jupiterGarbageRate: rate,
  jupiterDelayMs: upTo(DELAY_MS_MAX, false),
  jupiterPriceSkewBps: upTo(PRICE_SKEW_BPS_MAX, true),
};
