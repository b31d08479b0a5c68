/**
 * The forms of Jupiter's answers, the fields that are read here. Sources: its published reference for `GET
 * /swap/v2/order`, `GET /swap/v1/quote` and `GET /price/v3`.
 */
import { z } from 'zod';
import { type Address, asAddress } from '../model/brands.js';
import type { JupiterApiVersion, JupiterPrice, JupiterQuestion, JupiterQuote } from './types.js';

/** More legs than any transaction has room for. */
const MAX_LEGS = 64;

const amount = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt);
const fraction = z.union([z.number(), z.string().max(64)]).nullish();

const quoteSchema = z.object({
  inputMint: z.string(),
  outputMint: z.string(),
  inAmount: amount,
  outAmount: amount,
  otherAmountThreshold: amount,
  slippageBps: z.number().int().min(0).max(10_000),
  priceImpactPct: fraction,
  routePlan: z
    .array(
      z.object({
        swapInfo: z.object({
          ammKey: z.string().max(64),
          label: z.string().max(64).nullish(),
          inputMint: z.string().max(64),
          outputMint: z.string().max(64),
        }),
      }),
    )
    .max(MAX_LEGS),
});

const pricesSchema = z.record(z.string(), z.unknown());

const priceSchema = z.object({
  usdPrice: z.number().positive(),
  decimals: z.number().int().min(0).max(255),
  blockId: z.number().int().min(0).nullish(),
});

const refusalSchema = z.object({ errorCode: z.string().regex(/^[A-Z0-9_]{1,64}$/) });

/** Undefined where the answer has another form, or answers another question. */
export function readQuote(
  body: unknown,
  question: JupiterQuestion,
  version: JupiterApiVersion,
  receivedAtMs: number,
): JupiterQuote | undefined {
  const parsed = quoteSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const { inputMint, outputMint, inAmount, outAmount, otherAmountThreshold, slippageBps } = parsed.data;
  const isOurs =
    inputMint === question.inputMint && outputMint === question.outputMint && inAmount === question.amountIn;
  if (!isOurs) return undefined;
  return {
    inputMint: question.inputMint,
    outputMint: question.outputMint,
    amountIn: inAmount,
    amountOut: outAmount,
    minOut: otherAmountThreshold,
    slippageBps,
    priceImpact: impactOf(parsed.data.priceImpactPct, version),
    legs: parsed.data.routePlan.map(({ swapInfo }) => ({
      pool: swapInfo.ammKey,
      label: swapInfo.label ?? '',
      inputMint: swapInfo.inputMint,
      outputMint: swapInfo.outputMint,
    })),
    receivedAtMs,
  };
}

/** v1 says what is lost as a positive number, v2 as a negative one. */
function impactOf(said: string | number | null | undefined, version: JupiterApiVersion): number | undefined {
  const value = said === null || said === undefined || said === '' ? Number.NaN : Number(said);
  if (!Number.isFinite(value)) return undefined;
  return version === 'v1' || value === 0 ? value : -value;
}

/**
 * Of the mints that were asked for, those that have a price: one odd entry does not cost us the others. Undefined where
 * the answer has another form, or no entry of it has the right one.
 */
export function readPrices(
  body: unknown,
  mints: readonly Address[],
  received: Pick<JupiterPrice, 'receivedAtMs' | 'receivedUs'>,
): JupiterPrice[] | undefined {
  const parsed = pricesSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const asked = new Set<string>(mints);
  const entries = Object.entries(parsed.data).filter(([mint, entry]) => asked.has(mint) && entry !== null);
  const prices = entries.flatMap(([mint, entry]) => {
    const { data } = priceSchema.safeParse(entry);
    if (data === undefined) return [];
    const { usdPrice, decimals, blockId } = data;
    return [{ mint: asAddress(mint), usdPrice, decimals, slot: blockId ?? undefined, ...received }];
  });
  return prices.length === 0 && entries.length > 0 ? undefined : prices;
}

/** Jupiter's own code of a refusal, where it gives one of the usual form. */
export function readRefusal(text: string): string | undefined {
  try {
    return refusalSchema.safeParse(JSON.parse(text)).data?.errorCode;
  } catch {
    return undefined;
  }
}
