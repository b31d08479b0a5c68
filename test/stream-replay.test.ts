/**
 * A session that begins with a replay has lost what was written so far in the slot in progress. Once that slot is frozen
 * a second replay brings it whole, and nothing has to be waited for until it is confirmed. Whatever else is missing keeps
 * the gap as it is.
 */
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type Address, asSlot } from '../src/model/brands.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { FakeServer, type FakeSession, WordSink } from './support/fake-stream.js';
import { ManualClock } from './support/manual-clock.js';

const OPENED_MS = 2_000_000;
const BEFORE_MS = 1_500_000;
const AFTER_MS = 2_000_010;

function started(fromSlot?: number) {
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
  const subscription = { accounts: ['pool' as Address], wallets: [] };
  if (fromSlot === undefined) stream.start(sink, subscription);
  else stream.start(sink, subscription, asSlot(fromSlot));
  return { server, clock, sink, stream };
}

/** The server opens the session and replays frozen slots, with the times that they had. */
function replay(session: FakeSession, from: number, to: number): void {
  session.ping(OPENED_MS);
  for (let slot = from; slot <= to; slot++) session.whole(slot, slot - 1, BEFORE_MS);
}

const fromSlots = (session: FakeSession) => session.subscriptions.map((request) => request.fromSlot);
const gaps = (sink: WordSink) => sink.take().filter((word) => word.startsWith('gap'));

describe('a first session with a replay', () => {
  it('asks for the slot in progress again as soon as it is frozen, and is whole from the first slot on then', () => {
    const { server, sink } = started(16);
    const session = server.last;
    expect(fromSlots(session)).toEqual(['16']);
    replay(session, 16, 20);
    expect(fromSlots(session)).toEqual(['16']);
    session.meta(21, 20, AFTER_MS);
    expect(fromSlots(session)).toEqual(['16', '21']);
    expect(session.subscriptions[1]!.accounts.hotslot!.account).toEqual(['pool']);
    session.status(22, 'createdBank', 21, AFTER_MS);
    expect(gaps(sink)).toEqual(['gap start open', 'gap start repair 21']);
    session.status(21, 'createdBank', 20, BEFORE_MS);
    expect(gaps(sink)).toEqual([]);
    session.meta(21, 20, AFTER_MS);
    expect(gaps(sink)).toEqual(['gap start repair 15']);
    expect(sink.gaps.at(-1)).toMatchObject({ eased: true, open: false });
  });

  it('takes a slot whose start was replayed and whose end came live for one in progress too', () => {
    const { server } = started(16);
    replay(server.last, 16, 20);
    server.last.status(21, 'createdBank', 20, BEFORE_MS);
    server.last.meta(21, 20, AFTER_MS);
    expect(fromSlots(server.last)).toEqual(['16', '21']);
  });

  it('with no slot in progress is whole with the first that begins', () => {
    const { server, sink } = started(16);
    replay(server.last, 16, 20);
    server.last.status(21, 'createdBank', 20, AFTER_MS);
    expect(fromSlots(server.last)).toEqual(['16']);
    expect(gaps(sink).at(-1)).toBe('gap start repair 15');
  });

  it('does not rest on a slot that begins on one of which nothing came', () => {
    const { server, sink } = started(16);
    replay(server.last, 16, 20);
    server.last.status(22, 'createdBank', 21, AFTER_MS);
    expect(gaps(sink).at(-1)).toBe('gap start repair 21');
  });

  it('asks for a block that the replay left out, and is not whole before it has come', () => {
    const { server, sink } = started(16);
    const session = server.last;
    session.ping(OPENED_MS);
    for (const slot of [16, 17, 19, 20]) session.whole(slot, slot - 1, BEFORE_MS);
    expect(fromSlots(session)).toEqual(['16', '18']);
    session.status(21, 'createdBank', 20, AFTER_MS);
    expect(gaps(sink).at(-1)).toBe('gap start repair 20');
    session.whole(18, 17, BEFORE_MS);
    expect(gaps(sink)).toEqual(['gap start repair 15']);
  });

  it('is not whole with that block while the slot in progress has not shown', () => {
    const { server, sink } = started(16);
    const session = server.last;
    session.ping(OPENED_MS);
    for (const slot of [16, 17, 19, 20]) session.whole(slot, slot - 1, BEFORE_MS);
    session.whole(18, 17, BEFORE_MS);
    expect(sink.gaps.some((gap) => gap.eased === true)).toBe(false);
    session.meta(21, 20, AFTER_MS);
    expect(sink.gaps.some((gap) => gap.eased === true)).toBe(false);
    session.meta(21, 20, AFTER_MS);
    expect(sink.gaps.at(-1)).toMatchObject({ eased: true, repairFrom: 15 });
  });

  it('takes no replayed slot for a live one behind a root without a start', () => {
    const { server, sink } = started(0);
    const session = server.last;
    session.ping(OPENED_MS);
    session.meta(0, 0, BEFORE_MS);
    for (const slot of [1, 2]) session.whole(slot, slot - 1, BEFORE_MS);
    expect(sink.gaps.some((gap) => gap.eased === true)).toBe(false);
    session.meta(3, 2, AFTER_MS);
    session.meta(3, 2, AFTER_MS);
    expect(sink.gaps.at(-1)).toMatchObject({ eased: true, repairFrom: 0 });
  });
});

