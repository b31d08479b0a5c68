/** One executor, wired in the order in which data flows. It knows no process: no signals, no terminal. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { AttemptTracker } from '../confirm/attempt-tracker.js';
import type { FileJournal } from '../journal/file-journal.js';
import { openJournal } from '../journal/open-journal.js';
import type { ReplayedState } from '../journal/replayed-state.js';
import { TradeIndex } from '../journal/trade-index.js';
import type { Keystore } from '../keys/keystore.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log, LogState } from '../logging/log.js';
import { IntervalLog } from '../metrics/interval-log.js';
import { LatencyRecorder } from '../metrics/latency.js';
import type { Signature } from '../model/brands.js';
import type { RedisSide } from '../redis/redis-side.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import { StopGate } from '../risk/stop-gate.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import { askUntilAnswered } from '../send/ask-until-answered.js';
import { ChainReader } from '../send/chain-reader.js';
import { RpcClient } from '../send/rpc-client.js';
import { RpcPool } from '../send/rpc-pool.js';
import { SlotLagPoll } from '../send/slot-lag-poll.js';
import { TransactionSender } from '../send/transaction-sender.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import type { KeyRing } from '../threads/key-ring.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { createDesk } from './create-desk.js';
import { createRisk, type Risk } from './create-risk.js';
import { laneGuard, nodeGuard, openBreakers, streamGuard } from './endpoint-breakers.js';
import type { Endpoints } from './endpoints.js';
import { type ExecutorWatch, watchExecutor } from './executor-watch.js';
import { FeeWatch } from './fee-watch.js';
import { HotPath } from './hot-path.js';
import { MarketData } from './market-data.js';
import { observeTrades } from './observe-trades.js';
import { type Jupiter, openJupiter } from './open-jupiter.js';
import { openKillSwitch } from './open-kill-switch.js';
import { openLanes } from './open-lanes.js';
import { openRecorder } from './open-recorder.js';
import { openRedis, tellRedis } from './open-redis.js';
import { searchLostAttempts } from './search-lost-attempts.js';
import { startBuilder } from './signing.js';
import { StrangerWatch } from './stranger-watch.js';
import { TradeCounts } from './trade-counts.js';
import { TradeHistory } from './trade-history.js';
import { TradingKeys } from './trading-keys.js';
import { unreadOutcomes } from './unread-outcomes.js';

/** Connections for reads, beside the sending ones. */
const READ_CONNECTIONS = 4;

export interface ExecutorOptions {
  readonly config: Config;
  readonly endpoints: Endpoints;
  /** One that is still being opened is waited for when its keys are needed. */
  readonly keystore: Keystore | Promise<Keystore>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How the writing of the log goes, for health. */
  readonly logState?: () => LogState;
  /** Absent: the one in DATA_DIR is opened. */
  readonly killSwitch?: KillSwitch;
  /**
   * With the stream begun, this is waited for before DATA_DIR is touched: another executor may still be at work on
   * it.
   */
  readonly whenWarm?: (market: MarketData) => Promise<void>;
}

/** What an executor consists of, for those who show or steer it. */
export interface Executor {
  readonly config: Config;
  readonly endpoints: Endpoints;
  readonly market: MarketData;
  readonly desk: TradeDesk;
  readonly risk: Risk;
  readonly killSwitch: KillSwitch;
  readonly journal: FileJournal;
  readonly index: TradeIndex;
  readonly rpc: RpcPool;
  readonly breakers: BreakerRegistry;
  /** Undefined where Jupiter is not asked. */
  readonly jupiter: Jupiter | undefined;
  /** Undefined without REDIS_URL. */
  readonly redis: RedisSide | undefined;
  readonly builder: AdaptiveBuilder;
  readonly hotPath: HotPath;
  readonly latency: LatencyRecorder;
  readonly latencyLog: IntervalLog;
  readonly counts: TradeCounts;
  readonly health: ExecutorWatch['health'];
  /** Health, figures, alerts. */
  readonly watch: ExecutorWatch;
  readonly strangers: StrangerWatch;
  readonly keys: TradingKeys;
  readonly wallets: readonly TradingWallet[];
  readonly replayed: ReplayedState;
  /** Ends what was started, in reverse. Live trades stay in the journal for the next life. */
  close(): Promise<void>;
}

/**
 * Starts an executor and takes up the trades of its journal.
 * @throws HotslotError POOL_UNKNOWN, KEYSTORE_INVALID, JOURNAL_CORRUPT, CONFIG_INVALID (mint lists, RECORD_STREAM)
 */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  let market: MarketData | undefined;
  try {
    return await start(options, (made) => {
      market = made;
    });
  } catch (error) {
    market?.close();
    throw error;
  }
}

