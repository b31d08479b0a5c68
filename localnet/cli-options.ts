/** The command's flags, and the cluster that they ask for. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { CHAOS_FIELDS, type ChaosSettings } from './chaos/chaos.js';
import { parseScenario, type ScenarioStep } from './chaos/scenario.js';
import { CLUSTER_DEFAULTS, type ClusterOptions } from './cluster-options.js';
import { MAX_LOAD_RATE } from './engine/background-load.js';
import { DEFAULT_CONDITIONS } from './engine/conditions.js';

export interface CliOptions {
  readonly cluster: Partial<ClusterOptions>;
  readonly exitWithParent: boolean;
  readonly quiet: boolean;
}

interface Flags {
  host: string;
  rpcPort: number;
  wsPort: number;
  grpcPort: number;
  jupiterPort: number;
  adminPort: number;
  seed?: string;
  slotMs: number;
  manual: boolean;
  skipRate: number;
  leaderSkipRate: number;
  forkRate: number;
  deadRate: number;
  confirmSlots: number;
  finalizeSlots: number;
  leaderDelayMs: number;
  leaderJitterMs: number;
  blockCostLimit: number;
  accountCostLimit: number;
  loadRate: number;
  loadPrice: number;
  loadPoolRate: number;
  pools: number;
  wallets: number;
  fund: string[];
  program: { id: string; file: string }[];
  accounts: string[];
  state?: string;
  ledgerSlots: number;
  ledgerTransactions: number;
  marketRate: number;
  xToken?: string;
  jupiterApiKey?: string;
  chaos?: readonly ScenarioStep[];
  chaosSet: Partial<ChaosSettings>;
  exitWithParent: boolean;
  quiet: boolean;
}

const NAME = 'hotslot-localnet';
const PORT_MAX = 65_535;
/** What the executor's commands end with after wrong use. */
const WRONG_USE = 2;
const X_TOKEN_VARIABLE = 'LOCALNET_X_TOKEN';
const JUPITER_API_KEY_VARIABLE = 'LOCALNET_JUPITER_API_KEY';

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
};
const between =
  (min: number, max: number, whole = false) =>
  (text: string): number => {
    const value = number(text);
    if (value < min || value > max || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(
        `It must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}.`,
      );
    }
    return value;
  };
const rate = between(0, 1);
const port = between(0, PORT_MAX, true);
const collect = (text: string, before: string[]): string[] => [...before, text];

function collectProgram(text: string, before: Flags['program']): Flags['program'] {
  const [id, file] = splitOnce(text);
  if (id === '' || file === undefined || file === '')
    throw new InvalidArgumentError('It must be ID=FILE.so.');
  return [...before, { id, file }];
}

function collectChaos(text: string, before: Partial<ChaosSettings>): Partial<ChaosSettings> {
  const [name, valueText] = splitOnce(text);
  if (!Object.hasOwn(CHAOS_FIELDS, name)) {
    throw new InvalidArgumentError(`The names are ${Object.keys(CHAOS_FIELDS).join(', ')}.`);
  }
  const field = CHAOS_FIELDS[name as keyof ChaosSettings];
  const value = field.type === 'boolean' ? (valueText ?? 'true') === 'true' : number(valueText ?? '');
  const problem = field.check(value);
  if (problem !== undefined) throw new InvalidArgumentError(`${name} ${problem}.`);
  return { ...before, [name]: value };
}

