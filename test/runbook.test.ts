/**
 * The operators' book, typed as it stands against a live system: every command of the file that HOTSLOT_RUNBOOK names
 * runs from a script file, and its effect is looked at. What cannot run here is listed by name, with the reason.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countChainLandings } from '../src/cli/chain-check.js';
import { ControlClient, ControlError } from '../src/cli/control-client.js';
import type { TradeReport } from '../src/cli/trade-report.js';
import { readLocalnetFile } from '../src/embedded/localnet-file.js';
import { isRunning } from '../src/process-watch.js';
import { type Finished, freePort, Installation, type Script, until } from './support/installation.js';
import { bookPath, commandsOf } from './support/runbook-book.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const OWN_BOOK = join(ROOT, 'docs/RUNBOOK.md');
const MINT = '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr';
const WAIT_MS = 60_000;
const OFFER_MS = 20;
const ENDED = new Set(['confirmed', 'finalized', 'failed', 'expired', 'denied', 'cancelled']);

/** Those that need what a test must not have. */
const ELSEWHERE: readonly (readonly [starts: string, reason: string])[] = [
  ['curl -X POST https://api.mainnet-beta.solana.com', 'the open internet'],
  ['curl -w "@curl-format.txt" -s -o /dev/null https://api.mainnet-beta.solana.com', 'the open internet'],
  ['curl -w "%{time_total}" https://', 'the open internet'],
  ['grpcurl -plaintext grpc.triton.one:443 list', 'the open internet, and grpcurl'],
  ['ping -c 3 api.mainnet-beta.solana.com', 'ping, and the open internet'],
  ['docker-compose', 'docker'],
  ['docker compose', 'docker'],
];

const reasonElsewhere = (command: string) => ELSEWHERE.find(([starts]) => command.startsWith(starts))?.[1];

/** A command over several lines, as the book has it. */
const lines = (...parts: string[]) => parts.join(' \\\n  ');
const KESTRA = 'http://localhost:8080/api/v1/executions/solana.trading';
const EMERGENCY_STOP = lines(
  `curl -X POST ${KESTRA}/emergency-stop`,
  '-H "Content-Type: application/json"',
  `-d '{"inputs": {"reason": "manual_emergency_stop"}}'`,
);
const MORE_SLIPPAGE = lines(
  `curl -X POST ${KESTRA}/solana-trading-flow`,
  `-d '{"inputs": {"slippage": 3.0}}'`,
);
const KILL_SWITCH = lines(
  'curl -X POST http://localhost:3000/api/kill-switch',
  '-H "Content-Type: application/json"',
  `-d '{"reason": "emergency", "message": "Manual activation"}'`,
);

let installation: Installation;
let redis: ChildProcess;
let foreground: Script;

/** A command that ends by itself, with 0. */
async function typed(command: string): Promise<Finished> {
  const done = await installation.start(command).finished;
  expect(done.code, `${command}\n${done.stdout}\n${done.stderr}`).toBe(0);
  return done;
}

/** A curl command's answer. */
const answered = async (command: string) => JSON.parse((await typed(command)).stdout);
/** A script's result: npm prints lines of its own first. */
const npmJson = async (command: string) => lastJson((await typed(`${command}${flag(command)}`)).stdout);
const flag = (command: string) => (command.includes(' -- ') ? ' --json' : ' -- --json');
const lastJson = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!);

function control(): ControlClient {
  return new ControlClient(installation.followPorts().controlUrl, undefined);
}
// biome-ignore lint/suspicious/noExplicitAny: the tests look at the parts that they name
const status = async (): Promise<any> => control().get('/api/status');

const logText = () => readFileSync(installation.path('logs/trading.log'), 'utf8');

interface Accepted {
  readonly id: string;
}

/** Real trades to and fro over all pools. */
async function trade(count: number): Promise<Accepted[]> {
  const client = control();
  const { pools } = (await status()).market as { pools: Pool[] };
  return Promise.all(
    Array.from(
      { length: count },
      async (_, index) =>
        (await client.post('/api/trades', intent(pools[index % pools.length]!))) as Accepted,
    ),
  );
}

interface Breaker {
  readonly name: string;
  readonly state: string;
}

interface Pool {
  readonly pool: string;
  readonly mint0: string;
  readonly mint1: string;
  readonly reserve0: string;
}

let intents = 0;