async function start(options: ExecutorOptions, onMarket: (market: MarketData) => void): Promise<Executor> {
  const { config, endpoints, clock, random, log } = options;
  const clients = endpoints.rpc.map(
    (url) => new RpcClient({ url, connections: READ_CONNECTIONS, timeoutMs: config.RPC_TIMEOUT_MS }),
  );
  const breakers = openBreakers(endpoints, clock, log);
  // Before the chain is waited for: a stop is shared and seen from the first moment.
  const early = options.killSwitch;
  const earlyRedis =
    early === undefined ? undefined : await openRedis({ ...options, breakers, killSwitch: early });
  const rpc = new RpcPool(clients, clock, nodeGuard(breakers));
  const reader = new ChainReader(rpc);
  const recorder = await openRecorder(options);
  const market = new MarketData({
    endpoints,
    reader,
    recorder,
    clock,
    random,
    log,
    maxStreamAgeMs: config.MAX_STREAM_AGE_MS,
    maxStreamLagSlots: config.STREAM_MAX_LAG_SLOTS,
    streamGuard: streamGuard(breakers),
  });
  onMarket(market);
  const askGenesis = askUntilAnswered(
    () => reader.genesisHash(),
    clock,
    (error) => log.warn('the genesis hash could not be asked for; trying on', { error }),
  );
  const [genesisHash, keystore] = await Promise.all([askGenesis, options.keystore, market.loadPools()]);
  const keys = new TradingKeys(keystore);
  const { wallets } = keys;
  const holdings = market.holdingsOf(keys.all().map((wallet) => wallet.address));
  // The stream gets whole while the rest is opened.
  market.start(holdings, keys.all());
  await options.whenWarm?.(market);
  const { journal, replayed, index } = await openStores(config, clock, genesisHash, log);
  const killSwitch = early ?? openKillSwitch(config, clock);
  const redis = early === undefined ? await openRedis({ ...options, breakers, killSwitch }) : earlyRedis;
  await redis?.whenSwitchSeen();
  shareKillSwitch(killSwitch, market);
  const jupiter = openJupiter({ config, endpoints, breakers, clock, log, pools: market.book });
  const prices = jupiter?.prices;
  const risk = createRisk({ config, clock, log, market, killSwitch, wallets, holdings, prices });
  let queueDepth = () => 0;
  const { builder, routes } = startBuilder({
    config,
    endpoints,
    clock,
    market,
    keys: keys.ring,
    queueDepth: () => queueDepth(),
  });
  const gate = new StopGate(killSwitch);
  const sender = new TransactionSender({
    ...openLanes(config, endpoints.rpc, clock),
    gate,
    clock,
    blockMs: () => market.cache.slots.observedBlockMs(),
    guard: laneGuard(breakers),
  });
  const tracker = new AttemptTracker({
    slots: market.cache.slots,
    statuses: reader,
    clock,
    get streamName() {
      return market.streamName;
    },
    onPollError: (error) => log.warn('statuses could not be asked for', { error }),
  });
  const { admission } = risk;
  const desk = createDesk({
    config,
    clock,
    random,
    log,
    market,
    journal,
    index,
    killSwitch,
    builder,
    gate,
    sender,
    tracker,
    reader,
    admission,
  });
  queueDepth = () => desk.scheduler.startableCount + 1;
  const hotPath = new HotPath({
    config,
    clock,
    random,
    log,
    desk,
    sender,
    killSwitch,
    market,
    routes,
    wallets,
  });
  const latency = new LatencyRecorder({
    venueOf: (pool) => market.book.keysOf(pool)?.venue,
    walletName: (address) => wallets.find((wallet) => wallet.address === address)?.name,
  });
  sender.onReport((report) => latency.recordReport(report));
  const latencyLog = new IntervalLog({
    directory: config.LOG_DIR,
    clock,
    take: () => latency.takeInterval(),
    onError: (error) => log.warn('latencies could not be written down', { error }),
  });
  const counts = new TradeCounts();
  const history = new TradeHistory({ index, journal, journalDir: journalDir(config), clock, log });
  observeTrades({ desk, latency, counts, history, trips: risk.trips, log });
  const stages = { market, journal, killSwitch, rpc, breakers, desk, builder, latency, counts, redis };
  const watch = watchExecutor({ config, clock, random, log, logState: options.logState, ...stages });
  const { health } = watch;
  const strangers = new StrangerWatch((signature) => isOurs(signature, desk, index), log);
  market.cache.addListener(desk.poolNews);
  market.book.listen(desk.poolNews);
  market.follow(tracker, strangers);
  const unread = unreadOutcomes(replayed.trades.values(), (signature) => risk.pnl.has(signature));
  const warmUp = pauseUntilWarm(desk, market, clock);
  // In the order in which they came, as the memory keeps them.
  const taken = [...replayed.live, ...unread].sort((one, other) => (one.id < other.id ? -1 : 1));
  desk.resume(taken, clock.monotonicUs(), replayed.suspect);
  market.tellHeldTransactions();
  const lost = searchLostAttempts({ replayed, desk, journal, index, market, rpc, clock, log });
  searchStrangers(strangers, reader, wallets, replayed, clock, log);
  if (redis !== undefined) tellRedis(redis, { desk, market, killSwitch, health, counts });
  const fees = watchFees({ config, clock, log, market, reader });
  const lagPoll = new SlotLagPoll({ pool: rpc, clock, random, newestSlot: () => market.cache.slots.head() });
  const outage = watchOutages(risk, market, rpc, clock);
  const close = async () => {
    warmUp.cancel();
    desk.beginShutdown();
    await hotPath.close();
    lost.close();
    strangers.close();
    outage.cancel();
    lagPoll.close();
    fees?.close();
    await jupiter?.close();
    await watch.close();
    market.close();
    tracker.close();
    sender.close();
    await recorder?.close();
    await latencyLog.close();
    await redis?.close();
    await closeStores({ builder, keys: keys.ring, risk, history, journal });
    await Promise.all(clients.map((client) => client.close()));
  };
  return {
    config,
    endpoints,
    market,
    desk,
    risk,
    killSwitch,
    journal,
    index,
    rpc,
    breakers,
    jupiter,
    builder,
    hotPath,
    redis,
    latency,
    latencyLog,
    counts,
    health,
    watch,
    strangers,
    keys,
    wallets,
    replayed,
    close,
  };
}

