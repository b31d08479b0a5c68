/** The report on a token for people. */
import type { MintExtension } from '../market/mint-extensions.js';
import type { MintFacts } from '../market/mint-layout.js';
import type { Address } from '../model/brands.js';
import { significant, wholeUnits } from './amounts.js';
import type { JupiterReport } from './token-jupiter.js';
import type { PoolReport, QuoteReport, TwoWayReport } from './token-pools.js';

export interface TokenReport {
  readonly mint: Address;
  /** Name of the token program; undefined where the account is not of one. */
  readonly program: string | undefined;
  readonly facts: MintFacts | undefined;
  readonly transferFeeBps: number;
  readonly pools: readonly PoolReport[];
  readonly jupiter: JupiterReport | undefined;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

export function tokenLines(report: TokenReport, symbols: ReadonlyMap<string, string>): string[] {
  const { mint, program, facts, pools, jupiter, warnings, problems } = report;
  const named = (one: string) => symbols.get(one) ?? one;
  return [
    `mint              ${mint}${symbols.has(mint) ? ` (${symbols.get(mint)})` : ''}`,
    `program           ${program ?? 'none'}`,
    ...(facts === undefined ? [] : factLines(facts, report.transferFeeBps)),
    ...pools.flatMap((pool) => [`pool ${pool.pool} against ${named(pool.otherMint)}`, ...twoWayLines(pool)]),
    ...(jupiter === undefined ? ['Jupiter was not asked.'] : jupiterLines(jupiter, named)),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(problems.length === 0
      ? ['Nothing speaks against it.']
      : problems.map((problem) => `problem: ${problem}`)),
  ];
}

function factLines(facts: MintFacts, transferFeeBps: number): string[] {
  const [first = 'none', ...rest] = facts.extensions.map(extensionText);
  return [
    `decimals          ${facts.decimals}`,
    `supply            ${wholeUnits(facts.supply, facts.decimals)}`,
    `mint authority    ${facts.mintAuthority ?? 'none'}`,
    `freeze authority  ${facts.freezeAuthority ?? 'none'}`,
    `transfer fee      ${transferFeeBps / 100}%`,
    `extensions        ${first}`,
    ...rest.map((text) => `                  ${text}`),
  ];
}

function extensionText({ name, authority, detail }: MintExtension): string {
  const parts = [
    ...(detail === undefined ? [] : [detail]),
    ...(authority === undefined ? [] : [`by ${authority}`]),
  ];
  return parts.length === 0 ? name : `${name} (${parts.join('; ')})`;
}

function twoWayLines({ sell, buyBack, roundTripBps }: TwoWayReport): string[] {
  return [
    `  sell      ${quoteText(sell)}`,
    `  buy back  ${quoteText(buyBack)}`,
    ...(roundTripBps === undefined ? [] : [`  to and fro costs ${roundTripBps / 100}%`]),
  ];
}

function quoteText(quote: QuoteReport | string): string {
  if (typeof quote === 'string') return quote;
  return `${quote.amountIn} → ${quote.amountOut}, impact ${quote.priceImpactBps / 100}%`;
}

function jupiterLines(report: JupiterReport, named: (mint: string) => string): string[] {
  const price = typeof report.usdPrice === 'string' ? report.usdPrice : `$${significant(report.usdPrice)}`;
  return [
    `Jupiter (${report.host}) against ${named(report.otherMint)}`,
    `  price     ${price}`,
    ...twoWayLines(report),
    ...report.deviations.map((one) => `  pool ${one.pool} is off its price by ${one.deviationBps / 100}%`),
  ];
}
