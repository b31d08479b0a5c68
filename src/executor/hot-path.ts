/** What tends the hot path while the executor runs: the limit of trades at once, and the keeping warm. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Config } from '../config/config.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log } from '../logging/log.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { TradingWallet } from '../schedule/wallet-chooser.js';
import type { Sender } from '../send/types.js';
import type { RouteBook } from '../threads/route-book.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { AdaptiveConcurrency } from './adaptive-concurrency.js';
import { deskSettings } from './create-desk.js';
import { KeepWarm, type KeepWarmStats } from './keep-warm.js';
import type { MarketData } from './market-data.js';
import { RoutePreparation } from './route-preparation.js';
import { WarmPath } from './warm-path.js';

/** How late the main thread's loop runs, µs: what synchronous work of others costs a trade. */
export interface LoopDelay {
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** Milliseconds between two looks at the loop. */
const LOOP_LOOK_MS = 5;

export interface HotPathOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly desk: TradeDesk;
  readonly sender: Sender;
  readonly killSwitch: KillSwitch;
  readonly market: MarketData;
  readonly routes: RouteBook;
  readonly wallets: readonly TradingWallet[];
}

export class HotPath {
  readonly concurrency: AdaptiveConcurrency;
  readonly #preparation: RoutePreparation;
  readonly #loop: IntervalHistogram;
  #keepWarm: KeepWarm | undefined;
  #closed = false;

  constructor(options: HotPathOptions) {
    const { config, desk, sender, log } = options;
    const mode = config.MAX_CONCURRENT_TRADES === 'auto' ? 'auto' : 'fixed';
    this.concurrency = new AdaptiveConcurrency(desk.scheduler, mode);
    sender.onReport((report) => this.concurrency.onReport(report));
    desk.onTrade((event) => {
      this.concurrency.onTrade(event);
      if (event.change.state === 'queued') this.#keepWarm?.onTrade();
    });
    this.#loop = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS });
    this.#loop.enable();
    const { clock, routes, market, wallets } = options;
    this.#preparation = new RoutePreparation({
      clock,
      routes,
      pools: () => market.book.pools().map((keys) => keys.pool),
      wallets: wallets.map((wallet) => wallet.address),
      isIdle: () => desk.scheduler.queuedCount === 0,
    });
    if (config.KEEP_WARM_MS === 0) return;
    this.#startWarming(options).catch((error: unknown) => {
      log.warn('the hot path is not kept warm', { error });
    });
  }

  /** Undefined with KEEP_WARM_MS=0. */
  keepWarmStats(): KeepWarmStats | undefined {
    return this.#keepWarm?.stats();
  }

  loopDelay(): LoopDelay {
    // The histogram holds the time between two looks.
    const late = (ns: number) => Math.max(0, Math.round(ns / 1000) - LOOP_LOOK_MS * 1000);
    if (this.#loop.count === 0) return { meanUs: 0, p50Us: 0, p99Us: 0, maxUs: 0 };
    const at = (percentile: number) => late(this.#loop.percentile(percentile));
    return { meanUs: late(this.#loop.mean), p50Us: at(50), p99Us: at(99), maxUs: late(this.#loop.max) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#loop.disable();
    this.#preparation.close();
    await this.#keepWarm?.close();
  }

  async #startWarming({ config, clock, random, desk, killSwitch }: HotPathOptions): Promise<void> {
    const path = await WarmPath.open({
      clock,
      random,
      settings: deskSettings(config),
      lockScope: config.LOCK_SCOPE,
    });
    if (this.#closed) {
      await path.close();
      return;
    }
    this.#keepWarm = new KeepWarm({
      periodMs: config.KEEP_WARM_MS,
      clock,
      path,
      mayRun: () => killSwitch.grade !== 'stop' && desk.scheduler.queuedCount === 0,
    });
  }
}
