/**
 * The trade request as nearly every client writes it, read without the schema: the schema's pass over fifteen fields
 * costs 60 µs of a cold trade. What is not plainly right is left to the schema, which alone says what is wrong; a
 * property test holds the two together.
 */
import { ADDRESS_PATTERN, type Address, asAddress, U64_MAX } from '../model/brands.js';
import type { SwapMode, TradeIntent } from '../model/trade-intent.js';
import {
  BASE_UNITS_PATTERN,
  CLIENT_ORDER_ID_PATTERN,
  DEFAULT_PRIORITY,
  type IntentDefaults,
  MAX_DEADLINE_MS,
  MAX_VALIDITY_BLOCKS,
  MAX_WALLET_LENGTH,
} from './trade-request-rules.js';

/** Addresses that were checked before; forgotten all at once when there are this many. */
const MAX_KNOWN_ADDRESSES = 4_096;
const knownAddresses = new Map<string, Address>();

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** @returns undefined where the schema has to look at it */
export function quickTradeIntent(body: object, defaults: IntentDefaults): TradeIntent | undefined {
  const fields = body as { readonly [name: string]: unknown };
  const clientOrderId = fields.clientOrderId;
  const inputMint = addressOf(fields.inputMint);
  const outputMint = addressOf(fields.outputMint);
  const amount = baseUnitsOf(fields.amount);
  const mode = fields.mode;
  if (typeof clientOrderId !== 'string' || !CLIENT_ORDER_ID_PATTERN.test(clientOrderId)) return undefined;
  if (inputMint === undefined || outputMint === undefined || inputMint === outputMint) return undefined;
  if (amount === undefined || amount === 0n || (mode !== 'exactIn' && mode !== 'exactOut')) return undefined;
  const intent: Writable<TradeIntent> = {
    clientOrderId,
    inputMint,
    outputMint,
    amount,
    mode,
    slippageBps: defaults.slippageBps,
    priority: DEFAULT_PRIORITY,
    deadlineMs: defaults.deadlineMs,
    validityBlocks: defaults.validityBlocks,
    dryRun: false,
  };
  for (const name in fields) {
    if (!REQUIRED.has(name) && !takeOptional(intent, mode, name, fields[name])) return undefined;
  }
  return intent;
}

const REQUIRED: ReadonlySet<string> = new Set(['clientOrderId', 'inputMint', 'outputMint', 'amount', 'mode']);

/** @returns false where the field is unknown or its value is not plainly right */
function takeOptional(intent: Writable<TradeIntent>, mode: SwapMode, name: string, value: unknown): boolean {
  switch (name) {
    case 'slippageBps':
    case 'priority':
    case 'deadlineMs':
    case 'validityBlocks':
      if (!isInteger(value, RANGES[name])) return false;
      intent[name] = value;
      return true;
    case 'dryRun':
      if (typeof value !== 'boolean') return false;
      intent.dryRun = value;
      return true;
    case 'wallet':
      if (typeof value !== 'string' || value.length === 0 || value.length > MAX_WALLET_LENGTH) return false;
      intent.wallet = value;
      return true;
    case 'pool':
      return takeAddress(intent, value);
    case 'minOut':
    case 'maxIn':
      return mode === MODE_OF[name] && takeUnits(intent, name, value);
    default:
      return false;
  }
}

const RANGES = {
  slippageBps: [0, 10_000],
  priority: [0, 9],
  deadlineMs: [1, MAX_DEADLINE_MS],
  validityBlocks: [1, MAX_VALIDITY_BLOCKS],
} as const;

const MODE_OF = { minOut: 'exactIn', maxIn: 'exactOut' } as const;

function takeAddress(intent: Writable<TradeIntent>, value: unknown): boolean {
  const pool = addressOf(value);
  if (pool === undefined) return false;
  intent.pool = pool;
  return true;
}

function takeUnits(intent: Writable<TradeIntent>, name: 'minOut' | 'maxIn', value: unknown): boolean {
  const units = baseUnitsOf(value);
  if (units === undefined) return false;
  intent[name] = units;
  return true;
}

function isInteger(value: unknown, [least, most]: readonly [number, number]): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function baseUnitsOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !BASE_UNITS_PATTERN.test(value)) return undefined;
  const units = BigInt(value);
  return units <= U64_MAX ? units : undefined;
}

function addressOf(value: unknown): Address | undefined {
  if (typeof value !== 'string') return undefined;
  const known = knownAddresses.get(value);
  if (known !== undefined) return known;
  if (!ADDRESS_PATTERN.test(value)) return undefined;
  if (knownAddresses.size >= MAX_KNOWN_ADDRESSES) knownAddresses.clear();
  const address = asAddress(value);
  knownAddresses.set(value, address);
  return address;
}
