/**
 * A request is read without the schema where it is plainly right. The two must never differ: an intent that one of
 * them reads otherwise would be traded as nobody asked.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quickTradeIntent } from '../src/control/quick-trade-request.js';
import { parseBySchema } from '../src/control/trade-request.js';

const DEFAULTS = { slippageBps: 50, deadlineMs: 30_000, validityBlocks: 150 };
const RUNS = 3_000;

const SOL = 'So11111111111111111111111111111111111111112';
const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';

const address = fc.constantFrom(SOL, USDC, '11111111111111111111111111111111', '0OIl', SOL.slice(0, 31));
const units = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 65n }).map(String),
  fc.constantFrom('0', '00', '-1', '1.5', '1e3', '', ' 1', '18446744073709551615', '18446744073709551616'),
);
const integer = fc.oneof(
  fc.integer({ min: -1, max: 10_001 }),
  fc.constantFrom(0.5, Number.NaN, 3_600_000, 3_600_001, 150, 151, 2 ** 53, '1'),
);
const mistake = fc.constantFrom(null, true, 7, 'x', [], {});
const orMistake = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: mistake });

const request = fc.record(
  {
    clientOrderId: orMistake(fc.constantFrom('a', 'order-1', 'a'.repeat(64), 'a'.repeat(65), '', 'a b')),
    inputMint: orMistake(address),
    outputMint: orMistake(address),
    amount: orMistake(units),
    mode: orMistake(fc.constantFrom('exactIn', 'exactOut')),
    slippageBps: integer,
    minOut: units,
    maxIn: units,
    wallet: fc.constantFrom('trading-key-1', '', 'w'.repeat(64), 'w'.repeat(65)),
    pool: address,
    priority: fc.oneof(fc.integer({ min: 0, max: 9 }), integer),
    deadlineMs: integer,
    validityBlocks: integer,
    dryRun: fc.oneof(fc.boolean(), mistake),
    unknown: fc.constant(1),
  },
  { requiredKeys: ['clientOrderId', 'inputMint', 'outputMint', 'amount', 'mode'] },
);

function bySchema(body: object): unknown {
  try {
    return parseBySchema(body, DEFAULTS);
  } catch {
    return undefined;
  }
}

describe('a trade request read without the schema', () => {
  it('is what the schema reads, and nothing that it refuses', () => {
    fc.assert(
      fc.property(request, (body) => {
        const quick = quickTradeIntent(body, DEFAULTS);
        if (quick !== undefined) expect(quick).toEqual(bySchema(body));
      }),
      { numRuns: RUNS, seed: 1 },
    );
  });

  it('covers the requests that are right', () => {
    const least = { clientOrderId: 'a', inputMint: SOL, outputMint: USDC, amount: '5', mode: 'exactIn' };
    const most = { wallet: 'w', pool: SOL, priority: 9, deadlineMs: 1, validityBlocks: 1, dryRun: true };
    for (const body of [
      least,
      { ...least, ...most, slippageBps: 0, minOut: '0' },
      { ...least, mode: 'exactOut', maxIn: '18446744073709551615' },
    ]) {
      expect(quickTradeIntent(body, DEFAULTS)).toEqual(parseBySchema(body, DEFAULTS));
    }
  });

  it('does not take a field of the prototype for one of the request', () => {
    const body = { clientOrderId: 'a', inputMint: SOL, outputMint: USDC, amount: '5', mode: 'exactIn' };
    expect(quickTradeIntent({ ...body, constructor: 1 }, DEFAULTS)).toBeUndefined();
    expect(quickTradeIntent({ ...body, ['__proto__']: 1 }, DEFAULTS)).toBeUndefined();
  });
});
