/**
 * A reader that does not keep up: its old news is replaced by the newest of each trade, and by sequence numbers it can
 * tell that nothing was lost. One that takes nothing is dropped. Nobody else is held up, and nothing is made for nobody.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  LiveHub,
  MAX_EVENTS_A_TURN,
  MAX_FRAMES_A_TURN,
  MAX_PENDING_EVENTS,
  TURN_GAP_MS,
} from '../src/control/live-hub.js';
import {
  CONFLATE_ABOVE_BYTES,
  DROP_ABOVE_MESSAGES_A_SECOND,
  MAX_BACKLOG_EVENTS,
  MAX_MESSAGES_A_SECOND,
  WsClient,
} from '../src/control/ws-client.js';
import type { EventFrame, SnapshotFrame, Topic } from '../src/control/ws-protocol.js';
import { ManualClock } from './support/manual-clock.js';

/** A socket whose reader takes what the test says. */
class Socket {
  readonly frames: (EventFrame | SnapshotFrame)[] = [];
  buffered = 0;
  ended: number | undefined;

  send(frame: string | Uint8Array): void {
    this.frames.push(JSON.parse(frame as string));
  }

  getBufferedAmount(): number {
    return this.buffered;
  }

  cork(callback: () => void): void {
    callback();
  }

  end(code: number): void {
    this.ended = code;
  }

  get events(): EventFrame[] {
    return this.frames.filter((frame) => frame.type === 'event');
  }
}

let clock: ManualClock;
let turns: (() => void)[];
let hub: LiveHub;
let rendered: number;

beforeEach(() => {
  clock = new ManualClock();
  turns = [];
  rendered = 0;
  hub = new LiveHub({ clock, defer: (callback) => turns.push(callback) });
  for (const topic of ['trades', 'slots'] as const) hub.feed(topic, { snapshot: () => ({}) });
});

function connect(topics: readonly Topic[] = ['trades']): { socket: Socket; client: WsClient } {
  const socket = new Socket();
  const client = new WsClient({ socket, format: 'json', hub, clock, mayTrade: true });
  client.subscribe(topics);
  return { socket, client };
}

function publish(key: string, state: string, topic: Topic = 'trades'): void {
  const render = () => {
    rendered += 1;
    return { id: key, state };
  };
  hub.publish(topic, { key, atMs: 1, knownAtMs: 2, render });
}

/** Lets every turn that is asked for come. */
function settle(): void {
  for (;;) {
    const turn = turns.shift();
    if (turn !== undefined) turn();
    else if (clock.timerCount > 0) clock.advance(TURN_GAP_MS);
    else return;
  }
}

/** Events that a reader was told of, those that another one stood for included. */
const accountedFor = (socket: Socket) =>
  socket.events.reduce((sum, { conflated }) => sum + 1 + (conflated ?? 0), 0);

describe('publishing', () => {
  it('makes nothing where nobody listens, but counts', () => {
    publish('a', 'queued');
    settle();
    expect(rendered).toBe(0);
    const { socket } = connect();
    expect(socket.frames).toMatchObject([{ type: 'snapshot', topic: 'trades', sequence: 1 }]);
  });

  it('only enqueues: what is told is made in a later turn, once for all readers', () => {
    const sockets = [connect().socket, connect().socket, connect().socket];
    publish('a', 'queued');
    expect(rendered).toBe(0);
    settle();
    expect(rendered).toBe(1);
    for (const { events } of sockets) expect(events).toMatchObject([{ sequence: 1, data: { id: 'a' } }]);
  });

  it('hands out a bounded number of events and frames in a turn', () => {
    const { socket } = connect();
    for (let index = 0; index < MAX_FRAMES_A_TURN; index++) publish(`trade ${index}`, 'queued');
    turns.shift()!();
    expect(socket.events).toHaveLength(MAX_EVENTS_A_TURN);
    for (let index = 0; index < 7; index++) connect();
    clock.advance(TURN_GAP_MS);
    expect(socket.events).toHaveLength(MAX_EVENTS_A_TURN + MAX_FRAMES_A_TURN / 8);
    settle();
    expect(socket.events.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: MAX_FRAMES_A_TURN }, (_, index) => index + 1),
    );
  });

  it('past its bound keeps the newest of each trade and loses no count', () => {
    const { socket } = connect();
    for (let index = 0; index <= MAX_PENDING_EVENTS; index++) publish(`trade ${index % 10}`, `${index}`);
    settle();
    expect(socket.events).toHaveLength(10);
    expect(accountedFor(socket)).toBe(MAX_PENDING_EVENTS + 1);
    expect(socket.events.at(-1)).toMatchObject({ data: { state: `${MAX_PENDING_EVENTS}` } });
  });
});

