/** Answers that may be used again for a time; of too many the one that was unused longest falls out. */
import type { Clock } from '../time/clock.js';

export interface AgedCacheOptions {
  readonly maxEntries: number;
  readonly maxAgeMs: number;
  readonly clock: Clock;
}

export class AgedCache<Value> {
  readonly #options: AgedCacheOptions;
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, { readonly value: Value; readonly atUs: number }>();

  constructor(options: AgedCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Undefined where there is none, or it is too old. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    const ageMs = (this.#options.clock.monotonicUs() - entry.atUs) / 1_000;
    if (ageMs > this.#options.maxAgeMs) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, atUs: this.#options.clock.monotonicUs() });
    if (this.#entries.size <= this.#options.maxEntries) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
