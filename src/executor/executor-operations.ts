/** The control plane's view of an executor. */

import { worstLevel } from '../control/health-routes.js';
import type { Maintenance, Operations } from '../control/operations.js';
import type { SlippageOverride } from '../control/slippage-override.js';
import { CpuProfiler } from '../metrics/cpu-profiler.js';
import { percentileFile } from '../metrics/interval-log.js';
import { toThousandths } from '../model/told-times.js';
import { systemClock } from '../time/clock.js';
import { VERSION } from '../version.js';
import { breakerViews, setBreakers } from './endpoint-breakers.js';
import { engageKillSwitch, shareKillSwitch } from './engage-kill-switch.js';
import type { Executor } from './executor.js';
import { killSwitchVersionOf } from './kill-switch-version.js';
import { priceView, priceViews } from './price-views.js';
import { prometheusScraper } from './prometheus.js';
import { killSwitchState } from './starting-operations.js';
import { listTrades } from './trade-listing.js';
import { executorMetrics } from './trading-metrics.js';

const PERCENT_IN_BPS = 100;

export function executorOperations(
  executor: Executor,
  startedAtMs: number,
  slippage: SlippageOverride,
): Omit<Operations, keyof Maintenance> {
  const { desk, killSwitch, config, health, watch } = executor;
  const scraper = prometheusScraper(executor, systemClock);
  const profiler = new CpuProfiler(systemClock);
  return {
    intentDefaults: () => ({
      slippageBps: Math.round((slippage.percent ?? config.DEFAULT_SLIPPAGE) * PERCENT_IN_BPS),
      deadlineMs: config.DEFAULT_DEADLINE_MS,
      validityBlocks: config.DEFAULT_VALIDITY_BLOCKS,
    }),
    submit: (intent, receivedUs, fingerprint) => desk.submit(intent, receivedUs, fingerprint),
    trade: (id) => desk.get(id),
    addressOf: (name) => executor.keys.all().find((wallet) => wallet.name === name)?.address,
    trades: (query) => listTrades({ memory: desk.newestFirst(), archive: executor.index }, query),
    cancel: (id) => desk.cancel(id),
    queueStatus: () => desk.scheduler.status(),
    clearQueue: () => desk.clearQueue(),
    killSwitch: () => killSwitchState(killSwitch.status()),
    killSwitchVersion: killSwitchVersionOf(killSwitch),
    engageKillSwitch: (grade, reason, source) => engageKillSwitch(executor, grade, reason, source),
    releaseKillSwitch: async (reason, source) => {
      killSwitch.release(reason, source);
      const shared = await shareKillSwitch(executor);
      // A newer stop of another executor may have come to light: it holds.
      return { ...killSwitchState(killSwitch.status()), ...shared };
    },
    breakers: () => breakerViews(executor.breakers),
    setBreaker: (name, state) => setBreakers(executor.breakers, name, state),
    setMaxConcurrentTrades: (limit) => executor.hotPath.concurrency.set(limit),
    health: () => health.checks(),
    readiness: () => health.readiness(),
    status: () => statusOf(executor, startedAtMs),
    latency: () => ({
      ...executor.latency.snapshot(),
      signing: executor.builder.stats(),
      keepWarm: executor.hotPath.keepWarmStats(),
      concurrency: executor.hotPath.concurrency.status(),
      loop: executor.hotPath.loopDelay(),
    }),
    latencyStages: (of, name) => executor.latency.stagesOf(of, name),
    latencyNames: (of) => executor.latency.members(of),
    latencyLog: () => executor.latencyLog.read(),
    latencyPercentiles: (histogram) => percentileFile(executor.latency.histogram(histogram)),
    profile: (durationMs) => profiler.profile(durationMs),
    prices: () => priceViews(executor.market.book, executor.jupiter?.prices),
    price: (mint) => priceView(executor.market.book, executor.jupiter?.prices, mint),
    metrics: () => executorMetrics(executor, systemClock.nowMs()),
    scrape: () => scraper.scrape(),
    alerts: () => ({
      firing: watch.alerts.firing(),
      recent: watch.alerts.recent(),
      deliveries: watch.delivery.states(),
    }),
    positions: () => ({
      positions: executor.risk.positions.rows(),
      pnl: executor.risk.pnl.status(),
      quoteMint: config.QUOTE_MINT,
    }),
  };
}

function statusOf(executor: Executor, startedAtMs: number) {
  const { market, desk, counts, config, endpoints, killSwitch, health } = executor;
  const { slots, blockhashes } = market.cache;
  const checks = health.checks();
  const kill = killSwitchState(killSwitch.status());
  return {
    version: VERSION,
    pid: process.pid,
    startedAtMs,
    embedded: config.embedded,
    liveTrading: config.mayTradeLive,
    ready: health.readiness(),
    health: { status: worstLevel(checks), checks },
    ...(executor.redis === undefined ? {} : { redis: executor.redis.status() }),
    risk: { killSwitchActive: kill.active, killSwitch: kill },
    chain: {
      slot: slots.head(),
      confirmedSlot: slots.slot('confirmed'),
      finalizedSlot: slots.slot('finalized'),
      blockHeight: slots.blockHeight('confirmed'),
      blockMs: toThousandths(slots.observedBlockMs()),
      blockhash: blockhashes.newest(),
    },
    endpoints: {
      yellowstone: endpoints.yellowstone.map(withoutSecrets),
      jupiter: endpoints.jupiter === undefined ? null : withoutSecrets(endpoints.jupiter),
      rpc: rpcUrls(executor),
      streams: market.streamEndpoints().map((one) => ({ ...one, ageMs: toThousandths(one.ageMs) })),
      nodes: executor.rpc.health().map((one) => ({ ...one, meanMs: toThousandths(one.meanMs) })),
    },
    market: { pools: market.book.pools().map((keys) => poolView(executor, keys.pool)) },
    wallets: executor.wallets,
    trades: {
      landed: counts.landed,
      failed: counts.reached('failed'),
      expired: counts.reached('expired'),
      denied: counts.reached('denied'),
      cancelled: counts.reached('cancelled'),
      simulated: counts.reached('simulated'),
      live: desk.liveCount,
      successRate: counts.successRate,
    },
    queue: desk.scheduler.status(),
    concurrency: executor.hotPath.concurrency.status(),
    journal: { faults: executor.replayed.faults.length, recordCount: executor.replayed.recordCount },
  };
}

/** Keys of paid endpoints are often in the path or the query: only scheme and host are shown, save on loopback. */
function rpcUrls({ config, endpoints }: Executor): readonly string[] {
  return config.embedded ? endpoints.rpc : endpoints.rpc.map(withoutSecrets);
}

function withoutSecrets(url: string): string {
  return url.includes('://') ? new URL(url).origin : url;
}

function poolView({ market }: Executor, pool: Parameters<typeof market.book.keysOf>[0]) {
  const keys = market.book.keysOf(pool);
  const snapshot = market.book.snapshotOf(pool);
  const age = market.book.ageSlots(pool);
  return {
    pool,
    venue: keys?.venue,
    mint0: keys?.mint0,
    mint1: keys?.mint1,
    decimals0: keys?.decimals0,
    decimals1: keys?.decimals1,
    slot: snapshot?.slot,
    ageSlots: Number.isFinite(age) ? age : null,
    reserve0: (snapshot?.state.reserve0 ?? 0n).toString(),
    reserve1: (snapshot?.state.reserve1 ?? 0n).toString(),
    feeLevelMicroLamports: market.board.feeLevelMicroLamports(market.feed.indexOf(pool)),
  };
}
