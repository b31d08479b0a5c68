/** `MAX_CONCURRENT_TRADES: Invalid input` once was all that a misspelt setting was told, and -1 that it is no number. */
import { expect, it } from 'vitest';
import { configFaults, loadConfig } from '../src/config/config.js';
import { concurrencyRequestSchema, killSwitchRequestSchema, parseBody } from '../src/control/requests.js';
import { parseTradeRequest } from '../src/control/trade-request.js';
import { parseClientFrame } from '../src/control/ws-protocol.js';
import { HotslotError } from '../src/errors/hotslot-error.js';

const thrown = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof HotslotError) return error.message;
  }
  throw new Error('it was taken');
};

it('says of a setting what it may be', () => {
  const faults = configFaults({
    MAX_CONCURRENT_TRADES: 'many',
    DEFAULT_SLIPPAGE: '-1',
    CONTROL_PORT: '99999',
    MAX_ATTEMPTS: '0',
    LIVE_TRADING: 'yes',
    LOCK_SCOPE: 'none',
    QUOTE_MINT: 'sol',
    LOCALNET_ARGS: 'x'.repeat(4_097),
  });
  expect(Object.fromEntries(faults.map(({ setting, problem }) => [setting, problem]))).toEqual({
    MAX_CONCURRENT_TRADES: 'must be auto or a whole number of 0 or more',
    DEFAULT_SLIPPAGE: 'must be a number of 0 or more, as 1.5',
    CONTROL_PORT: 'must be at most 65535',
    MAX_ATTEMPTS: 'must be at least 1',
    LIVE_TRADING: 'must be one of true, false',
    LOCK_SCOPE: 'must be one of all, owned',
    QUOTE_MINT: 'must be a base58 address',
    LOCALNET_ARGS: 'must have at most 4096 characters',
  });
  expect(thrown(() => loadConfig({ MAX_ATTEMPTS: '0' }))).toBe(
    'The configuration has faults.\n  MAX_ATTEMPTS: must be at least 1',
  );
});

it('says of a field what it may be', () => {
  const said = (body: unknown, schema: Parameters<typeof parseBody>[0]) =>
    thrown(() => parseBody(schema, body));
  expect(said({ value: 0 }, concurrencyRequestSchema)).toContain('`value` must be at least 1.');
  expect(said({ value: 'more' }, concurrencyRequestSchema)).toContain('`value` must be auto or a number.');
  expect(said({}, concurrencyRequestSchema)).toContain('`value` is missing.');
  expect(said({ grade: 'halt' }, killSwitchRequestSchema)).toContain(
    '`grade` must be one of stop, reduce, drain.',
  );
  const ofFrame = (frame: object) => thrown(() => parseClientFrame(frame));
  const topics = Array.from({ length: 6 }, () => 'trades');
  expect(ofFrame({ type: 'subscribe', topics: [] })).toContain('`topics` must not be empty.');
  expect(ofFrame({ type: 'subscribe', topics })).toContain('`topics` must have at most 5 entries.');
  expect(ofFrame({ type: 'submit', requestId: 'r1', trade: 5 })).toContain('`trade` must be an object.');
  const trade = {
    clientOrderId: 'order-1',
    inputMint: 'So11111111111111111111111111111111111111112',
    outputMint: '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr',
    amount: '1',
    mode: 'exactIn',
  };
  const defaults = { slippageBps: 100, deadlineMs: 30_000, validityBlocks: 150 };
  const ofTrade = (change: object) => thrown(() => parseTradeRequest({ ...trade, ...change }, defaults));
  expect(ofTrade({ slippageBps: '50' })).toContain('`slippageBps` must be a number.');
  expect(ofTrade({ slippageBps: 0.5 })).toContain('`slippageBps` must be a whole number.');
  expect(ofTrade({ priority: 10 })).toContain('`priority` must be at most 9.');
  expect(ofTrade({ dryRun: 'yes' })).toContain('`dryRun` must be true or false.');
  expect(ofTrade({ wallet: '' })).toContain('`wallet` must not be empty.');
});
