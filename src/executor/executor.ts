/** One executor, wired in the order in which data flows. It knows no process: no signals, no terminal. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { AttemptTracker } from '../confirm/attempt-tracker.js';
import type { FileJournal } from '../journal/file-journal.js';
import { openJournal } from '../journal/open-journal.js';
import type { ReplayedState } from '../journal/replayed-state.js';
import type { Keystore } from '../keys/keystore.js';
import type { DeskFault } from '../lifecycle/ports.js';
import { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import { Router } from '../market/router.js';
import { LatencyRecorder } from '../metrics/latency.js';
import { KillSwitch } from '../risk/kill-switch.js';
import { StopGate } from '../risk/stop-gate.js';
import { AccountInterner } from '../schedule/account-interner.js';
import { LockTable } from '../schedule/lock-table.js';
import { ChainReader } from '../send/chain-reader.js';
import { HttpLane } from '../send/http-lane.js';
import { RpcClient } from '../send/rpc-client.js';
import { RpcPool } from '../send/rpc-pool.js';
import { readRpcTransaction } from '../send/rpc-transaction.js';
import { TransactionSender } from '../send/transaction-sender.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import { createAttemptBuilder } from '../threads/create-builder.js';
import { KeyRing } from '../threads/key-ring.js';
import { RouteBook } from '../threads/route-book.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { transactionErrorName } from '../transaction/program-errors.js';
import { type TradingWallet, WalletAdmission } from './admission.js';
import type { Endpoints } from './endpoints.js';
import { Health } from './health.js';
import { MarketData } from './market-data.js';
import { TradeCounts } from './trade-counts.js';
import { TradeLocks } from './trade-locks.js';

/** Connections for reads, beside the sending ones. */
const READ_CONNECTIONS = 4;
/** Rent of a token account and the base fee: what a transaction can cost beside its priority fee. */
const RENT_AND_FEE_LAMPORTS = 2_044_280n;
const TRADING_KEY_PREFIX = 'trading-key-';

export interface ExecutorOptions {
  readonly config: Config;
  readonly endpoints: Endpoints;
  readonly keystore: Keystore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Executor {
  readonly config: Config;
  readonly endpoints: Endpoints;
  readonly market: MarketData;
  readonly desk: TradeDesk;
  readonly killSwitch: KillSwitch;
  readonly rpc: RpcPool;
  readonly builder: AdaptiveBuilder;
  readonly latency: LatencyRecorder;
  readonly counts: TradeCounts;
  readonly health: Health;
  readonly wallets: readonly TradingWallet[];
  readonly replayed: ReplayedState;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.config = parts.options.config;
    this.endpoints = parts.options.endpoints;
    this.market = parts.market;
    this.desk = parts.desk;
    this.killSwitch = parts.killSwitch;
    this.rpc = parts.rpc;
    this.builder = parts.builder;
    this.latency = parts.latency;
    this.counts = parts.counts;
    this.health = parts.health;
    this.wallets = parts.wallets;
    this.replayed = parts.replayed;
  }

  /** Ends what was started, in reverse. Live trades stay in the journal for the next life. */
  async close(): Promise<void> {
    const { market, sender, tracker, builder, keys, journal, clients, health } = this.#parts;
    this.desk.beginShutdown();
    market.close();
    tracker.close();
    sender.close();
    await builder.close();
    keys.clear();
    health.close();
    await journal.close();
    await Promise.all(clients.map((client) => client.close()));
  }
}

interface Parts {
  readonly options: ExecutorOptions;
  readonly market: MarketData;
  readonly desk: TradeDesk;
  readonly killSwitch: KillSwitch;
  readonly rpc: RpcPool;
  readonly builder: AdaptiveBuilder;
  readonly latency: LatencyRecorder;
  readonly counts: TradeCounts;
  readonly health: Health;
  readonly wallets: readonly TradingWallet[];
  readonly replayed: ReplayedState;
  readonly sender: TransactionSender;
  readonly tracker: AttemptTracker;
  readonly keys: KeyRing;
  readonly journal: FileJournal;
  readonly clients: readonly RpcClient[];
}

