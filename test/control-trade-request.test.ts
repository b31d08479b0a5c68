import { describe, expect, it } from 'vitest';
import { parseTradeRequest } from '../src/control/trade-request.js';
import { HotslotError } from '../src/errors/hotslot-error.js';

const DEFAULTS = { slippageBps: 100, deadlineMs: 30_000, validityBlocks: 150 };
const GOOD = {
  clientOrderId: 'order-1',
  inputMint: 'So11111111111111111111111111111111111111112',
  outputMint: '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr',
  amount: '1000',
  mode: 'exactIn',
};

function faultOf(body: unknown): { code: string; field: string | undefined } {
  try {
    parseTradeRequest(body, DEFAULTS);
  } catch (error) {
    if (error instanceof HotslotError) return { code: error.code, field: error.field };
  }
  throw new Error('it was taken');
}

describe('a trade request', () => {
  it('is taken with its defaults filled in', () => {
    expect(parseTradeRequest(GOOD, DEFAULTS)).toEqual({
      ...GOOD,
      amount: 1000n,
      slippageBps: 100,
      priority: 4,
      deadlineMs: 30_000,
      validityBlocks: 150,
      dryRun: false,
    });
  });

  it('takes amounts up to the last 64-bit number', () => {
    expect(parseTradeRequest({ ...GOOD, amount: '18446744073709551615' }, DEFAULTS).amount).toBe(
      2n ** 64n - 1n,
    );
  });

  it.each([
    ['no object', [], 'INTENT_MALFORMED', undefined],
    ['nothing', undefined, 'INTENT_MALFORMED', undefined],
    ['an unknown field', { ...GOOD, amont: '1' }, 'INTENT_UNKNOWN_FIELD', 'amont'],
    ['a missing field', { ...GOOD, amount: undefined }, 'INTENT_FIELD_MISSING', 'amount'],
    ['a negative amount', { ...GOOD, amount: '-5' }, 'INTENT_FIELD_INVALID', 'amount'],
    ['a fractional amount', { ...GOOD, amount: '1.5' }, 'INTENT_FIELD_INVALID', 'amount'],
    ['an amount that is a number', { ...GOOD, amount: 5 }, 'INTENT_FIELD_INVALID', 'amount'],
    ['no amount at all', { ...GOOD, amount: '0' }, 'INTENT_FIELD_INVALID', 'amount'],
    ['an amount past 64 bits', { ...GOOD, amount: '18446744073709551616' }, 'INTENT_FIELD_INVALID', 'amount'],
    ['slippage past all', { ...GOOD, slippageBps: 10_001 }, 'INTENT_FIELD_INVALID', 'slippageBps'],
    ['slippage below none', { ...GOOD, slippageBps: -1 }, 'INTENT_FIELD_INVALID', 'slippageBps'],
    ['a mint that is no address', { ...GOOD, inputMint: 'O0Il' }, 'INTENT_FIELD_INVALID', 'inputMint'],
    ['one mint for both', { ...GOOD, outputMint: GOOD.inputMint }, 'SAME_MINT', 'outputMint'],
    ['maxIn on exactIn', { ...GOOD, maxIn: '5' }, 'INTENT_FIELD_INVALID', 'maxIn'],
    [
      'a client order id with a blank',
      { ...GOOD, clientOrderId: 'a b' },
      'INTENT_FIELD_INVALID',
      'clientOrderId',
    ],
    [
      'more blocks of validity than there are',
      { ...GOOD, validityBlocks: 151 },
      'INTENT_FIELD_INVALID',
      'validityBlocks',
    ],
  ])('with %s is refused by code and field', (_name, body, code, field) => {
    expect(faultOf(body)).toEqual({ code, field });
  });
});
