/** Events that wait: each of them up to a bound, and past it the newest of each key, which says how many it stands for. */
import type { LiveEvent } from './live-event.js';

export interface ConflatingQueueOptions {
  /** Events kept one by one; 0 conflates from the first. */
  readonly plainLimit: number;
}

export class ConflatingQueue {
  readonly #plainLimit: number;
  /** In the order in which they go out. By sequence while each event is kept, by key once they are conflated. */
  #waiting = new Map<string, LiveEvent>();
  #isConflating: boolean;

  constructor({ plainLimit }: ConflatingQueueOptions) {
    this.#plainLimit = plainLimit;
    this.#isConflating = plainLimit === 0;
  }

  get size(): number {
    return this.#waiting.size;
  }

  push(event: LiveEvent): void {
    if (!this.#isConflating && this.#waiting.size >= this.#plainLimit) this.#conflateAll();
    if (this.#isConflating) this.#conflate(event);
    else this.#waiting.set(`${event.topic} ${event.sequence}`, event);
  }

  /** Takes the oldest, at most `count`. */
  take(count: number): LiveEvent[] {
    const taken: LiveEvent[] = [];
    for (const [key, event] of this.#waiting) {
      if (taken.length >= count) break;
      taken.push(event);
      this.#waiting.delete(key);
    }
    if (this.#waiting.size === 0) this.#isConflating = this.#plainLimit === 0;
    return taken;
  }

  clear(): void {
    this.#waiting.clear();
    this.#isConflating = this.#plainLimit === 0;
  }

  /** Forgets those of one topic. */
  dropTopic(topic: LiveEvent['topic']): void {
    for (const [key, event] of this.#waiting) if (event.topic === topic) this.#waiting.delete(key);
  }

  #conflateAll(): void {
    const plain = this.#waiting;
    this.#waiting = new Map();
    this.#isConflating = true;
    for (const event of plain.values()) this.#conflate(event);
  }

  #conflate(event: LiveEvent): void {
    const key = `${event.topic} ${event.key}`;
    const older = this.#waiting.get(key);
    // Put again at the end, so that sequence numbers leave in rising order.
    this.#waiting.delete(key);
    this.#waiting.set(key, older === undefined ? event : event.standingFor(older));
  }
}
