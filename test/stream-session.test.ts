import { status } from '@grpc/grpc-js';
import { CommitmentLevel } from '@triton-one/yellowstone-grpc';
import { describe, expect, it } from 'vitest';
import type { Address } from '../src/model/brands.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { FakeServer, WordSink } from './support/fake-stream.js';
import { ManualClock } from './support/manual-clock.js';

const POOL = 'pool' as Address;
const WALLET = 'wallet' as Address;

function started(accounts: Address[] = [POOL], wallets: Address[] = [WALLET]) {
  const server = new FakeServer();
  const clock = new ManualClock();
  const sink = new WordSink();
  const stream = new YellowstoneStream({
    endpoint: 'localhost:1',
    name: 'one',
    clock,
    random: { next: () => 1 },
    transport: server.transport,
  });
  stream.start(sink, { accounts, wallets });
  return { server, clock, sink, stream };
}

/** Slots go on, and time with them, 100 ms each. */
function run(fixture: ReturnType<typeof started>, from: number, to: number): void {
  for (let slot = from; slot <= to; slot++) {
    fixture.server.last.whole(slot, slot - 1, 1_000_000 + slot);
    fixture.clock.advance(100);
  }
}

describe('the subscription', () => {
  it('asks at processed for slots with interslot updates, block metas, our accounts and our transactions', () => {
    const { server } = started();
    const request = server.last.subscriptions[0]!;
    expect(request.commitment).toBe(CommitmentLevel.PROCESSED);
    expect(request.slots).toEqual({ hotslot: { filterByCommitment: false, interslotUpdates: true } });
    // The package's decoder drops an empty filter; its key on the wire is looked at in stream-grpc.test.ts.
    expect(request.accounts).toEqual({ hotslot: { account: [POOL], owner: [], filters: [] } });
    expect(request.transactions.hotslot).toMatchObject({ vote: false, accountInclude: [WALLET] });
    expect(request.transactions.hotslot!.failed).toBeUndefined();
    expect(request.fromSlot).toBeUndefined();
  });

  it('without accounts or wallets has no filter for them, which would match everything', () => {
    const { server } = started([], []);
    expect(server.last.subscriptions[0]!.accounts).toEqual({});
    expect(server.last.subscriptions[0]!.transactions).toEqual({});
  });
});

describe('a stream that goes stale', () => {
  it('is pinged twice a second', () => {
    const fixture = started();
    run(fixture, 10, 29);
    const pings = fixture.server.last.requests.filter((request) => request.ping !== undefined);
    expect(pings.map((request) => request.ping!.id)).toEqual([1, 2, 3, 4, 5]);
  });

  it('is cut after 1,200 ms without a pong or anything else', () => {
    const fixture = started();
    run(fixture, 10, 29);
    const { server, clock, sink, stream } = fixture;
    server.last.ponging = false;
    const lastPongMs = clock.nowMs();
    while (!server.last.cancelled) clock.advance(100);
    expect(clock.nowMs() - lastPongMs).toBeGreaterThanOrEqual(1_200);
    expect(clock.nowMs() - lastPongMs).toBeLessThanOrEqual(1_300);
    expect(sink.statuses.at(-1)![1]).toMatch(/^one: no pong for 1[23]00 ms$/);
    expect(stream.status).toBe('down');
  });

  it('is no news any more while a pong is missing, though slots still come, and cut after 5 s', () => {
    const fixture = started();
    run(fixture, 10, 29);
    const { server, clock, sink } = fixture;
    const session = server.last;
    session.ponging = false;
    const lastPongMs = clock.nowMs();
    for (let slot = 30; !session.cancelled; slot++) {
      session.whole(slot, slot - 1);
      clock.advance(100);
    }
    expect(clock.nowMs() - lastPongMs).toBeGreaterThanOrEqual(5_000);
    const lastNewsMs = sink.activitiesUs.at(-1)! / 1_000;
    // A period of the pings, and three looks.
    expect(lastNewsMs - lastPongMs).toBeLessThanOrEqual(900);
    expect(sink.statuses.at(-1)![1]).toMatch(/^one: no pong for 5[01]00 ms$/);
  });

  it('is cut after 1,800 ms without a slot, though pongs still come', () => {
    const { server, clock, sink } = started();
    server.last.whole(10);
    clock.advance(1_800);
    expect(server.last.cancelled).toBe(false);
    clock.advance(100);
    expect(sink.statuses.map(([name]) => name)).toEqual(['connecting', 'live', 'down']);
    expect(sink.statuses.at(-1)![1]).toBe('one: no slot for 1900 ms');
  });

  it('is not cut for a sleep of our own: what came meanwhile is read first', () => {
    const server = new FakeServer();
    const sink = new WordSink();
    let shiftMs = 0;
    const manual = new ManualClock();
    const clock = {
      nowMs: () => manual.nowMs() + shiftMs,
      monotonicUs: () => manual.monotonicUs() + shiftMs * 1_000,
      after: manual.after.bind(manual),
      every: manual.every.bind(manual),
    };
    const options = { endpoint: 'localhost:1', name: 'one', clock, random: { next: () => 1 } };
    const stream = new YellowstoneStream({ ...options, transport: server.transport });
    stream.start(sink, { accounts: [], wallets: [] });
    server.last.whole(10);
    manual.advance(100);
    shiftMs = 5_000;
    manual.advance(100);
    expect(server.last.cancelled).toBe(false);
    server.last.whole(11);
    server.last.send({ pong: { id: 2 } });
    manual.advance(100);
    expect(server.last.cancelled).toBe(false);
    manual.advance(2_000);
    expect(server.sessions[0]!.cancelled).toBe(true);
  });
});

