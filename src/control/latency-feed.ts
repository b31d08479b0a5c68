/** The topic `latency`: once a second what the last second was like, and the quantiles since the start. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import { type Quantiles, quantilesOf } from '../metrics/histograms.js';
import { SPANS, STAGES } from '../metrics/latency.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { LiveHub, TopicFeed } from './live-hub.js';
import type { LiveSources } from './live-sources.js';
import { SecondWindow } from './second-window.js';
import type { LatencyData } from './ws-data.js';

export const LATENCY_PERIOD_MS = 1_000;
const NANOSECONDS_A_US = 1_000;

const NAMES = [...SPANS, ...STAGES.map(([name]) => name)] as const;

export interface LatencyFeedOptions {
  readonly hub: LiveHub;
  readonly sources: LiveSources;
  readonly clock: Clock;
  readonly defer: (callback: () => void) => void;
}

export class LatencyFeed implements TopicFeed {
  readonly #options: LatencyFeedOptions;
  readonly #quantiles = new Map<string, Quantiles>();
  #window = new SecondWindow();
  #windowSinceUs = 0;
  #timer: TimerHandle | undefined;
  #last: LatencyData | null = null;

  constructor(options: LatencyFeedOptions) {
    this.#options = options;
    options.sources.onTrade((event) => this.#onTrade(event));
  }

  /** Null in the first second that anybody listens. */
  snapshot(): LatencyData | null {
    return this.#last;
  }

  start(): void {
    this.#restart();
    this.#timer ??= this.#options.clock.every(LATENCY_PERIOD_MS, () => this.#readNext(0));
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#last = null;
  }

  #onTrade(event: TradeEvent): void {
    if (this.#timer !== undefined) this.#window.add(event);
  }

  #restart(): void {
    this.#window = new SecondWindow();
    this.#windowSinceUs = this.#options.clock.monotonicUs();
  }

  /** One histogram a turn: reading one goes through tens of thousands of counters. */
  #readNext(index: number): void {
    if (this.#timer === undefined) return;
    const name = NAMES[index];
    if (name === undefined) {
      this.#publish();
      return;
    }
    const histogram = this.#options.sources.histogram(name);
    if (this.#quantiles.get(name)?.count !== histogram.totalCount)
      this.#quantiles.set(name, quantilesOf(histogram, NANOSECONDS_A_US));
    this.#options.defer(() => this.#readNext(index + 1));
  }

  #publish(): void {
    const { hub, clock } = this.#options;
    const data: LatencyData = {
      window: this.#window.summary((clock.monotonicUs() - this.#windowSinceUs) / 1_000),
      stagesUs: Object.fromEntries(STAGES.map(([name]) => [name, shown(this.#quantiles.get(name)!)])),
      spansUs: Object.fromEntries(SPANS.map((name) => [name, shown(this.#quantiles.get(name)!)])),
      slotDelta: shown(this.#options.sources.slotDelta()),
    };
    this.#restart();
    this.#last = data;
    const nowMs = clock.nowMs();
    hub.publish('latency', { key: '', atMs: nowMs, knownAtMs: nowMs, render: () => data });
  }
}

const shown = ({ count, p50, p95, p99, max }: Quantiles) => ({ count, p50, p95, p99, max });
