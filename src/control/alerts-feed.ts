/** The topic `alerts`: the kill switch and the circuit breakers at once, and whatever watches thresholds. */
import type { Clock } from '../time/clock.js';
import type { LiveHub, TopicFeed } from './live-hub.js';
import type { AlertSource, KillSwitchSource, LiveSources } from './live-sources.js';
import type { KillSwitchState } from './operations.js';
import type { KillSwitchData } from './ws-data.js';

export class AlertsFeed implements TopicFeed {
  readonly #hub: LiveHub;
  readonly #clock: Clock;
  #killSwitch: KillSwitchSource | undefined;
  #sources: LiveSources | undefined;
  #alerts: AlertSource | undefined;

  constructor(hub: LiveHub, clock: Clock) {
    this.#hub = hub;
    this.#clock = clock;
  }

  followKillSwitch(source: KillSwitchSource): void {
    this.#killSwitch = source;
    source.onChange((state) => this.#publish('killSwitch', this.#clock.nowMs(), () => killSwitchData(state)));
  }

  followBreakers(sources: LiveSources): void {
    this.#sources = sources;
    sources.onBreaker((breaker) =>
      this.#publish(`breaker ${breaker.name}`, this.#clock.nowMs(), () => breaker),
    );
  }

  followAlerts(source: AlertSource): void {
    this.#alerts = source;
    source.onAlert((alert) => this.#publish(`alert ${alert.name}`, alert.sinceMs, () => alert));
  }

  snapshot(): object {
    const killSwitch = this.#killSwitch?.current();
    return {
      killSwitch: killSwitch === undefined ? null : killSwitchData(killSwitch),
      breakers: this.#sources?.breakers() ?? [],
      alerts: this.#alerts?.raised() ?? [],
    };
  }

  #publish(key: string, atMs: number, render: () => object): void {
    this.#hub.publish('alerts', { key, atMs, knownAtMs: this.#clock.nowMs(), render });
  }
}

function killSwitchData({ active, grade, reason, sinceMs }: KillSwitchState): KillSwitchData {
  return { kind: 'killSwitch', active, grade, reason, sinceMs: sinceMs ?? null };
}