function intent({ pool, mint0, mint1, reserve0 }: Pool) {
  intents += 1;
  return {
    clientOrderId: `book-${intents}`,
    inputMint: mint0,
    outputMint: mint1,
    amount: String(BigInt(reserve0) / 1_000_000n + 1n),
    mode: 'exactIn',
    pool,
  };
}

interface TradeFacts {
  readonly state: string;
  readonly intent: { readonly slippageBps: number };
  readonly attempts: readonly { readonly signature: string }[];
}

const tradeOf = async ({ id }: Accepted) => (await control().get(`/api/trades/${id}`)) as TradeFacts;

async function landed(trades: readonly Accepted[]): Promise<TradeFacts[]> {
  const facts: TradeFacts[] = [];
  for (const one of trades) {
    await until(`trade ${one.id} lands`, async () =>
      ['confirmed', 'finalized'].includes((await tradeOf(one)).state),
    );
    facts.push(await tradeOf(one));
  }
  return facts;
}

/** Offers a trade every few milliseconds for as long as the executor behind this address takes them. */
async function tradeUntilRefused(client: ControlClient): Promise<Accepted[]> {
  const { pools } = ((await client.get('/api/status')) as { market: { pools: Pool[] } }).market;
  const accepted: Accepted[] = [];
  for (let index = 0; ; index++) {
    try {
      accepted.push((await client.post('/api/trades', intent(pools[index % pools.length]!))) as Accepted);
    } catch (error) {
      // Refused with a code, or nobody is there any more; an answer that never came is told apart by the journal.
      expect(error).toBeInstanceOf(ControlError);
      return accepted;
    }
    await new Promise((resolve) => setTimeout(resolve, OFFER_MS));
  }
}

/** How many of each trade's attempts are on the chain, by the chain's own word. */
async function landings(trades: readonly TradeFacts[]): Promise<number[]> {
  const rpcUrl = readLocalnetFile(installation.dataDir)!.info.rpcUrl;
  const reports = new Map(trades.map((one, index) => [String(index), one as unknown as TradeReport]));
  const known = await countChainLandings([rpcUrl], reports);
  return trades.map((one) => one.attempts.filter(({ signature }) => known?.has(signature)).length);
}

/** Bytes that reach the leader late meet a price that has moved; without any tolerance some of them fail. */
async function failSomeTrade(): Promise<void> {
  const { adminUrl } = readLocalnetFile(installation.dataDir)!.info;
  const chaos = (body: object) => fetch(`${adminUrl}/chaos`, { method: 'PUT', body: JSON.stringify(body) });
  const client = control();
  await client.post('/api/kill-switch', { active: false, reason: 'the next command' });
  await chaos({ sendDelayRate: 1, sendDelayMs: 1_000 });
  await until('a trade fails on the chain', async () => {
    const { pools } = (await status()).market as { pools: Pool[] };
    const trades = await Promise.all(
      pools.map(
        async (pool) => (await client.post('/api/trades', { ...intent(pool), slippageBps: 0 })) as Accepted,
      ),
    );
    const states = async () => Promise.all(trades.map(async (one) => (await tradeOf(one)).state));
    await until('they end', async () => (await states()).every((state) => ENDED.has(state)));
    return (await states()).includes('failed');
  });
  await chaos({ sendDelayRate: 0 });
}

/** Starts a script that leaves another executor behind, and checks that it took over the cluster. */
async function restarted(work: () => Promise<Finished>): Promise<void> {
  const before = installation.run()!;
  const cluster = readLocalnetFile(installation.dataDir)!.info;
  await work();
  const after = installation.followPorts();
  expect(after.pid).not.toBe(before.pid);
  expect(isRunning(before.pid)).toBe(false);
  expect(readLocalnetFile(installation.dataDir)!.info).toEqual(cluster);
  expect(isRunning(cluster.pid)).toBe(true);
  expect((await status()).ready.ready).toBe(true);
}

