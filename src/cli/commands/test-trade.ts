/** `test:trade`: a bounded open-loop load of real trades, and an account of what became of every one. */
import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { countChainLandings } from '../chain-check.js';
import { ControlClient, ControlError, controlClient } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { columns, note, withProgress } from '../output.js';
import { type OwnExecutor, startOwnExecutor } from '../own-executor.js';
import { summarise, type TradeReport, type TradeTestResult } from '../trade-report.js';

const MAX_COUNT = 100_000;
const MAX_RATE = 5_000;
const POLL_MS = 200;
/** Longest wait for the last trade: an attempt's whole life of 150 blocks, three attempts, and some more. */
const SETTLE_TIMEOUT_MS = 300_000;
const READY_TIMEOUT_MS = 30_000;
/** Share of a pool's reserve that a test trade spends, one in: small enough that prices hardly move. */
const RESERVE_SHARE = 100_000n;

interface PoolFacts {
  readonly pool: string;
  readonly mint0: string;
  readonly mint1: string;
  readonly reserve0: string;
  readonly reserve1: string;
}

interface StatusFacts {
  readonly embedded: boolean;
  readonly endpoints: { readonly rpc: readonly string[] };
  readonly market: { readonly pools: readonly PoolFacts[] };
}

interface Options {
  readonly count: number;
  readonly rate: number;
  readonly dryRun: boolean;
}

const whole = (most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`1 to ${most}`);
  return value;
};

export function testTradeCommand(): Command {
  return defineCommand<Options>(
    'test-trade',
    'send test trades through the running executor, or through one of its own on the embedded cluster',
    runTestTrade,
    (command) =>
      command
        .option('--count <n>', 'number of trades', whole(MAX_COUNT), 1)
        .option('--rate <perSecond>', 'trades offered a second', whole(MAX_RATE), 10)
        .option('--dry-run', 'everything but the send', false)
        .addHelpText(
          'after',
          '\nNot well: some were lost, doubled or unknown, or none landed or was simulated.',
        ),
  );
}

async function runTestTrade(options: Options): Promise<CommandResult> {
  const { client, own } = await findExecutor();
  try {
    const result = await testTrades(client, options);
    const { lost, unknown, duplicates, landed, simulated } = result;
    const isWell = lost + unknown + duplicates === 0 && landed + simulated > 0;
    return { exitCode: isWell ? EXIT.ok : EXIT.bad, json: result, lines: linesOf(result) };
  } finally {
    await own?.stop();
  }
}

async function findExecutor(): Promise<{ client: ControlClient; own: OwnExecutor | undefined }> {
  const environment = commandEnvironment();
  const client = controlClient(environment);
  try {
    await client.ask('GET', '/livez');
    return { client, own: undefined };
  } catch (error) {
    if (!(error instanceof ControlError) || environment.HOTSLOT_URL !== undefined) throw error;
  }
  note('No executor runs; starting one on the embedded cluster.');
  const own = await startOwnExecutor();
  return { client: new ControlClient(own.controlUrl, undefined), own };
}

async function testTrades(client: ControlClient, options: Options): Promise<TradeTestResult> {
  await withProgress('Waiting until it is ready', waitReady(client));
  const status = (await client.get('/api/status')) as StatusFacts;
  const { ids, denied } = await withProgress('Offering', offer(client, status.market.pools, options));
  note(`${ids.length} accepted, ${denied.length} denied; waiting for their ends.`);
  const reports = await withProgress('Waiting for their ends', settle(client, ids));
  const landings = await countChainLandings(status.endpoints.rpc, reports);
  return summarise(reports, denied, landings);
}

async function waitReady(client: ControlClient): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { status, body } = await client.ask('GET', '/readyz');
    if (status === 200) return;
    if (Date.now() > deadline)
      throw new ControlError(`not ready: ${JSON.stringify(body)}`, status, 'NOT_READY');
    await delay(POLL_MS);
  }
}

/** Offers trades at a set rate whatever the answers: an open loop, so that slowness cannot hide itself. */
async function offer(client: ControlClient, pools: readonly PoolFacts[], options: Options) {
  const ids: string[] = [];
  const denied: string[] = [];
  const run = randomBytes(6).toString('hex');
  const startedMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < options.count; index++) {
    const waitMs = startedMs + (index * 1000) / options.rate - performance.now();
    if (waitMs > 0) await delay(waitMs);
    answers.push(offerOne(client, requestFor(pools, index, run, options.dryRun), ids, denied));
  }
  await Promise.all(answers);
  return { ids, denied };
}

async function offerOne(client: ControlClient, body: object, ids: string[], denied: string[]): Promise<void> {
  const answer = await client.ask('POST', '/api/trades', body);
  const content = answer.body as { id?: string; code?: string };
  if (answer.status === 202 && content.id !== undefined) ids.push(content.id);
  else denied.push(content.code ?? `HTTP ${answer.status}`);
}

function requestFor(pools: readonly PoolFacts[], index: number, run: string, dryRun: boolean): object {
  const pool = pools[index % pools.length];
  if (pool === undefined) throw new ControlError('the executor has no pools');
  // Each pool is traded to and fro, so that wallets keep both of its mints.
  const zeroForOne = Math.floor(index / pools.length) % 2 === 0;
  const amount = BigInt(zeroForOne ? pool.reserve0 : pool.reserve1) / RESERVE_SHARE;
  return {
    clientOrderId: `test-${run}-${index}`,
    inputMint: zeroForOne ? pool.mint0 : pool.mint1,
    outputMint: zeroForOne ? pool.mint1 : pool.mint0,
    amount: String(amount > 0n ? amount : 1n),
    mode: 'exactIn',
    pool: pool.pool,
    dryRun,
  };
}

const ENDED = new Set(['confirmed', 'finalized', 'failed', 'expired', 'denied', 'cancelled', 'simulated']);

/** Asks for each trade until it is confirmed or has ended; what the executor no longer knows is `lost`. */
async function settle(
  client: ControlClient,
  ids: readonly string[],
): Promise<Map<string, TradeReport | undefined>> {
  const reports = new Map<string, TradeReport | undefined>();
  let open = [...ids];
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  while (open.length > 0 && Date.now() < deadline) {
    const still: string[] = [];
    for (const id of open) {
      const { status, body } = await client.ask('GET', `/api/trades/${id}`);
      const report = status === 200 ? (body as TradeReport) : undefined;
      reports.set(id, report);
      if (report !== undefined && !ENDED.has(report.state)) still.push(id);
    }
    open = still;
    if (open.length > 0) await delay(POLL_MS);
  }
  return reports;
}

/** `12` as it is, `{p50: 1, p99: 2}` as `p50 1  p99 2`, an empty account as `none`. */
function linesOf(result: TradeTestResult): string[] {
  return columns(
    Object.entries(result).map(([name, value]: [string, number | Readonly<Record<string, number>>]) => {
      if (typeof value === 'number') return [name, String(value)];
      const parts = Object.entries(value).map(([part, figure]) => `${part} ${figure}`);
      return [name, parts.length === 0 ? 'none' : parts.join('  ')];
    }),
  );
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