/**
 * Starts an executor and takes up the trades of its journal.
 * @throws HotslotError POOL_UNKNOWN, KEYSTORE_INVALID, JOURNAL_CORRUPT, JOURNAL_UNWRITABLE
 */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const { config, endpoints, keystore, clock, random, log } = options;
  const clients = endpoints.rpc.map(
    (url) => new RpcClient({ url, connections: READ_CONNECTIONS, timeoutMs: config.RPC_TIMEOUT_MS }),
  );
  const rpc = new RpcPool(clients, clock);
  const reader = new ChainReader(rpc);
  const market = new MarketData({
    endpoints,
    reader,
    clock,
    random,
    log,
    maxStreamAgeMs: config.MAX_STREAM_AGE_MS,
  });
  const [genesisHash] = await Promise.all([reader.genesisHash(), market.loadPools()]);
  const { journal, replayed } = await openJournal({
    dir: join(config.DATA_DIR, 'journal'),
    genesisHash,
    sync: config.JOURNAL_SYNC,
    clock,
  });
  const killSwitch = new KillSwitch({ path: join(config.DATA_DIR, 'kill-switch.json'), clock });
  const { keys, wallets } = loadTradingKeys(keystore);
  const builder = startBuilder(options, market, keys);
  const gate = new StopGate(killSwitch);
  const sender = new TransactionSender({
    lanes: openLanes(options),
    gate,
    clock,
    blockMs: () => market.cache.slots.observedBlockMs(),
  });
  const tracker = new AttemptTracker({
    slots: market.cache.slots,
    statuses: reader,
    clock,
    streamName: market.streamName,
    onPollError: (error) => log.warn('statuses could not be asked for', { error }),
  });
  const wired = { market, journal, killSwitch, builder, gate, sender, tracker, reader, wallets };
  const desk = createDesk(options, wired);
  const latency = new LatencyRecorder();
  const counts = new TradeCounts();
  observe(desk, latency, counts, log);
  market.cache.addListener(desk.poolNews);
  market.book.listen(desk.poolNews);
  market.start(
    wallets.map((wallet) => wallet.address),
    tracker,
    () => undefined,
  );
  desk.resume([...replayed.trades.values()], clock.monotonicUs());
  const health = new Health(() => healthFacts(options, wired, rpc), clock);
  return new Executor({
    options,
    market,
    desk,
    killSwitch,
    rpc,
    builder,
    latency,
    counts,
    health,
    wallets,
    replayed,
    sender,
    tracker,
    keys,
    journal,
    clients,
  });
}

interface Wired {
  readonly market: MarketData;
  readonly journal: FileJournal;
  readonly killSwitch: KillSwitch;
  readonly builder: AdaptiveBuilder;
  readonly gate: StopGate;
  readonly sender: TransactionSender;
  readonly tracker: AttemptTracker;
  readonly reader: ChainReader;
  readonly wallets: readonly TradingWallet[];
}

function createDesk({ config, clock, random, log }: ExecutorOptions, wired: Wired): TradeDesk {
  const { market, journal, killSwitch, builder, gate, sender, tracker, reader, wallets } = wired;
  const router = new Router(market.book, () => clock.nowMs());
  const poolKeys = market.book.keysOf.bind(market.book);
  const tradeLocks = new TradeLocks(new AccountInterner(), config.LOCK_SCOPE, poolKeys);
  const admission = new WalletAdmission({
    wallets: () => wallets,
    accounts: market.cache,
    poolKeys,
    minWalletLamports: config.MIN_WALLET_LAMPORTS,
    maxCostLamports: config.MAX_PRIORITY_FEE_LAMPORTS + RENT_AND_FEE_LAMPORTS,
  });
  return new TradeDesk({
    clock,
    random,
    slots: market.cache.slots,
    route: (question) => router.choose(question),
    poolKeys,
    locks: new LockTable(),
    lockSet: (trade) => tradeLocks.lockSet(trade),
    admission,
    killGrade: () => killSwitch.grade ?? 'off',
    gate: {
      stopCount: () => killSwitch.stopCount,
      admit: (signature) => gate.admit(signature),
      admitEarlier: (signature, signedAtMs) => gate.admitEarlier(signature, signedAtMs),
      forget: (signature) => gate.forget(signature),
    },
    builder,
    journal,
    sender,
    confirmer: tracker,
    simulate: (wire) => reader.simulate(wire),
    fetchTransaction: async (signature) => {
      const answer = await reader.transaction(signature);
      return answer === undefined ? undefined : readRpcTransaction(signature, answer, clock.monotonicUs());
    },
    errorName: (error, transaction) =>
      transactionErrorName(error, () => undefined, transaction?.logMessages) ?? 'none',
    history: { byId: () => undefined, byClientOrderId: () => undefined },
    onFault: (fault) => logFault(log, fault),
    settings: {
      maxAttempts: config.MAX_ATTEMPTS,
      expiryCommitment: config.EXPIRY_COMMITMENT,
      computeUnitLimit: config.COMPUTE_UNIT_LIMIT,
      computeUnitPriceMicroLamports: config.COMPUTE_UNIT_PRICE,
      maxPriorityFeeLamports: config.MAX_PRIORITY_FEE_LAMPORTS,
      maxBlockhashAgeSlots: config.MAX_BLOCKHASH_AGE_SLOTS,
      maxPoolAgeSlots: config.MAX_POOL_AGE_SLOTS,
      lockRelease: config.LOCK_RELEASE,
      venueLockSlots: config.VENUE_LOCK_SLOTS,
      maxConcurrent:
        config.MAX_CONCURRENT_TRADES === 'auto' ? AUTO_FIRST_LIMIT : config.MAX_CONCURRENT_TRADES,
      maxQueued: config.MAX_QUEUED_TRADES,
      journalDurable: config.JOURNAL_SYNC === 'always',
      mayTradeLive: config.mayTradeLive,
    },
  });
}