describe('a reader that is slower than what comes', () => {
  /** Answers the pings that are out with the delay that a backlog gives them; slots come all the while. */
  function behindBy(fixture: ReturnType<typeof started>, delayMs: number, forMs: number, fromSlot: number) {
    const { server, clock } = fixture;
    const session = server.last;
    session.ponging = false;
    const answered = new Set<number>();
    const sentMs = new Map<number, number>();
    for (let passed = 0; passed < forMs; passed += 100) {
      session.whole(fromSlot + passed / 100, fromSlot + passed / 100 - 1, 1_000_000 + fromSlot);
      for (const { ping } of session.requests) {
        if (ping === undefined || answered.has(ping.id)) continue;
        if (!sentMs.has(ping.id)) sentMs.set(ping.id, clock.nowMs());
        if (clock.nowMs() - sentMs.get(ping.id)! < delayMs) continue;
        answered.add(ping.id);
        session.send({ pong: { id: ping.id } });
      }
      clock.advance(100);
    }
  }

  it('is as fresh as the pings that are answered, whatever comes in between', () => {
    const fixture = started();
    run(fixture, 10, 19);
    const { clock, sink } = fixture;
    behindBy(fixture, 1_000, 4_000, 20);
    const ageMs = clock.nowMs() - sink.activitiesUs.at(-1)! / 1_000;
    // The delay of the pongs, and at most a period of the pings.
    expect(ageMs).toBeGreaterThanOrEqual(1_000);
    expect(ageMs).toBeLessThanOrEqual(1_600);
    expect(sink.activitiesUs).toEqual(sink.activitiesUs.toSorted((a, b) => a - b));
    behindBy(fixture, 0, 1_500, 60);
    expect(clock.nowMs() - sink.activitiesUs.at(-1)! / 1_000).toBeLessThanOrEqual(100);
  });

  it('by less than three looks is as fresh as what it reads', () => {
    const fixture = started();
    run(fixture, 10, 19);
    behindBy(fixture, 300, 2_000, 20);
    expect(fixture.clock.nowMs() - fixture.sink.activitiesUs.at(-1)! / 1_000).toBeLessThanOrEqual(100);
  });

  it('asks with one ping more when it finds itself behind, and not with one for each pong', () => {
    const fixture = started();
    run(fixture, 10, 19);
    const before = fixture.server.last.requests.length;
    behindBy(fixture, 1_000, 4_000, 20);
    expect(fixture.server.last.requests.length - before).toBeLessThanOrEqual(4_000 / 500 + 1);
  });
});

