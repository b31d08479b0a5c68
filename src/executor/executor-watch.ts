/** Everybody who watches a running executor: health, figures, alerts and what Prometheus scrapes. */
import { join } from 'node:path';
import { AlertWatch } from '../alerts/alert-watch.js';
import { type AlertDelivery, deliverAlerts } from '../alerts/deliver-alerts.js';
import { FiringFile } from '../alerts/firing-file.js';
import type { Config } from '../config/config.js';
import type { FileJournal } from '../journal/file-journal.js';
import type { TradeDesk } from '../lifecycle/trade-desk.js';
import type { Log, LogState } from '../logging/log.js';
import type { LatencyRecorder } from '../metrics/latency.js';
import { LoopLag } from '../metrics/loop-lag.js';
import { TradeFigures } from '../metrics/trade-figures.js';
import type { RedisSide } from '../redis/redis-side.js';
import type { BreakerRegistry } from '../risk/breakers.js';
import type { KillSwitch } from '../risk/kill-switch.js';
import type { RpcPool } from '../send/rpc-pool.js';
import type { AdaptiveBuilder } from '../threads/adaptive-builder.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { DiskWatch } from './disk-watch.js';
import { Health } from './health.js';
import { healthFacts } from './health-facts.js';
import type { Finding } from './health-findings.js';
import type { MarketData } from './market-data.js';
import type { TradeCounts } from './trade-counts.js';
import { vitalSigns } from './vital-signs.js';

export interface WatchParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly logState: (() => LogState) | undefined;
  readonly market: MarketData;
  readonly journal: FileJournal;
  readonly killSwitch: KillSwitch;
  readonly rpc: RpcPool;
  readonly breakers: BreakerRegistry;
  readonly desk: TradeDesk;
  readonly builder: AdaptiveBuilder;
  readonly latency: LatencyRecorder;
  readonly counts: TradeCounts;
  readonly redis: RedisSide | undefined;
}

export interface ExecutorWatch {
  readonly health: Health;
  readonly figures: TradeFigures;
  readonly loopLag: LoopLag;
  readonly disks: DiskWatch;
  readonly alerts: AlertWatch;
  readonly delivery: AlertDelivery;
  readonly logState: (() => LogState) | undefined;
  close(): Promise<void>;
}

export function watchExecutor(parts: WatchParts): ExecutorWatch {
  const { config, clock, random, log, logState, desk, killSwitch, breakers } = parts;
  const figures = new TradeFigures(clock);
  desk.onTrade((event) => figures.onTrade(event));
  desk.onLateOutcome((trade) => figures.quality.onLateOutcome(trade));
  desk.onRefused((error) => figures.onRefused(error));
  const loopLag = new LoopLag(clock);
  const disks = new DiskWatch({ DATA_DIR: config.DATA_DIR, LOG_DIR: config.LOG_DIR }, clock);
  const { scheduler, inDoubt } = desk;
  const seen = { ...parts, scheduler, inDoubt, loopLag, disks, figures };
  const health = new Health(() => healthFacts(seen), clock);
  const firingFile = new FiringFile(join(config.DATA_DIR, 'alerts.json'), (error) =>
    log.warn('which alerts fire is not known to the next start', { error }),
  );
  const alerts = new AlertWatch({ clock, signs: () => vitalSigns(seen), kept: firingFile.load() });
  alerts.onAlert(() => firingFile.save(alerts.firing()));
  const delivery = deliverAlerts({ watch: alerts, settings: config, clock, random, log });
  health.addChecks(() => deliveryFindings(delivery));
  // At once, but not within the stop itself.
  const lookSoon = () => void clock.after(0, () => alerts.look());
  killSwitch.onChange(lookSoon);
  breakers.onChange(lookSoon);
  const close = async () => {
    alerts.close();
    health.close();
    disks.close();
    loopLag.close();
    await delivery.close();
    await firingFile.close();
  };
  return { health, figures, loopLag, disks, alerts, delivery, logState, close };
}

function deliveryFindings(delivery: AlertDelivery): Finding[] {
  return delivery.states().map(({ target, fault, delivered, waiting, lost, breaker }) => ({
    name: `alerts:${target}`,
    level: fault === undefined ? 'ok' : 'warn',
    value: fault ?? 'delivered',
    detail: `${delivered} delivered, ${waiting} waiting, ${lost} lost, breaker ${breaker}`,
  }));
}
