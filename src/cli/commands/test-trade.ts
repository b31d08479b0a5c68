/** `test:trade`: a bounded open-loop load of real trades, and an account of what became of every one. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { countChainLandings, nodesToAsk } from '../chain-check.js';
import { type ControlAnswer, ControlClient, ControlError, controlClient } from '../control-client.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { wholeNumber } from '../number-options.js';
import { columns, note, withProgress } from '../output.js';
import { type OwnExecutor, startOwnExecutor } from '../own-executor.js';
import { findTaken, settleTrades } from '../trade-ends.js';
import { summarise, type TradeTestResult } from '../trade-report.js';

const MAX_COUNT = 100_000;
const MAX_RATE = 5_000;
const POLL_MS = 200;
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

interface Offers {
  /** Of accepted trades. */
  readonly ids: string[];
  /** Codes. */
  readonly denied: string[];
  /** Client order ids, and why there was no answer. */
  readonly unanswered: Map<string, string>;
}

interface Options {
  readonly count: number;
  readonly rate: number;
  readonly dryRun: boolean;
}

export function testTradeCommand(): Command {
  return defineCommand<Options>(
    'test-trade',
    'send test trades through the running executor, or through one of its own on the embedded cluster',
    runTestTrade,
    (command) =>
      command
        .option('--count <n>', 'number of trades', wholeNumber(1, MAX_COUNT), 1)
        .option('--rate <perSecond>', 'trades offered a second', wholeNumber(1, MAX_RATE), 10)
        .option('--dry-run', 'everything but the send', false)
        .addHelpText(
          'after',
          '\nNot well: some were lost, doubled, unknown or unanswered, or none landed or was simulated.',
        ),
  );
}

async function runTestTrade(options: Options): Promise<CommandResult> {
  const { client, own } = await findExecutor();
  try {
    const result = await testTrades(client, options);
    const { lost, unknown, duplicates, unanswered, landed, simulated } = result;
    const isWell = lost + unknown + duplicates + unanswered === 0 && landed + simulated > 0;
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
    if (!(error instanceof ControlError) || environment.HOTSLOT_URL) throw error;
  }
  note('No executor runs; starting one on the embedded cluster.');
  const own = await startOwnExecutor();
  return { client: new ControlClient(own.controlUrl, undefined), own };
}

async function testTrades(client: ControlClient, options: Options): Promise<TradeTestResult> {
  await withProgress('Waiting until it is ready', waitReady(client));
  const status = (await client.get('/api/status')) as StatusFacts;
  const offers = await withProgress('Offering', offer(client, status.market.pools, options));
  const { ids, denied, unanswered } = offers;
  if (unanswered.size > 0) await withProgress('Looking for what got no answer', lookUp(client, offers));
  note(`${ids.length} accepted, ${denied.length} denied; waiting for their ends.`);
  const reports = await withProgress('Waiting for their ends', settleTrades(client, ids));
  const nodes = nodesToAsk(status.endpoints.rpc, commandEnvironment().RPC_ENDPOINTS);
  const landings = await countChainLandings(nodes, reports);
  return summarise(reports, denied, unanswered.size, landings);
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
async function offer(client: ControlClient, pools: readonly PoolFacts[], options: Options): Promise<Offers> {
  const offers: Offers = { ids: [], denied: [], unanswered: new Map() };
  const run = randomBytes(6).toString('hex');
  const startedMs = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < options.count; index++) {
    const waitMs = startedMs + (index * 1000) / options.rate - performance.now();
    if (waitMs > 0) await delay(waitMs);
    answers.push(offerOne(client, requestFor(pools, index, run, options.dryRun), offers));
  }
  await Promise.all(answers);
  return offers;
}

async function offerOne(
  client: ControlClient,
  body: { readonly clientOrderId: string },
  { ids, denied, unanswered }: Offers,
): Promise<void> {
  let answer: ControlAnswer;
  try {
    answer = await client.ask('POST', '/api/trades', body);
  } catch (error) {
    // Not denied: the request may have arrived and its trade be on the way.
    unanswered.set(body.clientOrderId, error instanceof Error ? error.message : String(error));
    return;
  }
  const content = answer.body as { id?: string; code?: string } | undefined;
  if (answer.status === 202 && content?.id !== undefined) ids.push(content.id);
  else if (content?.code !== undefined) denied.push(content.code);
  // The executor's own denials have a code: somebody in between has answered.
  else unanswered.set(body.clientOrderId, `HTTP ${answer.status}`);
}

/** Counts among the accepted what was taken without our hearing of it. */
async function lookUp(client: ControlClient, { ids, unanswered }: Offers): Promise<void> {
  const [why] = unanswered.values();
  note(`${unanswered.size} got no answer: ${why}`);
  for (const [clientOrderId, id] of await findTaken(client, [...unanswered.keys()])) {
    ids.push(id);
    unanswered.delete(clientOrderId);
  }
}

function requestFor(pools: readonly PoolFacts[], index: number, run: string, dryRun: boolean) {
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

/** `12` as it is, `{p50: 1, p99: 2}` as `p50 1  p99 2`, an empty account as `none`. */
function linesOf(result: TradeTestResult): string[] {
  return columns(
    Object.entries(result).map(
      ([name, value]: [string, number | boolean | Readonly<Record<string, number>>]) => {
        if (typeof value !== 'object') return [name, String(value)];
        const parts = Object.entries(value).map(([part, figure]) => `${part} ${figure}`);
        return [name, parts.length === 0 ? 'none' : parts.join('  ')];
      },
    ),
  );
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
