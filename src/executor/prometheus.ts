/** What `GET /metrics` exports. Every value is read from where it is kept anyway, at the scrape. */
import { Registry } from 'prom-client';
import { ALERTS } from '../alerts/alert-table.js';
import {
  type HistogramSeries,
  type Read,
  ReadCounter,
  ReadGauge,
  ReadHistogram,
} from '../metrics/read-metric.js';
import { Scraper } from '../metrics/scraper.js';
import type { Clock } from '../time/clock.js';
import { VERSION } from '../version.js';
import type { Executor } from './executor.js';
import { exportEndpoints } from './prometheus-endpoints.js';
import { exportProcess } from './prometheus-process.js';
import { exportTrades } from './prometheus-trades.js';

/** Puts metrics into one registry; names get the prefix `hotslot_`. */
export class MetricExporter {
  readonly registry = new Registry();

  gauge(name: string, help: string, read: Read): void {
    new ReadGauge(this.#described(name, help), read);
  }

  /** @param name ends in `_total` */
  counter(name: string, help: string, read: Read): void {
    new ReadCounter(this.#described(name, help), read);
  }

  histogram(name: string, help: string, series: readonly HistogramSeries[]): void {
    new ReadHistogram(this.#described(name, help), series);
  }

  #described(name: string, help: string) {
    return { name: `hotslot_${name}`, help, registry: this.registry };
  }
}

/** Labels have few values: states, stages, codes (128 at most), endpoints, breakers and alerts. No trade, no wallet. */
export function prometheusScraper(executor: Executor, clock: Clock): Scraper {
  const exporter = new MetricExporter();
  exporter.gauge('build_info', 'Always 1; the version is the label.', () => [
    { value: 1, labels: { version: VERSION } },
  ]);
  exportAlerts(exporter, executor);
  exportTrades(exporter, executor);
  exportEndpoints(exporter, executor);
  exportProcess(exporter, executor);
  const scraper = new Scraper(exporter.registry, clock);
  exporter.gauge(
    'scrape_longest_slice_seconds',
    "Longest that the scrape before this one held the trades' thread at one go.",
    () => scraper.longestSliceUs / 1e6,
  );
  return scraper;
}

/** The figures that alerts watch, as they were at the alerts' last look, and the alerts themselves. */
function exportAlerts(exporter: MetricExporter, { watch }: Executor): void {
  const { alerts, delivery } = watch;
  for (const { metric, sign, metricScale, fires, threshold, unit } of ALERTS) {
    const help = `An alert fires ${fires} ${threshold} ${unit}`.trim();
    exporter.gauge(metric.replace(/^hotslot_/, ''), `${help}; absent while nothing can be said.`, () => {
      const value = alerts.signs()?.[sign];
      return value === undefined ? undefined : value * metricScale;
    });
  }
  exporter.gauge('alert_firing', '1 while the alert fires in the executor, else 0.', () => {
    const firing = new Set<string>(alerts.firing().map(({ name }) => name));
    return ALERTS.map(({ name, severity }) => ({
      value: firing.has(name) ? 1 : 0,
      labels: { alert: name, severity },
    }));
  });
  exporter.counter('alert_deliveries_total', 'Alerts delivered and lost, by receiver.', () =>
    delivery.states().flatMap(({ target, delivered, lost }) => [
      { value: delivered, labels: { target, outcome: 'delivered' } },
      { value: lost, labels: { target, outcome: 'lost' } },
    ]),
  );
}
