import { describe, expect, it } from 'vitest';
import { asSignature, type Signature } from '../src/model/brands.js';
import { TransactionSender } from '../src/send/transaction-sender.js';
import { FakeLane } from './support/fake-lane.js';
import { ManualClock } from './support/manual-clock.js';

const SIGNATURE = asSignature('first');
const WIRE = Uint8Array.of(1, 2, 3);
const BLOCK_MS = 400;

function setUp(laneNames: readonly string[] = ['rpc:a'], most?: number, areOpenedReady = true) {
  const clock = new ManualClock();
  const lanes = laneNames.map((name) => new FakeLane(name));
  const open = (name: string) => {
    const lane = new FakeLane(name);
    lane.setReady(areOpenedReady);
    lanes.push(lane);
    return lane;
  };
  const blocked = new Set<Signature>();
  let isOpen = true;
  const gate = { mayLeave: (signature: Signature) => isOpen && !blocked.has(signature) };
  const sender = new TransactionSender({
    lanes: [...lanes],
    gate,
    clock,
    blockMs: () => BLOCK_MS,
    ...(most === undefined ? {} : { growth: { open, most } }),
  });
  const setOpen = (value: boolean) => {
    isOpen = value;
  };
  return { clock, lanes, lane: lanes[0]!, sender, setOpen };
}

