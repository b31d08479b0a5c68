/** `validate:token`: what a mint is, who has power over it, where it trades, and what it costs to trade it. */
import { type Command, InvalidArgumentError } from 'commander';
import { decodeMint, type MintFacts } from '../../market/mint-layout.js';
import type { PoolBook } from '../../market/pool-book.js';
import { Router } from '../../market/router.js';
import { TOKEN_2022_PROGRAM, transferFeeAt } from '../../market/transfer-fee.js';
import type { PoolKeys } from '../../market/types.js';
import { type Address, asAddress } from '../../model/brands.js';
import { MintLists } from '../../risk/mint-lists.js';
import { systemClock } from '../../time/clock.js';
import { TOKEN_PROGRAM } from '../../transaction/program-ids.js';
import { wholeUnits } from '../amounts.js';
import { type CommandChain, withChain } from '../chain.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { withProgress } from '../output.js';
import { readPools } from '../read-pools.js';

/** Without --amount a quote spends this share of the pool, one in: what a usual trade might. */
const RESERVE_SHARE = 1_000n;
const SLOTS_AN_EPOCH = 432_000;
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
/** Extensions with which a swap cannot work, or by which tokens can be taken or held back at any time. */
const BLOCKING = new Set(['transferHook', 'nonTransferable', 'permanentDelegate', 'pausable']);

interface Options {
  readonly amount?: bigint;
}

interface PoolReport {
  readonly pool: Address;
  readonly otherMint: Address;
  readonly sell: QuoteReport | string;
  readonly buyBack: QuoteReport | string;
  /** What going to and fro loses, in basis points. */
  readonly roundTripBps: number | undefined;
}

interface QuoteReport {
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  readonly priceImpactBps: number;
}

export function validateTokenCommand(): Command {
  return defineCommand<Options>(
    'validate-token <mint>',
    'tell mint, program, decimals, authorities, extensions, pools, quotes both ways, and the denylist',
    (options, mint) =>
      withChain(commandEnvironment(), (chain) =>
        withProgress('Reading mint and pools', validate(chain, asAddress(mint), options)),
      ),
    (command) =>
      command.option('--amount <baseUnits>', 'amount of the token that the quotes sell', wholeAmount),
  );
}