describe('a process that slept', () => {
  /** A manual clock that jumps while no timer rings. */
  function asleep(forMs: number) {
    const server = new FakeServer();
    const sink = new WordSink();
    const manual = new ManualClock();
    let sleptMs = 0;
    const clock = {
      nowMs: () => manual.nowMs() + sleptMs,
      monotonicUs: () => manual.monotonicUs() + sleptMs * 1_000,
      after: manual.after.bind(manual),
      every: manual.every.bind(manual),
    };
    const options = { endpoint: 'localhost:1', name: 'one', clock, random: { next: () => 1 } };
    const stream = new YellowstoneStream({ ...options, transport: server.transport });
    stream.start(sink, { accounts: [], wallets: [] });
    server.last.whole(10);
    manual.advance(100);
    server.last.ponging = false;
    sleptMs = forMs;
    return { server, sink, manual };
  }

  it('does not take what lay in its buffers for new: only the pong of a ping sent since makes it fresh', () => {
    const { server, sink, manual } = asleep(60_000);
    const before = sink.activities;
    server.last.whole(11);
    server.last.send({ pong: { id: 1 } });
    server.last.whole(12);
    expect([sink.activities - before, sink.words.at(-1)]).toEqual([0, 'processed 12']);
    const ping = server.last.requests.at(-1)!.ping!;
    expect(ping.id).toBeGreaterThan(1);
    server.last.send({ pong: { id: ping.id } });
    server.last.whole(13);
    expect(sink.activities - before).toBe(4);
    manual.advance(100);
    expect(server.last.cancelled).toBe(false);
  });

  it('does not either where its timers rang before anything was read', () => {
    const { server, sink, manual } = asleep(60_000);
    const before = sink.activities;
    manual.advance(100);
    server.last.whole(11);
    expect(sink.activities).toBe(before);
    server.last.send({ pong: { id: server.last.requests.at(-1)!.ping!.id } });
    expect(sink.activities).toBe(before + 1);
  });

  it('for no longer than two looks is as good as awake', () => {
    const { server, sink } = asleep(199);
    const before = sink.activities;
    server.last.whole(11);
    expect(sink.activities).toBe(before + 3);
  });
});

describe('an endpoint that does not answer', () => {
  it('is reported within 2 s and tried again', () => {
    const server = new FakeServer();
    server.ponging = false;
    const clock = new ManualClock();
    const sink = new WordSink();
    const options = { endpoint: 'localhost:1', name: 'one', clock, random: { next: () => 0 } };
    const stream = new YellowstoneStream({ ...options, transport: server.transport });
    stream.start(sink, { accounts: [], wallets: [] });
    clock.advance(1_500);
    expect(sink.statuses.at(-1)).toEqual(['down', 'one: nothing came within 1500 ms']);
    clock.advance(50);
    expect(server.sessions).toHaveLength(2);
    stream.close();
  });

  it('is tried at growing, bounded pauses that start over when slots flow', () => {
    const { server, clock } = started();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const endedAtMs = clock.nowMs();
      const count = server.sessions.length;
      server.last.end(status.UNAVAILABLE, 'connection refused');
      while (server.sessions.length === count) clock.advance(10);
      pauses.push(clock.nowMs() - endedAtMs);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    server.last.whole(10);
    server.last.end(status.UNAVAILABLE, 'connection refused');
    const count = server.sessions.length;
    clock.advance(100);
    expect(server.sessions).toHaveLength(count + 1);
  });

  it('is left alone after close', () => {
    const { server, clock, stream, sink } = started();
    server.last.whole(10);
    stream.close();
    expect(server.last.cancelled).toBe(true);
    const told = sink.words.length;
    clock.advance(60_000);
    expect(server.sessions).toHaveLength(1);
    expect(sink.words).toHaveLength(told);
    expect(clock.timerCount).toBe(0);
  });
});

