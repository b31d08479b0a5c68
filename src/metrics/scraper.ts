/** Prometheus' text, made in slices so that a trade never waits for a whole scrape. */
import type { Registry } from 'prom-client';
import type { Clock } from '../time/clock.js';
import { nextTurn } from '../time/next-turn.js';

/** After this much work the loop turns before the next metric is written. */
const SLICE_US = 200;

export class Scraper {
  readonly #registry: Registry;
  readonly #clock: Clock;
  #running: Promise<string> | undefined;
  #longestSliceUs = 0;

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** Longest that the last scrape held the main thread at one go, µs. */
  get longestSliceUs(): number {
    return this.#longestSliceUs;
  }

  /** Those who ask while one is made get the same. */
  scrape(): Promise<string> {
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #write(): Promise<string> {
    const parts: string[] = [];
    let longestSliceUs = 0;
    let startedUs = this.#clock.monotonicUs();
    for (const { name } of this.#registry.getMetricsAsArray()) {
      parts.push(await this.#registry.getSingleMetricAsString(name));
      const elapsedUs = this.#clock.monotonicUs() - startedUs;
      longestSliceUs = Math.max(longestSliceUs, elapsedUs);
      if (elapsedUs < SLICE_US) continue;
      await nextTurn();
      startedUs = this.#clock.monotonicUs();
    }
    this.#longestSliceUs = longestSliceUs;
    return `${parts.join('\n')}\n`;
  }
}
