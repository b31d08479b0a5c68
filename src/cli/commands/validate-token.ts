/** `validate:token`: what a mint is, who has power over it, where it trades, and what it costs to trade it. */
import { type Command, InvalidArgumentError } from 'commander';
import { mintListPaths } from '../../config/mint-list-paths.js';
import { decodeMint, type MintFacts } from '../../market/mint-layout.js';
import { TOKEN_2022_PROGRAM, transferFeeAt } from '../../market/transfer-fee.js';
import type { Address } from '../../model/brands.js';
import { MintLists } from '../../risk/mint-lists.js';
import { systemClock } from '../../time/clock.js';
import { TOKEN_PROGRAM } from '../../transaction/program-ids.js';
import { addressArgument } from '../address-argument.js';
import { type CommandChain, withChain } from '../chain.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { withProgress } from '../output.js';
import { readPools } from '../read-pools.js';
import { askJupiter } from '../token-jupiter.js';
import { type TokenReport, tokenLines } from '../token-lines.js';
import { type PoolReport, poolReports } from '../token-pools.js';

const SLOTS_AN_EPOCH = 432_000;

interface Options {
  readonly amount?: bigint;
}

export function validateTokenCommand(): Command {
  return defineCommand<Options>(
    'validate-token <mint>',
    "tell mint, program, decimals, authorities, extensions, pools, quotes both ways, Jupiter's view, the denylist",
    (options, text) => {
      const mint = addressArgument(text!);
      return withChain(commandEnvironment(), (chain) =>
        withProgress('Reading mint, pools and Jupiter', validate(chain, mint, options)),
      );
    },
    (command) =>
      command.option('--amount <baseUnits>', 'amount of the token that the quotes sell', wholeAmount),
  );
}

function wholeAmount(text: string): bigint {
  if (!/^[1-9]\d{0,19}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number of base units.');
  return BigInt(text);
}

async function validate(chain: CommandChain, mint: Address, options: Options): Promise<CommandResult> {
  const { accounts, contextSlot } = await chain.reader.accounts([mint], 'confirmed');
  const account = accounts[0];
  const program = account === undefined ? undefined : programName(account.owner);
  const facts = account === undefined || program === undefined ? undefined : decodeMint(account.data);
  const epoch = BigInt(Math.floor(contextSlot / SLOTS_AN_EPOCH));
  const fee = account === undefined ? undefined : transferFeeAt(account.data, account.owner, epoch);
  const book = await readPools(chain.reader, chain.pools);
  const pools = poolReports(book, mint, options.amount);
  const denied = denial(chain, mint);
  const transferFeeBps = fee?.basisPoints ?? 0;
  const report: TokenReport = {
    mint,
    program,
    facts,
    transferFeeBps,
    pools,
    jupiter: await askJupiter(chain, book, mint, pools),
    warnings: facts === undefined ? [] : warningsOf(facts, transferFeeBps),
    problems: [
      ...mintProblems(account !== undefined, facts),
      ...poolProblems(pools),
      ...(denied === undefined ? [] : [denied]),
    ],
  };
  return resultOf(report, chain, denied !== undefined);
}

function resultOf(report: TokenReport, { symbols }: CommandChain, denied: boolean): CommandResult {
  const { mint, program, facts, transferFeeBps, pools, jupiter, warnings, problems } = report;
  const json = {
    mint,
    symbol: symbols.get(mint),
    program,
    ...(facts === undefined ? {} : { ...facts, transferFeeBps }),
    denied,
    pools,
    jupiter: jupiter ?? null,
    valid: problems.length === 0,
    warnings,
    problems,
  };
  return {
    exitCode: problems.length === 0 ? EXIT.ok : EXIT.bad,
    json,
    lines: tokenLines(report, symbols),
  };
}

function programName(owner: Address): string | undefined {
  if (owner === TOKEN_PROGRAM) return 'spl-token';
  return owner === TOKEN_2022_PROGRAM ? 'spl-token-2022' : undefined;
}

function mintProblems(exists: boolean, facts: MintFacts | undefined): string[] {
  if (facts === undefined) return [exists ? 'It is no mint.' : 'The account does not exist.'];
  return facts.extensions.flatMap(({ problem }) => problem ?? []);
}

function poolProblems(pools: readonly PoolReport[]): string[] {
  if (pools.length === 0) return ['No configured pool trades it.'];
  const isTwoWay = ({ sell, buyBack }: PoolReport) => typeof sell !== 'string' && typeof buyBack !== 'string';
  return pools.some(isTwoWay) ? [] : ['No pool quotes it both ways.'];
}

/** What is as it should be for many a token, and still is somebody's power over it. */
function warningsOf(facts: MintFacts, transferFeeBps: number): string[] {
  return [
    ...(facts.mintAuthority === undefined ? [] : ['More of it can be made.']),
    ...(facts.freezeAuthority === undefined ? [] : ['Accounts of it can be frozen.']),
    ...(transferFeeBps === 0 ? [] : [`Each transfer of it costs ${transferFeeBps / 100}%.`]),
    ...facts.extensions.flatMap(({ warning }) => warning ?? []),
  ];
}

function denial({ config }: CommandChain, mint: Address): string | undefined {
  const lists = new MintLists({ clock: systemClock, ...mintListPaths(config) });
  try {
    lists.check(mint, 'mint');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    lists.close();
  }
}
