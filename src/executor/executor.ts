/** One executor, wired in the order in which data flows. It knows no process: no signals, no terminal. */
import type { Config } from '../config/config.js';
import type { FileJournal } from '../journal/file-journal.js';
import type { ReplayedState } from '../journal/replayed-state.js';
import type { TradeIndex } from '../journal/trade-index.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { IntervalLog } from '../metrics/interval-log.js';
import type { LatencyRecorder } from '../metrics/latency.js';
import type { RedisSide } from '../redis/redis-side.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import type { RpcPool } from '../send/rpc-pool.js';
import type { StreamRecorder } from '../stream/recorder.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import { beginStream, createMarket } from './begin-market.js';
import { closeStages, type Stages } from './close-stages.js';
import type { Risk } from './create-risk.js';
import { createTradePath } from './create-trade-path.js';
import type { Endpoints } from './endpoints.js';
import type { ExecutorOptions } from './executor-options.js';
import type { ExecutorWatch } from './executor-watch.js';
import type { HotPath } from './hot-path.js';
import type { MarketData } from './market-data.js';
import { measureTrades } from './measure-trades.js';
import { type Chain, openChain } from './open-chain.js';
import type { Jupiter } from './open-jupiter.js';
import { openRecorder } from './open-recorder.js';
import { tellRedis } from './open-redis.js';
import { openStores } from './open-stores.js';
import { shareEarly, shareKillSwitch } from './share-kill-switch.js';
import type { StrangerWatch } from './stranger-watch.js';
import { takeUpTrades } from './take-up-trades.js';
import type { TradeCounts } from './trade-counts.js';
import type { TradingKeys } from './trading-keys.js';
import { watchChain } from './watch-chain.js';

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
  const chain = openChain(options);
  const earlyRedis = await shareEarly(options, chain);
  const recorder = await openRecorder(options);
  const market = createMarket(options, chain, recorder);
  try {
    const stages = await startStages(options, { ...chain, market, recorder, earlyRedis });
    return executorOf(options, stages);
  } catch (error) {
    market.close();
    throw error;
  }
}

/** What is there before anything was waited for. */
interface Ground extends Chain {
  readonly market: MarketData;
  readonly recorder: StreamRecorder | undefined;
  readonly earlyRedis: RedisSide | undefined;
}

/** Each step has what those before it made. */
async function startStages(options: ExecutorOptions, ground: Ground): Promise<Stages> {
  const { market, earlyRedis } = ground;
  // From here on the stream gets whole while the rest is opened.
  const begun = await beginStream(options, ground);
  await options.whenWarm?.(market);
  const stores = await openStores(options, begun.genesisHash);
  const shared = await shareKillSwitch(options, ground, earlyRedis);
  const known = { ...ground, ...begun, ...stores, ...shared };
  const path = { ...known, ...createTradePath(options, known) };
  const measured = { ...path, ...measureTrades(options, path) };
  // Ahead of the trades that are taken up: some of them end, or turn out to have landed, in that very step.
  if (shared.redis !== undefined) tellRedis(shared.redis, { ...measured, health: measured.watch.health });
  const takenUp = takeUpTrades(options, path);
  return { ...measured, ...takenUp, chainWatch: watchChain(options, path) };
}

/** What of it is for others. */
function executorOf({ config, endpoints }: ExecutorOptions, stages: Stages): Executor {
  const { market, desk, risk, killSwitch, journal, index, replayed, rpc, breakers, jupiter, redis } = stages;
  const { builder, hotPath, latency, latencyLog, counts, watch, strangers, keys } = stages;
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
    redis,
    builder,
    hotPath,
    latency,
    latencyLog,
    counts,
    health: watch.health,
    watch,
    strangers,
    keys,
    wallets: keys.wallets,
    replayed,
    close: () => closeStages(stages),
  };
}