describe('after an interruption', () => {
  it('the stream resumes a little before the last complete slot, in a gap until a live slot is whole', () => {
    const fixture = started();
    const { server, clock, sink } = fixture;
    server.last.ping(1_000_000);
    expect(sink.take()).toEqual(['gap start open']);
    run(fixture, 10, 20);
    expect(sink.gaps.at(-1)).toEqual({
      completeThrough: 0,
      resumedAt: 10,
      reason: 'start',
      repairFrom: 9,
      open: false,
    });
    server.last.status(21, 'createdBank');
    server.last.end(status.UNAVAILABLE, 'stream was cut');
    sink.take();
    clock.advance(100);
    expect(server.last.subscriptions[0]!.fromSlot).toBe('16');
    // The server opens the session, replays frozen slots with the times that they had, and goes on in slot 23.
    server.last.ping(2_000_000);
    for (let slot = 16; slot <= 22; slot++) server.last.whole(slot, slot - 1, 1_500_000);
    server.last.meta(23, 22, 2_000_010);
    expect(sink.take().filter((word) => word.startsWith('gap'))).toEqual(['gap reconnect open']);
    server.last.status(24, 'createdBank', 23, 2_000_020);
    expect(sink.gaps.at(-1)).toEqual({
      completeThrough: 22,
      resumedAt: 24,
      reason: 'reconnect',
      repairFrom: 23,
      open: false,
    });
  });

  it('a replay too old is refused by the server, and the stream starts fresh', () => {
    const fixture = started();
    fixture.server.last.ping(1_000_000);
    run(fixture, 10, 20);
    fixture.server.last.end(status.UNAVAILABLE, 'cut');
    fixture.clock.advance(100);
    expect(fixture.server.last.subscriptions[0]!.fromSlot).toBe('16');
    fixture.server.last.end(status.OUT_OF_RANGE, 'broadcast from 16 is not available, last available: 400');
    fixture.clock.advance(200);
    expect(fixture.server.last.subscriptions[0]!.fromSlot).toBeUndefined();
    fixture.sink.take();
    run(fixture, 500, 500);
    expect(fixture.sink.gaps.at(-1)).toMatchObject({
      completeThrough: 20,
      reason: 'reconnect',
      repairFrom: 499,
    });
  });

  it('an endpoint that was away keeps its replay', () => {
    const fixture = started();
    fixture.server.last.ping(1_000_000);
    run(fixture, 10, 20);
    for (const detail of ['cut', 'connection refused']) {
      fixture.server.last.end(status.UNAVAILABLE, detail);
      fixture.clock.advance(200);
    }
    expect(fixture.server.last.subscriptions[0]!.fromSlot).toBe('16');
  });

  it('a clean end by the server is one too', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.server.last.end(status.OK, '');
    expect(fixture.sink.statuses.at(-1)).toEqual(['down', 'one: the server ended the stream']);
    fixture.clock.advance(100);
    expect(fixture.server.sessions).toHaveLength(2);
  });

  it('a lagging client is told so, and tells it on', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.server.last.end(status.INTERNAL, 'lagged to send an update');
    fixture.clock.advance(100);
    fixture.server.last.whole(20);
    expect(fixture.sink.gaps.at(-1)!.reason).toBe('lagged');
  });

  it('a malformed message ends the session, since nothing after it can be trusted', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.server.last.sendBytes(Uint8Array.of(0x12, 0xff));
    expect(fixture.server.last.cancelled).toBe(true);
    expect(fixture.sink.statuses.at(-1)![1]).toMatch(/malformed/);
  });

  it('what an ended session still brings is not heard', () => {
    const fixture = started();
    run(fixture, 10, 12);
    const old = fixture.server.last;
    old.end(status.UNAVAILABLE, 'cut');
    fixture.sink.take();
    old.whole(13);
    expect(fixture.sink.take()).toEqual([]);
  });
});

it('a replay whose times come from another clock is over after some pongs', () => {
  const fixture = started();
  fixture.server.last.ping(1_000_000);
  run(fixture, 10, 20);
  fixture.server.last.end(status.UNAVAILABLE, 'cut');
  fixture.clock.advance(100);
  fixture.server.last.ping(9_000_000);
  run(fixture, 16, 25);
  expect(fixture.sink.gaps.at(-1)!.open).toBe(true);
  run(fixture, 26, 27);
  expect(fixture.sink.gaps.at(-1)).toMatchObject({ reason: 'reconnect', repairFrom: 25, open: false });
});