function wholeAmount(text: string): bigint {
  if (!/^[1-9]\d{0,19}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number of base units.');
  return BigInt(text);
}

async function validate(chain: CommandChain, mint: Address, options: Options) {
  const problems: string[] = [];
  if (!ADDRESS.test(mint)) throw new Error('the mint must be a base58 address');
  const { accounts, contextSlot } = await chain.reader.accounts([mint], 'confirmed');
  const account = accounts[0];
  const program = account === undefined ? undefined : programName(account.owner);
  const facts = account === undefined || program === undefined ? undefined : decodeMint(account.data);
  if (facts === undefined)
    problems.push(account === undefined ? 'The account does not exist.' : 'It is no mint.');
  const epoch = BigInt(Math.floor(contextSlot / SLOTS_AN_EPOCH));
  const fee = account === undefined ? undefined : transferFeeAt(account.data, account.owner, epoch);
  for (const name of facts?.extensions ?? [])
    if (BLOCKING.has(name)) problems.push(`It has the extension ${name}.`);
  const book = await readPools(chain.reader, chain.pools);
  const pools = book
    .pools()
    .filter((keys) => keys.mint0 === mint || keys.mint1 === mint)
    .map((keys) => reportOf(book, keys, mint, options.amount));
  if (pools.length === 0) problems.push('No configured pool trades it.');
  else if (pools.every((pool) => typeof pool.sell === 'string' || typeof pool.buyBack === 'string'))
    problems.push('No pool quotes it both ways.');
  const denied = denial(chain, mint);
  if (denied !== undefined) problems.push(denied);
  const json = {
    mint,
    symbol: chain.symbols.get(mint),
    program,
    ...(facts === undefined ? {} : { ...facts, transferFeeBps: fee?.basisPoints ?? 0 }),
    denied: denied !== undefined,
    pools,
    valid: problems.length === 0,
    problems,
  };
  return {
    exitCode: problems.length === 0 ? EXIT.ok : EXIT.bad,
    json,
    lines: linesOf(chain, mint, program, facts, fee?.basisPoints ?? 0, pools, problems),
  };
}

function programName(owner: Address): string | undefined {
  if (owner === TOKEN_PROGRAM) return 'spl-token';
  return owner === TOKEN_2022_PROGRAM ? 'spl-token-2022' : undefined;
}

function denial({ config }: CommandChain, mint: Address): string | undefined {
  const lists = new MintLists({
    clock: systemClock,
    ...(config.DENYLIST_FILE === undefined ? {} : { denyPath: config.DENYLIST_FILE }),
    ...(config.ALLOWLIST_FILE === undefined ? {} : { allowPath: config.ALLOWLIST_FILE }),
  });
  try {
    lists.check(mint, 'mint');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    lists.close();
  }
}

function reportOf(book: PoolBook, keys: PoolKeys, mint: Address, asked: bigint | undefined): PoolReport {
  const isMint0 = keys.mint0 === mint;
  const otherMint = isMint0 ? keys.mint1 : keys.mint0;
  const state = book.snapshotOf(keys.pool)?.state;
  const reserve = (isMint0 ? state?.reserve0 : state?.reserve1) ?? 0n;
  const amount = asked ?? (reserve > RESERVE_SHARE ? reserve / RESERVE_SHARE : 1n);
  const sell = quote(book, keys.pool, mint, otherMint, amount);
  const buyBack =
    typeof sell === 'string' ? 'not asked' : quote(book, keys.pool, otherMint, mint, sell.amountOut);
  const lost =
    typeof buyBack === 'string' ? undefined : Number(((amount - buyBack.amountOut) * 10_000n) / amount);
  return { pool: keys.pool, otherMint, sell, buyBack, roundTripBps: lost };
}

function quote(
  book: PoolBook,
  pool: Address,
  inputMint: Address,
  outputMint: Address,
  amount: bigint,
): QuoteReport | string {
  try {
    const router = new Router(book, () => systemClock.nowMs());
    const { amountIn, amountOut, priceImpactBps } = router.choose({
      inputMint,
      outputMint,
      mode: 'exactIn',
      amount,
      pool,
    }).quote;
    return { amountIn, amountOut, priceImpactBps };
  } catch (error) {
    return (error as Error).message;
  }
}

function linesOf(
  chain: CommandChain,
  mint: Address,
  program: string | undefined,
  facts: MintFacts | undefined,
  transferFeeBps: number,
  pools: readonly PoolReport[],
  problems: readonly string[],
): string[] {
  const head = [
    `mint              ${mint}${chain.symbols.has(mint) ? ` (${chain.symbols.get(mint)})` : ''}`,
    `program           ${program ?? 'none'}`,
  ];
  const known =
    facts === undefined
      ? []
      : [
          `decimals          ${facts.decimals}`,
          `supply            ${wholeUnits(facts.supply, facts.decimals)}`,
          `mint authority    ${facts.mintAuthority ?? 'none'}`,
          `freeze authority  ${facts.freezeAuthority ?? 'none'}`,
          `extensions        ${facts.extensions.join(', ') || 'none'}`,
          `transfer fee      ${transferFeeBps / 100}%`,
        ];
  const say = (report: QuoteReport | string) =>
    typeof report === 'string'
      ? report
      : `${report.amountIn} → ${report.amountOut}, impact ${report.priceImpactBps / 100}%`;
  const routes = pools.flatMap(({ pool, otherMint, sell, buyBack, roundTripBps }) => [
    `pool ${pool} against ${chain.symbols.get(otherMint) ?? otherMint}`,
    `  sell      ${say(sell)}`,
    `  buy back  ${say(buyBack)}`,
    ...(roundTripBps === undefined ? [] : [`  to and fro costs ${roundTripBps / 100}%`]),
  ]);
  return [
    ...head,
    ...known,
    ...routes,
    ...(problems.length === 0 ? ['Nothing speaks against it.'] : problems),
  ];
}
