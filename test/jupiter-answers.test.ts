/** What comes from outside is believed only in the documented form, and only as the answer to what was asked. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPrices, readQuote, readRefusal } from '../src/jupiter/answers.js';
import { asAddress } from '../src/model/brands.js';

const SOL = asAddress('So11111111111111111111111111111111111111112');
const USDC = asAddress('EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v');
const QUESTION = { inputMint: SOL, outputMint: USDC, amountIn: 100_000_000n };
const RECEIVED = { receivedAtMs: 1_000, receivedUs: 2_000 };

/** In the form of the reference; fields that are not read here are there too. */
const ORDER = {
  mode: 'manual',
  inputMint: SOL,
  outputMint: USDC,
  inAmount: '100000000',
  outAmount: '14970000',
  inUsdValue: 15,
  outUsdValue: 14.97,
  priceImpact: -0.2,
  otherAmountThreshold: '14895150',
  swapMode: 'ExactIn',
  slippageBps: 50,
  priceImpactPct: '-0.002',
  routePlan: [
    {
      swapInfo: {
        ammKey: 'pool',
        label: 'Some Venue',
        inputMint: SOL,
        outputMint: USDC,
        inAmount: '100000000',
        outAmount: '14970000',
      },
      percent: 100,
      bps: 10_000,
    },
  ],
  feeBps: 0,
  router: 'iris',
  transaction: null,
  requestId: '0d1c',
};

describe('a quote', () => {
  it('is read in both versions, which say what is lost with opposite signs', () => {
    expect(readQuote(ORDER, QUESTION, 'v2', 1_000)).toEqual({
      ...QUESTION,
      amountOut: 14_970_000n,
      minOut: 14_895_150n,
      slippageBps: 50,
      priceImpact: 0.002,
      legs: [{ pool: 'pool', label: 'Some Venue', inputMint: SOL, outputMint: USDC }],
      receivedAtMs: 1_000,
    });
    const v1 = { ...ORDER, priceImpactPct: '0.002', contextSlot: 7, timeTaken: 0.01 };
    expect(readQuote(v1, QUESTION, 'v1', 1_000)?.priceImpact).toBe(0.002);
    expect(
      readQuote({ ...ORDER, priceImpactPct: undefined }, QUESTION, 'v2', 1_000)?.priceImpact,
    ).toBeUndefined();
  });

  it.each([
    ['another input', { inputMint: USDC }],
    ['another output', { outputMint: SOL }],
    ['another amount', { inAmount: '100000001' }],
    ['no output', { outAmount: undefined }],
    ['a negative output', { outAmount: '-1' }],
    ['an output that is a number', { outAmount: 14_970_000 }],
    ['too much slippage', { slippageBps: 10_001 }],
    ['a route of a thousand legs', { routePlan: Array.from({ length: 1_000 }, () => ORDER.routePlan[0]) }],
  ])('with %s is none', (_what, change) => {
    expect(readQuote({ ...ORDER, ...change }, QUESTION, 'v2', 1_000)).toBeUndefined();
  });
});

describe('prices', () => {
  it('are read by mint, without those that nobody asked for or that are null', () => {
    const body = {
      [SOL]: { usdPrice: 147.5, blockId: 348_004_023, decimals: 9, priceChange24h: 1.3, liquidity: 6e8 },
      [USDC]: null,
      another: { usdPrice: 1, decimals: 6 },
    };
    expect(readPrices(body, [SOL, USDC], RECEIVED)).toEqual([
      { mint: SOL, usdPrice: 147.5, decimals: 9, slot: 348_004_023, ...RECEIVED },
    ]);
    const odd = { ...body, [USDC]: { usdPrice: 'much' } };
    expect(readPrices(odd, [SOL, USDC], RECEIVED)?.map(({ mint }) => mint)).toEqual([SOL]);
    expect(readPrices({}, [SOL], RECEIVED)).toEqual([]);
  });

  it.each([0, -1, '150', Number.NaN, Number.POSITIVE_INFINITY])('of %s are none', (usdPrice) => {
    expect(readPrices({ [SOL]: { usdPrice, decimals: 9 } }, [SOL], RECEIVED)).toBeUndefined();
  });
});

describe('anything else', () => {
  it('is never believed, and never a fault of ours', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(readQuote(body, QUESTION, 'v2', 1_000)).toBeUndefined();
        for (const price of readPrices(body, [SOL], RECEIVED) ?? [])
          expect(price.usdPrice).toBeGreaterThan(0);
      }),
      { seed: 3, numRuns: 500 },
    );
    expect(readRefusal('{"error":"x","errorCode":"TOKEN_NOT_TRADABLE"}')).toBe('TOKEN_NOT_TRADABLE');
    for (const text of ['', '<html>', '{"errorCode":"<script>"}', '{"errorCode":7}', 'null']) {
      expect(readRefusal(text)).toBeUndefined();
    }
  });
});