/** What `auto` begins with. */
const AUTO_FIRST_LIMIT = 32;

function logFault(log: Log, fault: DeskFault): void {
  const { kind, message, tradeId, error } = fault;
  log[kind === 'invariant' ? 'error' : 'warn'](message, { kind, tradeId, error });
}

function loadTradingKeys(keystore: Keystore): { keys: KeyRing; wallets: TradingWallet[] } {
  const keys = new KeyRing();
  const wallets: TradingWallet[] = [];
  for (const { name, address } of keystore.entries()) {
    if (!name.startsWith(TRADING_KEY_PREFIX)) continue;
    keys.add(keystore.load(name));
    wallets.push({ name, address });
  }
  return { keys, wallets };
}

function startBuilder(
  { config, endpoints, clock }: ExecutorOptions,
  market: MarketData,
  keys: KeyRing,
): AdaptiveBuilder {
  const routes = new RouteBook({
    keysOf: (pool) => market.book.keysOf(pool),
    indexOf: (pool) => market.feed.indexOf(pool),
    accountExists: (account) => (market.cache.get(account)?.lamports ?? 0n) > 0n,
  });
  keepLookupTables(routes, market, endpoints);
  return createAttemptBuilder({
    mode: config.SIGNING,
    board: market.board,
    routes,
    keys,
    clock,
    ...(config.WORKERS === undefined ? {} : { workers: config.WORKERS }),
  });
}

/** Messages are compiled against tables whose confirmed state is known; a change compiles them anew. */
function keepLookupTables(routes: RouteBook, market: MarketData, endpoints: Endpoints): void {
  let shape = '';
  market.cache.addListener({
    onConfirmed: () => {
      const tables = endpoints.lookupTables.flatMap(
        (address) => market.cache.lookupTables.usable(address) ?? [],
      );
      const now = tables.map((table) => `${table.address}:${table.addresses.length}`).join(' ');
      if (now === shape) return;
      shape = now;
      routes.setLookupTables(tables);
    },
  });
}

/** Connections spread over the endpoints in turn, each endpoint at least one. */
function openLanes({ config, endpoints, clock }: ExecutorOptions): HttpLane[] {
  const count = Math.max(config.RPC_POOL_SIZE, endpoints.rpc.length);
  return Array.from({ length: count }, (_, index) => {
    const url = endpoints.rpc[index % endpoints.rpc.length]!;
    return new HttpLane({ url, timeoutMs: config.RPC_TIMEOUT_MS, clock });
  });
}

function observe(desk: TradeDesk, latency: LatencyRecorder, counts: TradeCounts, log: Log): void {
  desk.onTrade((event) => {
    counts.onTrade(event);
    const { trade, change } = event;
    if (change.state === 'sent') latency.recordSent(trade);
    else if (change.state === 'processed' || change.state === 'confirmed' || change.state === 'finalized') {
      latency.recordReached(trade, change.state);
    }
    if (!LOGGED_STATES.has(change.state)) return;
    log.info('trade_execution', {
      id: trade.id,
      state: change.state,
      signature: trade.attempts.at(-1)?.signature,
      duration: change.knownAtMs - trade.acceptedAtMs,
      stagesUs: trade.times,
      ...(trade.outcome?.error === undefined ? {} : { error: trade.outcome.error }),
      ...(trade.denial === undefined ? {} : { denial: trade.denial.code }),
    });
  });
}

const LOGGED_STATES: ReadonlySet<string> = new Set([
  'confirmed',
  'failed',
  'expired',
  'denied',
  'cancelled',
  'simulated',
  'unknown',
]);

function healthFacts({ config }: ExecutorOptions, { market, journal, killSwitch }: Wired, rpc: RpcPool) {
  const { cache, book } = market;
  const newest = cache.blockhashes.newest();
  const pools = book.pools();
  const isStale = (age: number) => !(age <= config.MAX_POOL_AGE_SLOTS);
  return {
    streams: [{ name: market.streamName, live: market.streamStatus === 'live', ageMs: cache.streamAgeMs() }],
    maxStreamAgeMs: config.MAX_STREAM_AGE_MS,
    blockhashAgeSlots: newest === undefined ? undefined : cache.slots.head() - newest.slot,
    maxBlockhashAgeSlots: config.MAX_BLOCKHASH_AGE_SLOTS,
    stalePools: pools.filter(
      (keys) => book.snapshotOf(keys.pool) === undefined || isStale(book.ageSlots(keys.pool)),
    ).length,
    pools: pools.length,
    rpcs: rpc.health(),
    journalWritable: journal.writable,
    killSwitchActive: killSwitch.grade !== undefined,
  };
}