describe('a snapshot and the events after it', () => {
  it('leave no hole and tell nothing twice, whenever the client came', () => {
    connect();
    publish('a', 'queued');
    const { socket } = connect();
    publish('a', 'signed');
    settle();
    expect(socket.frames.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['snapshot', 1],
      ['event', 2],
    ]);
  });

  it('are told anew when the source comes to be', () => {
    const { socket } = connect(['slots']);
    publish('', '', 'slots');
    hub.refresh();
    settle();
    expect(socket.frames.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['snapshot', 0],
      ['snapshot', 1],
    ]);
  });
});

describe('a slow reader', () => {
  it('gets the newest state of each trade with what it stands for, in order, once it reads on', () => {
    const { socket, client } = connect();
    const quick = connect().socket;
    socket.buffered = CONFLATE_ABOVE_BYTES;
    for (const state of ['queued', 'signed', 'sent']) for (const key of ['a', 'b']) publish(key, state);
    publish('a', 'processed');
    settle();
    expect(socket.events).toEqual([]);
    expect(quick.events).toHaveLength(7);
    socket.buffered = 0;
    client.onDrain();
    expect(socket.events).toMatchObject([
      { sequence: 6, conflated: 2, data: { id: 'b', state: 'sent' } },
      { sequence: 7, conflated: 3, data: { id: 'a', state: 'processed' } },
    ]);
    publish('b', 'processed');
    settle();
    expect(socket.events.at(-1)).toMatchObject({ sequence: 8, data: { id: 'b' } });
    expect(socket.events.at(-1)).not.toHaveProperty('conflated');
    expect(accountedFor(socket)).toBe(8);
  });

  it('hears of the newest slot alone', () => {
    const { socket, client } = connect(['slots']);
    socket.buffered = CONFLATE_ABOVE_BYTES;
    for (let slot = 1; slot <= 5; slot++) {
      publish('', `${slot}`, 'slots');
      settle();
    }
    socket.buffered = 0;
    client.onDrain();
    expect(socket.events).toMatchObject([{ sequence: 5, conflated: 4, data: { state: '5' } }]);
  });

  it('is dropped past its bound, with the code that says so, and nobody else is', () => {
    const { socket } = connect();
    const quick = connect().socket;
    socket.buffered = CONFLATE_ABOVE_BYTES;
    for (let index = 0; index < MAX_BACKLOG_EVENTS; index++) publish(`trade ${index}`, 'queued');
    settle();
    expect(socket.ended).toBeUndefined();
    publish('one more', 'queued');
    settle();
    expect(socket.ended).toBe(1013);
    expect(quick.ended).toBeUndefined();
    expect(quick.events).toHaveLength(MAX_BACKLOG_EVENTS + 1);
  });
});

describe('a client that asks too much', () => {
  it('is told so above the rate, dropped above twice the rate, and heard again a second later', () => {
    const { socket, client } = connect();
    for (let index = 0; index < MAX_MESSAGES_A_SECOND; index++) expect(client.countMessage()).toBe(true);
    expect(() => client.countMessage()).toThrow('limit');
    clock.advance(1_000);
    expect(client.countMessage()).toBe(true);
    for (let index = 1; index < DROP_ABOVE_MESSAGES_A_SECOND; index++) {
      if (index < MAX_MESSAGES_A_SECOND) client.countMessage();
      else expect(() => client.countMessage()).toThrow();
    }
    expect(socket.ended).toBeUndefined();
    expect(client.countMessage()).toBe(false);
    expect(socket.ended).toBe(1008);
  });
});