function readScenario(file: string): readonly ScenarioStep[] {
  try {
    return parseScenario(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function splitOnce(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function command(): Command {
  return new Command(NAME)
    .description(
      'A Solana cluster in one process: JSON-RPC, PubSub, Yellowstone gRPC, and a market that moves.',
    )
    .option('--host <address>', 'interface of the client ports', '127.0.0.1')
    .option('--rpc-port <port>', 'JSON-RPC over HTTP; 0: any free port, as for the others', port, 8899)
    .option('--ws-port <port>', 'PubSub WebSocket', port, 8900)
    .option('--grpc-port <port>', 'Yellowstone gRPC', port, 10_000)
    .option('--jupiter-port <port>', "Jupiter's quotes and prices over HTTP", port, 0)
    .option('--admin-port <port>', 'admin interface, always on the loopback interface', port, 0)
    .option('--seed <text>', 'same seed, same keys, genesis hash and misfortunes (default: random)')
    .option('--slot-ms <ms>', 'length of a slot', between(5, 60_000), 400)
    .option('--manual', 'slots pass by POST /step of the admin interface only', false)
    .option('--skip-rate <0-1>', 'slots without a block', rate, 0.02)
    .option('--leader-skip-rate <0-1>', 'leaders absent for all of their four slots', rate, 0)
    .option('--fork-rate <0-1>', 'blocks that are processed and then lost', rate, 0.01)
    .option('--dead-rate <0-1>', 'slots that begin and are then declared dead', rate, 0)
    .option('--confirm-slots <n>', 'slots from processed to confirmed', between(1, 100, true), 2)
    .option('--finalize-slots <n>', 'slots from processed to finalized', between(1, 400, true), 32)
    .option(
      '--leader-delay-ms <ms>',
      'network delay from sendTransaction to the leader',
      between(0, 60_000),
      20,
    )
    .option('--leader-jitter-ms <ms>', 'the most that is added to it or taken off', between(0, 60_000), 5)
    .option(
      '--block-cost-limit <units>',
      'compute units of a block',
      between(1_500_000, 1_000_000_000, true),
      DEFAULT_CONDITIONS.blockCostLimit,
    )
    .option(
      '--account-cost-limit <units>',
      'compute units of all in a block that write the same account',
      between(1_500_000, 1_000_000_000, true),
      DEFAULT_CONDITIONS.accountCostLimit,
    )
    .option(
      '--load-rate <0-5>',
      'fee-paying load of others, in blocks offered a slot; over 1 the fees decide',
      between(0, MAX_LOAD_RATE),
      DEFAULT_CONDITIONS.loadRate,
    )
    .option(
      '--load-price <micro-lamports>',
      'what that load pays a compute unit, within a factor of four',
      between(0, 1_000_000_000, true),
      DEFAULT_CONDITIONS.loadPriceMicroLamports,
    )
    .option(
      '--load-pool-rate <0-1>',
      'the part of it that writes a pool',
      rate,
      DEFAULT_CONDITIONS.loadPoolRate,
    )
    .option('--pools <n>', 'constant-product pools at genesis', between(1, 512, true), 8)
    .option('--wallets <n>', 'funded wallets made from the seed', between(0, 512, true), 0)
    .option('--fund <address>', 'gets SOL and every mint at genesis (repeatable)', collect, [])
    .option('--program <id=file.so>', 'loads a program (repeatable)', collectProgram, [])
    .option(
      '--accounts <dir>',
      'loads account files of `solana account --output json` (repeatable)',
      collect,
      [],
    )
    .option('--state <dir>', 'keeps the ledger there across restarts')
    .option(
      '--ledger-slots <n>',
      'blocks of history',
      between(300, 10_000_000, true),
      CLUSTER_DEFAULTS.ledgerSlots,
    )
    .option(
      '--ledger-transactions <n>',
      'transactions of history',
      between(1_000, 10_000_000, true),
      CLUSTER_DEFAULTS.ledgerTransactions,
    )
    .option('--market-rate <n>', 'background swaps a second', between(0, 5_000), 16)
    .option(
      '--x-token <token>',
      `Yellowstone clients must send it (or ${X_TOKEN_VARIABLE} in the environment)`,
    )
    .option(
      '--jupiter-api-key <key>',
      `Jupiter's clients must send it (or ${JUPITER_API_KEY_VARIABLE} in the environment)`,
    )
    .option(
      '--chaos <file.json>',
      'scenario: [{"atMs": 5000, "set": {"sendDropRate": 0.2}}, …]',
      readScenario,
    )
    .option(
      '--chaos-set <name=value>',
      'chaos from the start, e.g. sendDropRate=0.2 (repeatable)',
      collectChaos,
      {},
    )
    .option('--exit-with-parent', 'ends by itself 30 s after its parent process has ended', false)
    .option('--quiet', 'nothing on the terminal but the first line', false)
    .addHelpText('after', '\nThe first line on standard output is a JSON object with every address.');
}

/** Reads the arguments after the command's own name. Prints and exits for --help and for what does not fit. */
export function parseCliOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): CliOptions {
  const flags = command()
    .showHelpAfterError(`See: ${NAME} --help`)
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`) })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USE))
    .parse(argv, { from: 'user' })
    .opts<Flags>();
  const xToken = flags.xToken ?? environment[X_TOKEN_VARIABLE];
  const jupiterApiKey = flags.jupiterApiKey ?? environment[JUPITER_API_KEY_VARIABLE];
  return {
    exitWithParent: flags.exitWithParent,
    quiet: flags.quiet,
    cluster: {
      host: flags.host,
      rpcPort: flags.rpcPort,
      wsPort: flags.wsPort,
      grpcPort: flags.grpcPort,
      jupiterPort: flags.jupiterPort,
      adminPort: flags.adminPort,
      manual: flags.manual,
      conditions: {
        slotMs: flags.slotMs,
        skipRate: flags.skipRate,
        leaderSkipRate: flags.leaderSkipRate,
        forkRate: flags.forkRate,
        deadRate: flags.deadRate,
        confirmSlots: flags.confirmSlots,
        finalizeSlots: flags.finalizeSlots,
        leaderDelayMs: flags.leaderDelayMs,
        leaderDelayJitterMs: flags.leaderJitterMs,
        blockCostLimit: flags.blockCostLimit,
        accountCostLimit: flags.accountCostLimit,
        loadRate: flags.loadRate,
        loadPriceMicroLamports: flags.loadPrice,
        loadPoolRate: flags.loadPoolRate,
      },
      pools: flags.pools,
      wallets: flags.wallets,
      fund: flags.fund,
      programs: flags.program,
      accountDirs: flags.accounts,
      ledgerSlots: flags.ledgerSlots,
      ledgerTransactions: flags.ledgerTransactions,
      marketSwapsPerSecond: flags.marketRate,
      chaos: flags.chaosSet,
      scenario: flags.chaos ?? [],
      ...(flags.seed === undefined ? {} : { seed: flags.seed }),
      ...(flags.state === undefined ? {} : { stateDir: flags.state }),
      ...(xToken === undefined ? {} : { xToken }),
      ...(jupiterApiKey === undefined ? {} : { jupiterApiKey }),
    },
  };
}