describe('clocks that differ', () => {
  /** A proxy's, ahead of the node's. */
  const AHEAD_MS = 300;

  it('make no slot whole that was in progress: what ended just before the ping is asked for once more', () => {
    const { server, sink } = started(16);
    const session = server.last;
    session.ping(OPENED_MS + AHEAD_MS);
    for (let slot = 16; slot <= 20; slot++) session.whole(slot, slot - 1, BEFORE_MS);
    session.status(21, 'createdBank', 20, BEFORE_MS);
    session.meta(21, 20, OPENED_MS + 100);
    expect(fromSlots(session)).toEqual(['16', '21']);
    session.whole(22, 21, OPENED_MS + AHEAD_MS + 100);
    expect(sink.gaps.some((gap) => gap.eased === true)).toBe(false);
    session.whole(21, 20, OPENED_MS + 100);
    expect(sink.gaps.at(-1)).toMatchObject({ eased: true, repairFrom: 15 });
  });

  it('cost one replay, however many slots ended just before', () => {
    const { server, sink } = started(16);
    const session = server.last;
    session.ping(OPENED_MS);
    for (let slot = 16; slot <= 20; slot++) session.whole(slot, slot - 1, OPENED_MS - 100);
    expect(fromSlots(session)).toEqual(['16', '16']);
    for (let slot = 16; slot <= 20; slot++) session.whole(slot, slot - 1, OPENED_MS - 100);
    session.status(21, 'createdBank', 20, AFTER_MS);
    expect(sink.gaps.at(-1)).toMatchObject({ eased: true, repairFrom: 15 });
  });
});

describe('a later session', () => {
  it('is not eased: a block that the one before missed may be missing again, and nobody would say so', () => {
    const { server, clock, sink } = started(16);
    const session = server.last;
    session.ping(OPENED_MS);
    for (const slot of [16, 17, 19]) session.whole(slot, slot - 1, BEFORE_MS);
    session.end(status.UNAVAILABLE, 'connection lost');
    clock.advance(200);
    const next = server.last;
    next.ping(OPENED_MS + 1_000);
    const [from] = fromSlots(next);
    for (const slot of [16, 17, 19]) if (slot >= Number(from)) next.whole(slot, slot - 1, BEFORE_MS);
    next.whole(20, 19, OPENED_MS + 1_010);
    next.whole(21, 20, OPENED_MS + 1_020);
    expect(sink.gaps.some((gap) => gap.eased === true)).toBe(false);
    expect(sink.gaps.at(-1)).toMatchObject({ open: false, repairFrom: 20 });
  });

  it('is not asked from where the first one began, where nothing can be resumed', () => {
    const { server, clock } = started(16);
    for (let slot = 16; slot <= 20; slot++) server.last.meta(slot, slot - 1);
    server.last.end(status.UNAVAILABLE, 'connection lost');
    clock.advance(200);
    expect(fromSlots(server.last)).toEqual([undefined]);
  });
});

describe('a slot in progress on another fork', () => {
  it('that shows after all was whole makes a gap again, until it has come too', () => {
    const { server, sink } = started(16);
    const session = server.last;
    replay(session, 16, 20);
    session.status(23, 'createdBank', 20, AFTER_MS);
    expect(gaps(sink).at(-1)).toBe('gap start repair 15');
    // Its shreds are all there before it is frozen: it can be asked for only then.
    session.status(21, 'completed', 20, AFTER_MS);
    expect(gaps(sink)).toEqual(['gap missingSlot repair 22']);
    expect(fromSlots(session)).toEqual(['16']);
    session.meta(21, 20, AFTER_MS);
    expect(fromSlots(session)).toEqual(['16', '21']);
    session.status(21, 'createdBank', 20, BEFORE_MS);
    session.meta(21, 20, AFTER_MS);
    expect(gaps(sink)).toEqual(['gap start repair 15']);
  });
});

describe('a server that does not replay', () => {
  it('at all, is asked without', () => {
    const { server, clock } = started(16);
    server.last.end(status.INTERNAL, 'from_slot is not supported');
    clock.advance(200);
    expect(fromSlots(server.last)).toEqual([undefined]);
    server.last.whole(30, 29, AFTER_MS);
    expect(fromSlots(server.last)).toEqual([undefined]);
  });

  it('within a session, is not asked for that again', () => {
    const { server, clock } = started(16);
    replay(server.last, 16, 20);
    server.last.meta(21, 20, AFTER_MS);
    expect(fromSlots(server.last)).toEqual(['16', '21']);
    server.last.end(status.INTERNAL, 'one replay a session');
    clock.advance(200);
    expect(fromSlots(server.last)).toEqual(['16']);
    replay(server.last, 16, 24);
    server.last.meta(25, 24, AFTER_MS);
    expect(fromSlots(server.last)).toEqual(['16']);
  });

  it('with times, cannot show what it replayed: nothing is asked for, and the gap closes as without replay', () => {
    const { server, sink } = started(16);
    const session = server.last;
    for (let slot = 16; slot <= 20; slot++) session.meta(slot, slot - 1);
    session.meta(21, 20);
    session.status(22, 'createdBank', 21);
    expect(fromSlots(session)).toEqual(['16']);
    expect(gaps(sink).at(-1)).toBe('gap start repair 21');
  });
});

it('asks at most eight times a session', () => {
  const { server } = started(16);
  const session = server.last;
  replay(session, 16, 20);
  for (let slot = 21; slot < 40; slot++) session.meta(slot, slot - 1, AFTER_MS);
  expect(fromSlots(session)).toHaveLength(9);
});
