/** One event of a topic: rendered when somebody takes it, and serialised once for each format. */

import { encodeFrame, type WireFormat } from './ws-format.js';
import type { Topic } from './ws-protocol.js';

export interface EventFacts {
  /** A newer event of the same key makes this one old news: a trade's id; empty where the topic is one state. */
  readonly key: string;
  /** When it happened, epoch ms. */
  readonly atMs: number;
  /** When we learned of it, epoch ms. */
  readonly knownAtMs: number;
  /** Free of bigints. Called at most once, in a later turn than the one in which it happened. */
  readonly render: () => object;
}

export class LiveEvent {
  readonly topic: Topic;
  /** Rises by one with each event of the topic. */
  readonly sequence: number;
  /** Earlier events of the same key that were not sent because of this one. */
  readonly conflated: number;
  readonly #facts: EventFacts;
  #data: object | undefined;
  readonly #frames: { [Format in WireFormat]?: string | Uint8Array } = {};

  constructor(topic: Topic, sequence: number, facts: EventFacts, conflated = 0) {
    this.topic = topic;
    this.sequence = sequence;
    this.conflated = conflated;
    this.#facts = facts;
  }

  get key(): string {
    return this.#facts.key;
  }

  /** The same event in the place of an older one and of all that the older one stood for. */
  standingFor(older: LiveEvent): LiveEvent {
    const both = new LiveEvent(this.topic, this.sequence, this.#facts, this.conflated + older.conflated + 1);
    both.#data = this.#data;
    return both;
  }

  frame(format: WireFormat): string | Uint8Array {
    const made = this.#frames[format];
    if (made !== undefined) return made;
    this.#data ??= this.#facts.render();
    const { atMs, knownAtMs } = this.#facts;
    const frame = encodeFrame(format, {
      type: 'event',
      topic: this.topic,
      sequence: this.sequence,
      atMs,
      knownAtMs,
      ...(this.conflated === 0 ? {} : { conflated: this.conflated }),
      data: this.#data,
    });
    this.#frames[format] = frame;
    return frame;
  }
}
