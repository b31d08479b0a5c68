/** Everything that `/ws` tells, fed as the process comes up: the kill switch first, then the executor. */
import type { Clock } from '../time/clock.js';
import { AlertsFeed } from './alerts-feed.js';
import { LatencyFeed } from './latency-feed.js';
import { LiveHub } from './live-hub.js';
import type { AlertSource, KillSwitchSource, LiveSources } from './live-sources.js';
import { QueueFeed, SlotsFeed } from './state-feeds.js';
import { TradesFeed } from './trades-feed.js';

export interface LiveOptions {
  readonly clock: Clock;
  /** Calls it in a turn of its own; default `setImmediate`. */
  readonly defer?: (callback: () => void) => void;
}

export class Live {
  readonly hub: LiveHub;
  readonly #clock: Clock;
  readonly #defer: (callback: () => void) => void;
  readonly #alerts: AlertsFeed;

  constructor({ clock, defer = setImmediate }: LiveOptions) {
    this.#clock = clock;
    this.#defer = defer;
    this.hub = new LiveHub({ clock, defer });
    this.#alerts = new AlertsFeed(this.hub, clock);
    this.hub.feed('alerts', this.#alerts);
  }

  followKillSwitch(source: KillSwitchSource): void {
    this.#alerts.followKillSwitch(source);
  }

  /** Whoever listened while the executor was starting is told everything anew. */
  followExecutor(sources: LiveSources): void {
    const { hub } = this;
    hub.feed('trades', new TradesFeed(hub, sources));
    hub.feed('slots', new SlotsFeed(hub, sources, this.#clock));
    hub.feed('queue', new QueueFeed(hub, sources, this.#clock));
    hub.feed('latency', new LatencyFeed({ hub, sources, clock: this.#clock, defer: this.#defer }));
    this.#alerts.followBreakers(sources);
    hub.refresh();
  }

  followAlerts(source: AlertSource): void {
    this.#alerts.followAlerts(source);
  }
}
