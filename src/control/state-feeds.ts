/** The topics `slots` and `queue`: states of which only the newest counts. */
import type { QueueStatus } from '../schedule/scheduler.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { LiveHub, TopicFeed } from './live-hub.js';
import type { LiveSources } from './live-sources.js';
import type { QueueData, SlotsData } from './ws-data.js';

/** How often the queue is looked at while somebody hears of it. */
export const QUEUE_LOOK_MS = 100;

export class SlotsFeed implements TopicFeed {
  readonly #sources: LiveSources;

  constructor(hub: LiveHub, sources: LiveSources, clock: Clock) {
    this.#sources = sources;
    sources.onSlot(() => {
      // The stream does not say when a slot came to be: the time of learning stands for both.
      const nowMs = clock.nowMs();
      hub.publish('slots', { key: '', atMs: nowMs, knownAtMs: nowMs, render: () => sources.slots() });
    });
  }

  snapshot(): SlotsData {
    return this.#sources.slots();
  }
}

/** Looked at instead of told: the scheduler's ways are the hottest there are. */
export class QueueFeed implements TopicFeed {
  readonly #hub: LiveHub;
  readonly #sources: LiveSources;
  readonly #clock: Clock;
  #timer: TimerHandle | undefined;
  /** What every subscriber was told; undefined where they were not all told the same, or nothing yet. */
  #last: QueueStatus | undefined;

  constructor(hub: LiveHub, sources: LiveSources, clock: Clock) {
    this.#hub = hub;
    this.#sources = sources;
    this.#clock = clock;
  }

  /** The queue may change before the next look, and back again: only an event then ends what this one was told. */
  snapshot(): QueueData {
    this.#last = undefined;
    return queueData(this.#sources.queue());
  }

  start(): void {
    this.#timer ??= this.#clock.every(QUEUE_LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#last = undefined;
  }

  #look(): void {
    const status = this.#sources.queue();
    if (this.#last !== undefined && isSame(status, this.#last)) return;
    this.#last = status;
    const nowMs = this.#clock.nowMs();
    const render = () => queueData(status);
    this.#hub.publish('queue', { key: '', atMs: nowMs, knownAtMs: nowMs, render });
  }
}

function queueData({ paused, ...status }: QueueStatus): QueueData {
  return { ...status, queuedByPriority: [...status.queuedByPriority], paused: paused ?? null };
}

function isSame(one: QueueStatus, other: QueueStatus): boolean {
  return (
    one.queued === other.queued &&
    one.waitingForLocks === other.waitingForLocks &&
    one.running === other.running &&
    one.maxQueued === other.maxQueued &&
    one.maxConcurrent === other.maxConcurrent &&
    one.paused === other.paused &&
    one.oldestQueuedMs === other.oldestQueuedMs &&
    one.queuedByPriority.every((count, priority) => count === other.queuedByPriority[priority])
  );
}