/** A command's check runs it and looks at its effect; the order is that of a day. */
const CHECKS: { readonly [command: string]: (command: string) => Promise<void> } = {
  'free -h': async (command) => expect((await typed(command)).stdout).toContain('Mem:'),
  'df -h': async (command) => expect((await typed(command)).stdout).toContain('Filesystem'),
  'redis-cli ping': async (command) => expect((await typed(command)).stdout.trim()).toBe('PONG'),
  'npm run start:trading': async (command) => {
    foreground = installation.start(command);
    await until('the executor announces itself', () => installation.run()?.kestraUrl !== undefined);
    const client = control();
    await until('it is ready', async () => (await client.ask('GET', '/readyz')).status === 200, WAIT_MS);
    expect(foreground.child.exitCode).toBe(null);
  },
  'curl http://localhost:3000/health': async (command) => {
    expect((await answered(command)).checks.length).toBeGreaterThan(3);
  },
  "curl http://localhost:3000/api/status | jq '.'": async (command) => {
    expect(await answered(command)).toMatchObject({ pid: installation.run()!.pid, embedded: true });
  },
  "curl http://localhost:3000/api/status | jq '.health.checks'": async (command) => {
    const names = (await answered(command)).map((check: { name: string }) => check.name);
    expect(names).toEqual(
      expect.arrayContaining([
        'blockhash',
        'pools',
        'slotLag',
        'workers',
        'eventLoopLag',
        'memory',
        'disk:DATA_DIR',
        'redis',
        'journal',
      ]),
    );
  },
  'curl http://localhost:3000/metrics': async (command) => {
    expect((await typed(command)).stdout).toMatch(/^hotslot_trades_total\{state="confirmed"\} \d+$/m);
  },
  'curl http://localhost:3000/api/alerts': async (command) => {
    const { firing } = await answered(command);
    expect(firing.map(({ name }: { name: string }) => name)).not.toContain('KillSwitchActivated');
  },
  'curl http://localhost:3000/api/queue/status': async (command) => {
    expect(await answered(command)).toMatchObject({ queued: 0, maxConcurrent: 32 });
  },
  'npm run check:balances': async (command) => {
    const { balances } = await npmJson(command);
    expect(balances).toHaveLength(9);
    for (const balance of balances) expect(Number(balance.lamports)).toBeGreaterThan(0);
  },
  [`npm run validate:token -- ${MINT}`]: async (command) => {
    const token = await npmJson(command);
    expect(token).toMatchObject({
      mint: MINT,
      program: 'spl-token',
      decimals: 6,
      denied: false,
      valid: true,
    });
    expect(token.pools.length).toBeGreaterThan(0);
    for (const pool of token.pools) {
      expect(pool.sell.priceImpactBps).toBeGreaterThan(0);
      expect(pool.roundTripBps).toBeGreaterThan(0);
    }
  },
  'npm run debug:memory': async (command) => {
    const memory = await npmJson(command);
    expect(memory.pid).toBe(installation.run()!.pid);
    expect(memory.heapUsed).toBeGreaterThan(1_000_000);
  },
  'kill -USR2 $(pgrep -f "node.*trading")': async (command) => {
    const found = await typed('pgrep -f "node.*trading"');
    expect(found.stdout.trim()).toBe(String(installation.run()!.pid));
    await typed(command);
    await until('memory is logged', () => logText().includes('memory after a forced collection'));
    expect(isRunning(installation.run()!.pid)).toBe(true);
  },
  "tail -f logs/trading.log | jq '.'": async (command) => {
    // On a terminal, as an operator has it: into a pipe jq writes only when a block of it is full.
    const script = installation.start(command, { terminal: true });
    await until('the tail shows a line', () => script.stdout.includes('timestamp'));
    await script.end();
  },
  [MORE_SLIPPAGE]: async (command) => {
    expect((await answered(command)).state.current).toBe('SUCCESS');
    const [first] = await landed(await trade(1));
    expect(first!.intent.slippageBps).toBe(300);
  },
  'curl -X POST http://localhost:3000/api/queue/clear': async (command) => {
    expect(await answered(command)).toEqual({ cancelled: [] });
  },
  'npm run restart:accounts': async (command) => {
    const trades = await trade(4);
    const result = await npmJson(command);
    expect(result.accounts.refetched).toBe(true);
    expect(result.accounts.tracked).toBeGreaterThan(50);
    expect(result.strayAttempts).toEqual([]);
    await landed(trades);
  },
  'curl http://localhost:3000/api/circuit-breakers': async (command) => {
    const names = (await answered(command)).breakers.map((breaker: { name: string }) => breaker.name);
    expect(names.some((name: string) => name.startsWith('rpc:'))).toBe(true);
    expect(names.some((name: string) => name.startsWith('yellowstone:'))).toBe(true);
  },
  'npm run test:trade -- --dry-run': async (command) => {
    expect(await npmJson(command)).toMatchObject({ accepted: 1, simulated: 1, lost: 0 });
  },
  'curl -X POST http://localhost:3000/api/circuit-breakers/jupiter/close': async (command) => {
    const state = async () => {
      const { breakers } = (await control().get('/api/circuit-breakers')) as { breakers: Breaker[] };
      return breakers.find(({ name }) => name === 'jupiter')?.state;
    };
    await control().post('/api/circuit-breakers/jupiter/open', { reason: 'the next command' });
    expect(await state()).toBe('forcedOpen');
    await answered(command);
    expect(await state()).toBe('closed');
  },
  "curl http://localhost:3000/api/metrics | jq '.trading'": async (command) => {
    const trading = await answered(command);
    expect(trading.trades.landed).toBeGreaterThan(0);
    expect(trading.intentToConfirmedMs.p95).toBeGreaterThan(0);
    expect(trading.slippageBps.realised).toHaveProperty('mean');
    expect(trading).toMatchObject({ queue: {}, concurrency: { limit: 32 }, fees: {} });
    expect(trading).toHaveProperty('successRate');
  },
  'npm run profile:trading': async (command) => {
    await typed(command);
    expect(readdirSync(installation.path('logs')).some((name) => name.endsWith('.html'))).toBe(true);
  },
  'redis-cli keys "aggregator:*" | head -10': async (command) => {
    const keys = (await typed(command)).stdout.trim().split('\n');
    expect(keys.length).toBeLessThanOrEqual(10);
    for (const key of keys) expect(key).toMatch(/^aggregator:/);
  },
  [`redis-cli get "aggregator:price:${MINT}"`]: async (command) => {
    const price = JSON.parse((await typed(command)).stdout);
    expect(price).toMatchObject({ mint: MINT, source: expect.any(String) });
    expect(Number(price.price)).toBeGreaterThan(0);
    expect(Date.now() - price.atMs).toBeLessThan(WAIT_MS);
  },
  'npm run keys:list': async (command) => {
    const { keys } = await npmJson(command);
    expect(keys.map((key: { name: string }) => key.name)).toContain('trading-key-1');
  },
  'npm run keys:rotate -- trading-key-1': async (command) => {
    const rotated = await npmJson(command);
    expect(rotated).toMatchObject({ done: true, retiredAs: 'retired-trading-key-1-1', left: [] });
    const inUse = (await control().get('/api/keys')) as { keys: { name: string; address: string }[] };
    expect(inUse.keys.find((key) => key.name === 'trading-key-1')?.address).toBe(rotated.newAddress);
    expect(inUse.keys.some((key) => key.address === rotated.oldAddress)).toBe(false);
  },
  'npm run keys:verify -- trading-key-1': async (command) => {
    expect(await npmJson(command)).toMatchObject({ signs: true, funded: true, inUse: true });
  },
  'npm run config:update-keys': async (command) => {
    expect((await npmJson(command)).keys).toHaveLength(8);
  },
  'npm run restart:graceful': async (command) => {
    const trades = tradeUntilRefused(control());
    await restarted(() => typed(command));
    // The one in the foreground ended in order, and its shell with it.
    expect((await foreground.finished).code).toBe(0);
    const accepted = await trades;
    expect(accepted.length).toBeGreaterThan(20);
    const facts = await landed(accepted);
    expect(await landings(facts)).toEqual(facts.map(() => 1));
  },
  'npm run restart:trading': (command) => restarted(() => typed(command)),
  'export MAX_CONCURRENT_TRADES=5': async (command) => {
    await restarted(() => typed(`${command}\nnpm run restart:trading`));
    expect((await status()).queue.maxConcurrent).toBe(5);
  },
  'export RPC_POOL_SIZE=10': async (command) => {
    const show = 'exec node dist/src/cli/hotslot.js config show --json';
    expect(lastJson((await typed(`${command}\n${show}`)).stdout).RPC_POOL_SIZE).toBe('10');
  },
  'export DEFAULT_SLIPPAGE=1.5': async (command) => {
    const show = 'exec node dist/src/cli/hotslot.js config show --json';
    expect(lastJson((await typed(`${command}\n${show}`)).stdout).DEFAULT_SLIPPAGE).toBe('1.5');
  },
  'grep "trade_execution" logs/trading.log | jq \'.duration\' | sort -n': async (command) => {
    const durations = (await typed(command)).stdout.trim().split('\n').map(Number);
    expect(durations.length).toBeGreaterThan(20);
    expect(durations).toEqual([...durations].sort((a, b) => a - b));
  },
  [EMERGENCY_STOP]: async (command) => {
    const answer = await answered(command);
    expect(answer.outputs).toMatchObject({ active: true, grade: 'stop', reason: 'manual_emergency_stop' });
    await expect(trade(1)).rejects.toMatchObject({ code: 'KILL_SWITCH_ACTIVE' });
    await control().post('/api/kill-switch', { active: false, reason: 'the next command' });
  },
  [KILL_SWITCH]: async (command) => {
    expect(await answered(command)).toMatchObject({ active: true, grade: 'stop', mayStillLand: [] });
    await expect(trade(1)).rejects.toMatchObject({ code: 'KILL_SWITCH_ACTIVE' });
  },
  "curl http://localhost:3000/api/status | jq '.risk.killSwitchActive'": async (command) => {
    expect(await answered(command)).toBe(true);
    await control().post('/api/kill-switch', { active: false, reason: 'the next command' });
    expect(await answered(command)).toBe(false);
  },
  'curl -X POST http://localhost:3000/api/kill-switch': async (command) => {
    expect(await answered(command)).toMatchObject({ active: true, grade: 'stop' });
  },
  "grep -i error logs/trading.log | jq '.timestamp, .message, .error'": async (command) => {
    await failSomeTrade();
    await until('it is logged', () => logText().includes('ExceededSlippage'));
    const values = (await typed(command)).stdout.trim().split('\n');
    expect(values.length % 3).toBe(0);
    const triples = values.flatMap((_value, index) =>
      index % 3 === 0 ? [values.slice(index, index + 3)] : [],
    );
    const failure = triples.find((triple) => triple[2]?.includes('ExceededSlippage'));
    expect(failure?.[0]).toMatch(/^"\d{4}-\d{2}-\d{2}T/);
    expect(failure?.[1]).toBe('"trade_execution"');
  },
  'npm run stop:trading': async (command) => {
    const { pid } = installation.run()!;
    const cluster = readLocalnetFile(installation.dataDir)!.info.pid;
    await typed(command);
    expect([isRunning(pid), isRunning(cluster)]).toEqual([false, false]);
    expect(installation.run()).toBe(undefined);
  },
  'tar -czf logs-$(date +%Y%m%d).tar.gz logs/': async (command) => {
    await typed(command);
    expect(readdirSync(installation.directory).some((name) => /^logs-\d{8}\.tar\.gz$/.test(name))).toBe(true);
  },
  'find logs/ -name "*.log" -mtime +7 -delete': async (command) => {
    const old = installation.path('logs/old.log');
    writeFileSync(old, '');
    const longAgo = Date.now() / 1000 - 9 * 86_400;
    utimesSync(old, longAgo, longAgo);
    await typed(command);
    expect([existsSync(old), existsSync(installation.path('logs/trading.log'))]).toEqual([false, true]);
  },
  'redis-cli monitor': async (command) => {
    const script = installation.start(command);
    await until('it listens', () => script.stdout.includes('OK'));
    await typed('redis-cli ping');
    await until('it shows what is asked', () => /ping/i.test(script.stdout));
    await script.end();
  },
};

const isKnown = (command: string) => command in CHECKS || reasonElsewhere(command) !== undefined;

describe("the operators' book", () => {
  const book = commandsOf(bookPath(ROOT, process.env));

  beforeAll(async () => {
    const port = await freePort();
    redis = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], {
      stdio: 'ignore',
    });
    installation = new Installation(ROOT, {
      // What is out when a successor takes over is left to it, and not waited for.
      SHUTDOWN_DRAIN_MS: '0',
      LOCALNET_ARGS: '--slot-ms 100 --skip-rate 0 --fork-rate 0',
      REDIS_URL: `redis://127.0.0.1:${port}`,
    });
    installation.addTool('redis-cli', `#!/bin/sh\nPATH=${process.env.PATH} exec redis-cli -p ${port} "$@"\n`);
    await until(
      'Redis answers',
      async () => (await installation.start('redis-cli ping').finished).code === 0,
    );
  });

  afterAll(async () => {
    await installation.remove();
    redis.kill('SIGTERM');
    await once(redis, 'exit');
  });

  it('has no command that is not known here', () => {
    expect(book.length).toBeGreaterThan(40);
    expect(book.filter((command) => !isKnown(command))).toEqual([]);
    expect(commandsOf(OWN_BOOK).filter((command) => !isKnown(command))).toEqual([]);
  });

  for (const command of Object.keys(CHECKS).filter((one) => book.includes(one)))
    it(command, () => CHECKS[command]!(command), WAIT_MS);

  for (const command of book) {
    const reason = reasonElsewhere(command);
    if (reason !== undefined) it.skip(`${command} (needs ${reason})`, () => undefined);
  }
});