/** Undefined where the price does not follow the chain. */
function watchFees({
  config,
  clock,
  log,
  market,
  reader,
}: Pick<ExecutorOptions, 'config' | 'clock' | 'log'> & {
  readonly market: MarketData;
  readonly reader: ChainReader;
}): FeeWatch | undefined {
  if (config.PRIORITY_FEE_PERCENTILE === 0) return undefined;
  return new FeeWatch({
    reader,
    pools: () => market.book.pools(),
    setFeeLevel: (pool, microLamports) => market.board.setFeeLevel(market.feed.indexOf(pool), microLamports),
    clock,
    percentile: config.PRIORITY_FEE_PERCENTILE,
    pollMs: config.PRIORITY_FEE_POLL_MS,
    onFault: (error) =>
      log.warn('a node could not be asked what others pay; the last prices stand', { error }),
  });
}

const journalDir = (config: Config) => join(config.DATA_DIR, 'journal');

async function openStores(config: Config, clock: Clock, genesisHash: string, log: Log) {
  const dir = journalDir(config);
  const { journal, replayed } = await openJournal({ dir, genesisHash, sync: config.JOURNAL_SYNC, clock });
  for (const fault of replayed.faults) log.warn('the journal has a record that cannot be read', { ...fault });
  if (replayed.setAside !== undefined)
    log.warn("another chain's journal was set aside", { path: replayed.setAside });
  const index = await TradeIndex.open({
    dir: join(config.DATA_DIR, 'index'),
    journalDir: dir,
    genesisHash,
    replayed,
  });
  return { journal, replayed, index };
}

async function closeStores(parts: {
  readonly builder: AdaptiveBuilder;
  readonly keys: KeyRing;
  readonly risk: Risk;
  readonly history: TradeHistory;
  readonly journal: FileJournal;
}): Promise<void> {
  await parts.builder.close();
  parts.keys.clear();
  await parts.risk.close();
  await parts.history.close();
  await parts.journal.close();
}

/** Every worker reads the grade from the shared board; the sending gate reads the switch itself. */
function shareKillSwitch(killSwitch: KillSwitch, market: MarketData): void {
  const share = () => market.board.setKillSwitch(killSwitch.grade ?? 'off');
  share();
  killSwitch.onChange(share);
}

function isOurs(signature: Signature, desk: TradeDesk, index: TradeIndex): boolean {
  return desk.knowsSignature(signature) || index.hasSignature(signature);
}

/** In the background: trading does not wait for it. */
function searchStrangers(
  strangers: StrangerWatch,
  reader: ChainReader,
  wallets: readonly TradingWallet[],
  replayed: ReplayedState,
  clock: Clock,
  log: Log,
): void {
  const first = replayed.trades.values().next();
  if (first.done) return;
  const { acceptedAtMs } = first.value;
  for (const { address } of wallets) {
    const search = () => strangers.searchHistory(reader, address, acceptedAtMs);
    const failed = (error: unknown) =>
      log.warn("a wallet's history could not be searched for strangers", { wallet: address, error });
    askUntilAnswered(search, clock, failed).catch(failed);
  }
}

const WARM_CHECK_MS = 10;

/** Trades of the last life would be denied as stale before the first blockhash and the pools are here. */
function pauseUntilWarm(desk: TradeDesk, market: MarketData, clock: Clock): TimerHandle {
  desk.scheduler.pause('The executor is warming up.', 'NOT_READY');
  const timer = clock.every(WARM_CHECK_MS, () => {
    const { cache } = market;
    if (cache.blockhashes.newest() === undefined || cache.suspectCount > 0) return;
    timer.cancel();
    desk.scheduler.resume();
  });
  return timer;
}

const OUTAGE_CHECK_MS = 500;

/** Tells the automatic trips whether stream and RPC answer at all. */
function watchOutages(risk: Risk, market: MarketData, rpc: RpcPool, clock: Clock) {
  return clock.every(OUTAGE_CHECK_MS, () => {
    risk.trips.streamIsUp(market.streamStatus === 'live');
    risk.trips.rpcIsUp(rpc.health().some((node) => !node.isFailing));
  });
}