describe('sending an attempt', () => {
  it('writes the bytes at once to one connection of every endpoint', async () => {
    const { lanes, sender } = setUp(['rpc:a', 'rpc:a', 'rpc:b']);
    await sender.start(SIGNATURE, WIRE);
    expect(lanes.map((lane) => lane.written.length)).toEqual([1, 0, 1]);
  });

  it('sends the very same bytes again and again until it is stopped', async () => {
    const { clock, lane, sender } = setUp();
    await sender.start(SIGNATURE, WIRE);
    for (let i = 0; i < 400; i++) {
      lane.answer('acknowledged');
      clock.advance(10);
    }
    const sends = lane.written.length;
    expect(sends).toBeGreaterThan(4);
    expect(lane.written.every(({ wire }) => Buffer.from(wire).equals(Buffer.from(WIRE)))).toBe(true);
    sender.stop(SIGNATURE);
    lane.answer('acknowledged');
    clock.advance(10_000);
    expect(lane.written.length).toBe(sends);
    expect(clock.timerCount).toBe(0);
  });

  it('goes on counting where it stopped when it is taken up again', async () => {
    const { lane, sender } = setUp();
    await sender.start(SIGNATURE, WIRE);
    lane.answer('acknowledged');
    const sends = sender.sendsOf(SIGNATURE);
    sender.stop(SIGNATURE);
    sender.resume(SIGNATURE, WIRE, sends);
    expect([lane.written.length, sender.sendsOf(SIGNATURE)]).toEqual([2, 2]);
  });

  it('sends nothing once it is closed: no new connection is made for what was signed too late', async () => {
    const { lanes, sender, clock } = setUp(['rpc:a'], 4);
    sender.close();
    await expect(sender.start(SIGNATURE, WIRE)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    sender.resume(asSignature('second'), WIRE, 1);
    clock.advance(BLOCK_MS);
    expect([lanes.length, sender.activeCount, clock.timerCount]).toEqual([1, 0, 0]);
  });

  it('sends again after a quarter of a block without news, and ever more slowly from there', async () => {
    const { clock, lane, sender } = setUp();
    await sender.start(SIGNATURE, WIRE);
    lane.answer('acknowledged');
    clock.advance(BLOCK_MS / 4 - 10);
    expect(lane.written.length).toBe(1);
    clock.advance(10);
    expect(lane.written.length).toBe(2);
    lane.answer('acknowledged');
    clock.advance(BLOCK_MS / 4);
    expect(lane.written.length).toBe(2);
    sender.close();
  });

  it('resends seldom once it was seen processed, and at once when its fork is lost', async () => {
    const { clock, lane, sender } = setUp();
    await sender.start(SIGNATURE, WIRE);
    lane.answer('acknowledged');
    sender.markSeen(SIGNATURE, true);
    clock.advance(3 * BLOCK_MS);
    expect(lane.written.length).toBe(1);
    sender.markSeen(SIGNATURE, false);
    expect(lane.written.length).toBe(2);
  });

  it('stretches its pace while endpoints push back', async () => {
    const paces: number[] = [];
    for (const outcome of ['acknowledged', 'refused'] as const) {
      const { clock, lane, sender } = setUp();
      await sender.start(SIGNATURE, WIRE);
      for (let i = 0; i < 500; i++) {
        lane.answer(outcome);
        clock.advance(10);
      }
      paces.push(lane.written.length);
      sender.close();
    }
    expect(paces[1]).toBeLessThan(paces[0]!);
  });

  it('waits for a free lane, and first sends go before resends', async () => {
    const { clock, lane, sender } = setUp();
    await sender.start(SIGNATURE, WIRE);
    const second = sender.start(asSignature('second'), WIRE);
    clock.advance(BLOCK_MS);
    expect(lane.written.length).toBe(1);
    lane.answer('acknowledged');
    await second;
    expect(lane.written.map(({ signature }) => signature)).toEqual(['first', 'second']);
  });
});

describe('several connections to one endpoint', () => {
  it('are never all taken by resends: the next first send finds one free', async () => {
    const { clock, sender, lanes } = setUp(['node', 'node']);
    await sender.start(asSignature('slow'), WIRE);
    clock.advance(20 * BLOCK_MS);
    // The first connection owes its answer, so that the second is the last free one.
    expect(lanes.map((lane) => lane.written.length)).toEqual([1, 0]);
    await sender.start(asSignature('next'), WIRE);
    expect(lanes[1]!.written.map(({ signature }) => signature)).toEqual(['next']);
    lanes[0]!.answer('acknowledged');
    lanes[1]!.answer('acknowledged');
    clock.advance(20 * BLOCK_MS);
    expect(lanes[0]!.written.at(-1)!.signature).toBe('slow');
  });
});

describe('a node that is slow to answer', () => {
  const namesOf = (lanes: readonly FakeLane[]) =>
    lanes.map((lane) => lane.written.map(({ signature }) => signature));

  it('holds up no first send: one connection more is kept free, up to the bound', async () => {
    const { lanes, sender } = setUp(['node'], 3);
    await sender.start(asSignature('first'), WIRE);
    await sender.start(asSignature('second'), WIRE);
    await sender.start(asSignature('third'), WIRE);
    expect(namesOf(lanes)).toEqual([['first'], ['second'], ['third']]);
    const fourth = sender.start(asSignature('fourth'), WIRE);
    expect(lanes.length).toBe(3);
    lanes[1]!.answer('acknowledged');
    await fourth;
    expect(namesOf(lanes)[1]).toEqual(['second', 'fourth']);
    sender.close();
    expect(lanes.some((lane) => lane.ready)).toBe(false);
  });

  it('has the connections that came later for first sends alone', async () => {
    const { clock, lanes, sender } = setUp(['node', 'node'], 4);
    for (const name of ['first', 'second', 'third']) await sender.start(asSignature(name), WIRE);
    lanes[2]!.answer('acknowledged');
    clock.advance(20 * BLOCK_MS);
    expect(namesOf(lanes)).toEqual([['first'], ['second'], ['third'], []]);
  });

  it('gets no connection more while one is free, nor where another node is the slow one', async () => {
    const { lanes, sender } = setUp(['quick', 'quick', 'slow'], 4);
    await sender.start(asSignature('first'), WIRE);
    expect(lanes.map(({ name }) => name)).toEqual(['quick', 'quick', 'slow', 'slow']);
  });

  it('has a burst wait for one connection each, not for one after the other', async () => {
    const { lanes, sender } = setUp(['node'], 5, false);
    await sender.start(asSignature('first'), WIRE);
    const others = ['second', 'third', 'fourth'].map((name) => sender.start(asSignature(name), WIRE));
    expect(lanes.length).toBe(5);
    for (const lane of lanes.slice(1)) lane.setReady(true);
    await Promise.all(others);
    expect(namesOf(lanes)).toEqual([['first'], ['second'], ['third'], ['fourth'], []]);
  });

  it('may end a connection that came later: another is opened when it is needed', async () => {
    const { lanes, sender } = setUp(['node'], 2, false);
    await sender.start(asSignature('first'), WIRE);
    lanes[1]!.close();
    const second = sender.start(asSignature('second'), WIRE);
    lanes[2]!.setReady(true);
    await second;
    expect(namesOf(lanes)).toEqual([['first'], [], ['second']]);
  });

  it('is looked at no more for each answer when thousands wait to be sent again than when a few do', async () => {
    const looksWith = async (attempts: number): Promise<number> => {
      const { clock, lanes, sender } = setUp(['node', 'node'], 4);
      for (let index = 0; index < attempts; index += 1) {
        await sender.start(asSignature(`of ${index}`), WIRE);
        // The first two connections owe their answers all the time; the others are not for resends.
        for (const lane of lanes.slice(2)) lane.answer('acknowledged');
      }
      clock.advance(20 * BLOCK_MS);
      for (const lane of lanes) lane.looks = 0;
      lanes.at(-1)!.setReady(true);
      return lanes.reduce((sum, { looks }) => sum + looks, 0);
    };
    expect(await looksWith(5_000)).toBe(await looksWith(10));
  });

  it('is sent to as soon as the connection that was opened for it is there', async () => {
    const { lanes, sender } = setUp(['node'], 2);
    await sender.start(asSignature('first'), WIRE);
    lanes[1]!.setReady(false);
    const second = sender.start(asSignature('second'), WIRE);
    expect(lanes[1]!.written).toEqual([]);
    lanes[1]!.setReady(true);
    await second;
    expect(namesOf(lanes)).toEqual([['first'], ['second']]);
  });
});

describe('L3: a stop', () => {
  it('gives a first send back and nothing left', async () => {
    const { lane, sender, setOpen } = setUp();
    setOpen(false);
    await expect(sender.start(SIGNATURE, WIRE)).rejects.toMatchObject({ code: 'KILL_SWITCH_ACTIVE' });
    expect(lane.written).toEqual([]);
    expect(sender.activeCount).toBe(0);
  });

  it('holds bytes that waited for a lane when it came', async () => {
    const { lane, sender, setOpen } = setUp();
    lane.setReady(false);
    const waiting = sender.start(SIGNATURE, WIRE);
    setOpen(false);
    lane.setReady(true);
    await expect(waiting).rejects.toMatchObject({ code: 'KILL_SWITCH_ACTIVE' });
    expect(lane.written).toEqual([]);
  });

  it('holds resends', async () => {
    const { clock, lane, sender, setOpen } = setUp();
    await sender.start(SIGNATURE, WIRE);
    lane.answer('acknowledged');
    setOpen(false);
    clock.advance(20 * BLOCK_MS);
    expect(lane.written.length).toBe(1);
  });
});
