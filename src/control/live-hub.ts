/**
 * Topics and who hears them. Whoever publishes only enqueues; events are serialised and handed out in a turn of their
 * own, a few at a time, so that neither a trade nor another client waits for them.
 */
import type { Clock } from '../time/clock.js';
import { ConflatingQueue } from './conflating-queue.js';
import { type EventFacts, LiveEvent } from './live-event.js';
import { TOPICS, type Topic } from './ws-protocol.js';

/** Events of a topic that wait one by one; past it the newest of each trade is kept, and there are MAX_LIVE_TRADES. */
export const MAX_PENDING_EVENTS = 4_096;
/** Frames handed to sockets in one turn, all clients together, but at least one event to each. */
export const MAX_FRAMES_A_TURN = 128;
/** Events of a topic serialised in one turn: each takes some twelve microseconds, and a turn may take half a millisecond. */
export const MAX_EVENTS_A_TURN = 32;
/** Turns of handing out are at least this far apart: what comes in between leaves in one write for each client. */
export const TURN_GAP_MS = 2;

/** Where the newest replaces the older at once: they are states, not happenings. */
const STATE_TOPICS: ReadonlySet<Topic> = new Set(['slots', 'latency', 'queue']);

export interface Subscriber {
  /** Events of one topic, by rising sequence; may have some that it was told by a snapshot. */
  deliver(events: readonly LiveEvent[]): void;
  /** The whole state of a topic, where events alone would leave a hole. */
  snapshot(topic: Topic, sequence: number, data: object | null): void;
}

export interface TopicFeed {
  /** What a new subscriber begins with; null before there is anything. Free of bigints. */
  snapshot(): object | null;
  /** The first subscriber came. */
  start?(): void;
  /** The last one went. */
  stop?(): void;
}

interface TopicState {
  sequence: number;
  feed: TopicFeed | undefined;
  readonly subscribers: Set<Subscriber>;
  readonly pending: ConflatingQueue;
}

export interface LiveHubOptions {
  readonly clock: Clock;
  /** Calls it in a turn of its own, after what is due now. */
  readonly defer: (callback: () => void) => void;
}

export class LiveHub {
  readonly #clock: Clock;
  readonly #defer: LiveHubOptions['defer'];
  readonly #topics = new Map<Topic, TopicState>();
  #isScheduled = false;
  #lastTurnUs = Number.NEGATIVE_INFINITY;

  constructor({ clock, defer }: LiveHubOptions) {
    this.#clock = clock;
    this.#defer = defer;
    for (const topic of TOPICS) {
      const plainLimit = STATE_TOPICS.has(topic) ? 0 : MAX_PENDING_EVENTS;
      const pending = new ConflatingQueue({ plainLimit });
      this.#topics.set(topic, { sequence: 0, feed: undefined, subscribers: new Set(), pending });
    }
  }

  feed(topic: Topic, feed: TopicFeed): void {
    const state = this.#state(topic);
    state.feed = feed;
    if (state.subscribers.size > 0) feed.start?.();
  }

  /** Counts the event, and enqueues it where somebody hears it. */
  publish(topic: Topic, facts: EventFacts): void {
    const state = this.#state(topic);
    state.sequence += 1;
    if (state.subscribers.size === 0) return;
    state.pending.push(new LiveEvent(topic, state.sequence, facts));
    this.#schedule();
  }

  /** One that hears it already is told the whole state anew. */
  subscribe(topic: Topic, subscriber: Subscriber): void {
    const state = this.#state(topic);
    const wasHeard = state.subscribers.size > 0;
    state.subscribers.add(subscriber);
    if (!wasHeard) state.feed?.start?.();
    subscriber.snapshot(topic, state.sequence, state.feed?.snapshot() ?? null);
  }

  unsubscribe(topic: Topic, subscriber: Subscriber): void {
    const state = this.#state(topic);
    if (!state.subscribers.delete(subscriber) || state.subscribers.size > 0) return;
    state.pending.clear();
    state.feed?.stop?.();
  }

  /** Tells everybody the whole state anew: what it is taken from has just come to be. */
  refresh(): void {
    for (const [topic, state] of this.#topics) {
      if (state.subscribers.size === 0) continue;
      const data = state.feed?.snapshot() ?? null;
      for (const subscriber of state.subscribers) subscriber.snapshot(topic, state.sequence, data);
    }
  }

  #state(topic: Topic): TopicState {
    return this.#topics.get(topic)!;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const sinceUs = this.#clock.monotonicUs() - this.#lastTurnUs;
    if (sinceUs >= TURN_GAP_MS * 1000) this.#defer(() => this.#turn());
    else this.#clock.after(TURN_GAP_MS, () => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#lastTurnUs = this.#clock.monotonicUs();
    let isOneLeft = false;
    for (const { subscribers, pending } of this.#topics.values()) {
      if (pending.size === 0 || subscribers.size === 0) continue;
      const events = pending.take(eventsATurn(subscribers.size));
      for (const subscriber of subscribers) subscriber.deliver(events);
      isOneLeft ||= pending.size > 0;
    }
    if (isOneLeft) this.#schedule();
  }
}

function eventsATurn(subscribers: number): number {
  return Math.min(MAX_EVENTS_A_TURN, Math.max(1, Math.floor(MAX_FRAMES_A_TURN / subscribers)));
}