describe('blocks that are missing', () => {
  it('are noticed by the parent that a later block names', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.sink.take();
    fixture.server.last.whole(15, 14);
    expect(fixture.sink.take()).toEqual([
      'createdBank 15',
      'gap missingSlot repair 14',
      'meta 15',
      'processed 15',
    ]);
    fixture.server.last.whole(16, 14);
    expect(fixture.sink.take()[0]).toBe('createdBank 16');
  });

  it('are no matter where slots were merely skipped', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.sink.take();
    fixture.server.last.whole(15, 12);
    expect(fixture.sink.take()).toEqual(['createdBank 15', 'meta 15', 'processed 15']);
  });

  it('are noticed in a replay too, which skips them in silence', () => {
    const fixture = started();
    fixture.server.last.ping(1_000_000);
    run(fixture, 10, 20);
    fixture.server.last.end(status.UNAVAILABLE, 'cut');
    fixture.clock.advance(100);
    fixture.server.last.ping(2_000_000);
    for (const slot of [16, 17, 18, 19, 20, 21, 24]) fixture.server.last.whole(slot, slot - 1, 1_500_000);
    expect(fixture.sink.gaps.at(-1)).toMatchObject({ reason: 'missingSlot', repairFrom: 23, open: true });
  });

  it('count from their middle on when a slot was not seen from its start', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.sink.take();
    // Slot 14 builds on 12 and was begun before this session, on another fork.
    fixture.server.last.end(status.UNAVAILABLE, 'cut');
    fixture.clock.advance(100);
    run(fixture, 13, 13);
    fixture.sink.take();
    fixture.server.last.meta(15, 12);
    expect(fixture.sink.take()[0]).toBe('gap missingSlot repair 15');
  });
});

describe('a server without inter-slot statuses', () => {
  it('still closes the gap, by the first block that builds on one that was seen', () => {
    const fixture = started();
    fixture.server.last.meta(10);
    fixture.server.last.status(10, 'processed');
    expect(fixture.sink.gaps.at(-1)!.open).toBe(true);
    fixture.server.last.meta(11);
    expect(fixture.sink.gaps.at(-1)).toMatchObject({ open: false, resumedAt: 11, repairFrom: 10 });
  });

  it('is never asked for a replay, whose end could not be told', () => {
    const fixture = started();
    for (const slot of [10, 11, 12]) fixture.server.last.meta(slot);
    fixture.server.last.end(status.UNAVAILABLE, 'cut');
    fixture.clock.advance(100);
    expect(fixture.server.last.subscriptions[0]!.fromSlot).toBeUndefined();
  });
});

describe('a new subscription', () => {
  const other = 'other' as Address;

  it('replaces the old one whole; only its new accounts are in a gap, until two pongs later', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.sink.take();
    fixture.stream.resubscribe({ accounts: [POOL, other], wallets: [WALLET] });
    expect(fixture.server.last.subscriptions[1]!.accounts.hotslot!.account).toEqual([POOL, other]);
    expect(fixture.server.last.subscriptions[1]!.fromSlot).toBeUndefined();
    expect(fixture.sink.gaps.at(-1)).toMatchObject({ reason: 'resubscribe', open: true, accounts: [other] });
    run(fixture, 13, 18);
    expect(fixture.sink.gaps.at(-1)).toMatchObject({ reason: 'resubscribe', open: false, accounts: [other] });
    expect(fixture.sink.gaps.at(-1)!.repairFrom).toBeGreaterThan(12);
  });

  it('is what the next session asks for', () => {
    const fixture = started();
    run(fixture, 10, 12);
    fixture.server.last.end(status.UNAVAILABLE, 'cut');
    fixture.stream.resubscribe({ accounts: [other], wallets: [] });
    fixture.clock.advance(100);
    expect(fixture.server.last.subscriptions[0]!.accounts.hotslot!.account).toEqual([other]);
  });
});

it('an endpoint of another form is a configuration error', () => {
  for (const endpoint of [
    '',
    'ftp://host:1',
    'host',
    'host:0',
    'host:70000',
    'http://user@host:1',
    'a b:1',
  ]) {
    const options = { endpoint, name: 'x', clock: new ManualClock(), random: { next: () => 0 } };
    expect(() => new YellowstoneStream(options), endpoint).toThrow(/Yellowstone endpoint/);
  }
});
