/**
 * A subscriber begins with a snapshot, and the queue is looked at only every so often: what changed in between was kept
 * from it until the next change, so that an idle queue was shown busy or paused for as long as nobody traded.
 */
import { beforeEach, expect, it } from 'vitest';
import { LiveHub, type Subscriber } from '../src/control/live-hub.js';
import type { LiveSources } from '../src/control/live-sources.js';
import { QUEUE_LOOK_MS, QueueFeed } from '../src/control/state-feeds.js';
import type { QueueData } from '../src/control/ws-data.js';
import type { QueueStatus } from '../src/schedule/scheduler.js';
import { ManualClock } from './support/manual-clock.js';

const IDLE: QueueStatus = {
  queued: 0,
  waitingForLocks: 0,
  waitingForSlot: 0,
  queuedByPriority: [0, 0],
  running: 0,
  maxQueued: 10,
  maxConcurrent: 4,
  paused: undefined,
  oldestQueuedMs: 0,
};
const BUSY: QueueStatus = { ...IDLE, queued: 2, waitingForSlot: 2, queuedByPriority: [2, 0], running: 4 };
const PAUSED: QueueStatus = { ...IDLE, paused: 'stopped' };

/** Shows the queue as a page does: as it was told last. */
class Page implements Subscriber {
  shown: QueueData | undefined;
  events = 0;

  deliver(events: Parameters<Subscriber['deliver']>[0]): void {
    this.events += events.length;
    this.shown = (JSON.parse(events.at(-1)!.frame('json') as string) as { data: QueueData }).data;
  }

  snapshot(_topic: string, _sequence: number, data: object | null): void {
    this.shown = data as QueueData;
  }
}

let clock: ManualClock;
let hub: LiveHub;
let status: QueueStatus;

beforeEach(() => {
  clock = new ManualClock();
  hub = new LiveHub({ clock, defer: (callback) => callback() });
  status = IDLE;
  hub.feed('queue', new QueueFeed(hub, { queue: () => status } as LiveSources, clock));
});

function subscribed(): Page {
  const page = new Page();
  hub.subscribe('queue', page);
  return page;
}

it.each([
  ['busy', BUSY],
  ['paused', PAUSED],
])(
  'a queue that was %s when the first subscriber came, and is not at the first look, is told',
  (_name, at) => {
    status = at;
    const page = subscribed();
    expect(page.shown).toMatchObject({ running: at.running, paused: at.paused ?? null });
    status = IDLE;
    clock.advance(QUEUE_LOOK_MS);
    expect(page.shown).toMatchObject({ queued: 0, running: 0, paused: null });
  },
);

it('a second subscriber that came between two looks hears that the queue is again what it was', () => {
  const first = subscribed();
  clock.advance(5 * QUEUE_LOOK_MS);
  clock.advance(QUEUE_LOOK_MS / 2);
  status = BUSY;
  const second = subscribed();
  expect([first.shown?.queued, second.shown?.queued]).toEqual([0, 2]);
  status = IDLE;
  clock.advance(QUEUE_LOOK_MS);
  expect([first.shown?.queued, second.shown?.queued]).toEqual([0, 0]);
});

it('a queue that stays as it is is told once after a snapshot and then no more', () => {
  const page = subscribed();
  clock.advance(10 * QUEUE_LOOK_MS);
  expect(page.events).toBe(1);
  status = BUSY;
  clock.advance(10 * QUEUE_LOOK_MS);
  expect([page.events, page.shown?.queued]).toEqual([2, 2]);
  hub.unsubscribe('queue', page);
  expect(clock.timerCount).toBe(0);
});
