/**
 * What became of an attempt: news of several forks and nodes, of which none may be believed too soon, and the one
 * proof by which an attempt is dead. Users of other bots bought twice because a time-out was taken for a failure.
 */
import { describe, expect, it } from 'vitest';
import { UNKNOWN_AFTER_FAILURES } from '../src/confirm/attempt-inquiry.js';
import { AttemptTracker } from '../src/confirm/attempt-tracker.js';
import { proveExpiry } from '../src/confirm/expiry.js';
import type { AttemptEvent } from '../src/confirm/types.js';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { asBlockHeight, asSignature, asSlot, type Commitment, type Signature } from '../src/model/brands.js';
import type { SignatureStatusAnswer } from '../src/send/chain-reader.js';
import { FakeSlots } from './support/fake-slots.js';
import { ManualClock } from './support/manual-clock.js';
import { settled, transactionUpdate } from './support/transactions.js';

const SIGNATURE = asSignature('mine');
const SIGNED_SLOT = 2_000;
/** The block of slot 2,150 has this height; the first above it is that of slot 2,151. */
const LAST_VALID = asBlockHeight(1_150);
const PAST = 2_151;
const ATTEMPT = { signature: SIGNATURE, lastValidBlockHeight: LAST_VALID, signedSlot: asSlot(SIGNED_SLOT) };

interface Question {
  readonly signatures: readonly Signature[];
  readonly searchHistory: boolean;
}

function setUp() {
  const clock = new ManualClock();
  const slots = new FakeSlots();
  slots.reachAll(SIGNED_SLOT);
  const node = {
    contextSlot: SIGNED_SLOT,
    firstAvailable: 0,
    status: undefined as SignatureStatusAnswer | undefined,
    fails: false,
    /** By turns: the healthiest, which answers first, and the next. */
    hosts: ['node'],
    pruned: new Set<string>(),
    asked: [] as Question[],
  };
  const errors: unknown[] = [];
  const tracker = new AttemptTracker({
    slots,
    clock,
    streamName: 'test',
    onPollError: (error) => errors.push(error),
    statuses: {
      statuses: async (signatures, searchHistory, turn = 0) => {
        node.asked.push({ signatures, searchHistory });
        if (node.fails) throw new HotslotError('RPC_TIMEOUT');
        return {
          contextSlot: asSlot(node.contextSlot),
          host: node.hosts[turn % node.hosts.length]!,
          statuses: signatures.map(() => node.status),
        };
      },
      firstAvailableBlock: async (host) =>
        asSlot(node.pruned.has(host) ? SIGNED_SLOT + 1 : node.firstAvailable),
    },
  });
  const events: AttemptEvent[] = [];
  tracker.onEvent((event) => events.push(event));
  tracker.track(ATTEMPT);
  const sweep = async (times = 1) => {
    for (let i = 0; i < times; i += 1) {
      clock.advance(250);
      await settled();
    }
  };
  const kinds = () =>
    events.map((event) => ('commitment' in event ? `${event.kind} ${event.commitment}` : event.kind));
  return { clock, slots, node, errors, tracker, events, sweep, kinds };
}

function status(slot: number, commitment: Commitment, error: unknown = null): SignatureStatusAnswer {
  return { slot: asSlot(slot), commitment, error };
}

describe('the proof of an expiry', () => {
  const prove = (change: { confirmed?: number; finalized?: number; context?: number; first?: number }) => {
    const slots = new FakeSlots();
    slots.reachAll(change.finalized ?? PAST);
    slots.reach('confirmed', change.confirmed ?? PAST);
    const answer = { host: 'node', contextSlot: asSlot(change.context ?? PAST) };
    const proof = proveExpiry(ATTEMPT, slots, answer, asSlot(change.first ?? SIGNED_SLOT));
    return proof.kind === 'proven' ? proof.commitment : proof.kind;
  };

  it.each([
    ['a rooted block above the height', { finalized: PAST }, 'finalized'],
    ['that block only confirmed', { finalized: PAST - 1, confirmed: PAST }, 'confirmed'],
    ['no confirmed block above the height', { finalized: PAST - 1, confirmed: PAST - 1 }, 'unproven'],
    ['a node whose view ends with that block', { context: PAST }, 'finalized'],
    ['a node whose view ends one slot earlier', { context: PAST - 1 }, 'unproven'],
    ['a node whose history begins where it was signed', { first: SIGNED_SLOT }, 'finalized'],
    ['a node whose history begins one slot later', { first: SIGNED_SLOT + 1 }, 'unproven'],
  ])('%s: %j gives %s', (_name, change, outcome) => {
    expect(prove(change)).toBe(outcome);
  });

  it('counts blocks and not slots: skipped ones make an attempt live longer', () => {
    const slots = new FakeSlots();
    for (let slot = 2_100; slot < 2_104; slot += 1) slots.skipped.add(slot);
    slots.reachAll(PAST);
    const answer = { host: 'node', contextSlot: asSlot(3_000) };
    expect(proveExpiry(ATTEMPT, slots, answer, asSlot(0)).kind).toBe('unproven');
    slots.reachAll(PAST + 3);
    expect(proveExpiry(ATTEMPT, slots, answer, asSlot(0)).kind).toBe('unproven');
    slots.reachAll(PAST + 4);
    expect(proveExpiry(ATTEMPT, slots, answer, asSlot(0))).toMatchObject({
      kind: 'proven',
      evidence: { slot: PAST + 4 },
    });
  });
});

describe('an attempt that is not seen', () => {
  it('is not dead at its last valid height, and is at the next confirmed block', async () => {
    const { slots, node, sweep, kinds } = setUp();
    node.contextSlot = 9_999;
    slots.reach('confirmed', PAST - 1);
    await sweep(20);
    expect(kinds()).toEqual([]);
    slots.reach('confirmed', PAST);
    await sweep();
    expect(kinds()).toEqual(['expired confirmed']);
    expect(node.asked.at(-1)).toEqual({ signatures: [SIGNATURE], searchHistory: true });
  });

  it('is reported dead again, once, when the block that proves it is rooted', async () => {
    const { slots, node, sweep, kinds } = setUp();
    node.contextSlot = 9_999;
    slots.reach('confirmed', PAST);
    await sweep(40);
    expect(kinds()).toEqual(['expired confirmed']);
    slots.reach('finalized', PAST);
    await sweep(4);
    expect(kinds()).toEqual(['expired confirmed', 'expired finalized']);
  });

  it('is not called dead by a lagging node, nor by one that has pruned; after many tries it is unknown', async () => {
    for (const change of [
      { contextSlot: PAST - 1 },
      { contextSlot: 9_999, firstAvailable: SIGNED_SLOT + 1 },
    ]) {
      const { slots, node, sweep, kinds } = setUp();
      slots.reachAll(PAST + 50);
      Object.assign(node, change);
      await sweep(UNKNOWN_AFTER_FAILURES - 1);
      expect(kinds()).toEqual([]);
      await sweep(UNKNOWN_AFTER_FAILURES);
      expect(kinds()).toEqual(['unknown']);
      Object.assign(node, { contextSlot: 9_999, firstAvailable: 0 });
      await sweep();
      expect(kinds()).toEqual(['unknown', 'expired finalized']);
    }
  });

  it('is proven dead by the node that has its history, though a healthier one has pruned', async () => {
    const { slots, node, sweep, kinds } = setUp();
    slots.reachAll(PAST);
    Object.assign(node, { contextSlot: 9_999, hosts: ['pruned', 'whole'], pruned: new Set(['pruned']) });
    await sweep(2);
    expect(kinds()).toEqual(['expired finalized']);
  });

  it('is unknown, not failed, while no node answers', async () => {
    const { slots, node, errors, sweep, kinds } = setUp();
    slots.reachAll(PAST);
    node.fails = true;
    await sweep(UNKNOWN_AFTER_FAILURES + 5);
    expect(kinds()).toEqual(['unknown']);
    expect(errors.length).toBeGreaterThanOrEqual(UNKNOWN_AFTER_FAILURES);
  });

  it('is asked about without history while young, with history once its height has passed', async () => {
    const { slots, node, sweep } = setUp();
    await sweep(6);
    expect(node.asked).toEqual([{ signatures: [SIGNATURE], searchHistory: false }]);
    slots.reachAll(PAST);
    await sweep();
    expect(node.asked.at(-1)?.searchHistory).toBe(true);
  });

  it('that lands while a node is asked for the proof is not dead', async () => {
    const { clock, slots, tracker, kinds } = setUp();
    slots.reachAll(PAST);
    clock.advance(250);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_100));
    await settled();
    expect(kinds()).toEqual(['landed finalized']);
  });
});

describe('an attempt that was seen', () => {
  it('reaches commitments by the fate of its slot, whichever step was missed', () => {
    const { slots, tracker, kinds } = setUp();
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    expect(kinds()).toEqual(['landed processed']);
    // Finalized without a word of confirmed: "at least", never equality.
    slots.reachAll(2_040);
    tracker.onFinalized(asSlot(2_040));
    tracker.onConfirmed(asSlot(2_040));
    expect(kinds()).toEqual(['landed processed', 'landed finalized']);
  });

  it('is not asked about while a slot that the stream confirmed waits to be final, unless it is in a hurry', async () => {
    const { slots, node, tracker, sweep } = setUp();
    slots.reach('processed', 2_001);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    slots.reach('confirmed', 2_001);
    tracker.onConfirmed(asSlot(2_001));
    await sweep(100);
    expect(node.asked).toHaveLength(0);
    await sweep(20);
    expect(node.asked).toHaveLength(1);
    tracker.hurryAll();
    await sweep();
    expect(node.asked).toHaveLength(2);
  });

  it('is asked about again and again where only a node has called it confirmed', async () => {
    const { slots, node, sweep, kinds } = setUp();
    slots.fates.set(2_003, 'unknown');
    node.status = status(2_003, 'confirmed');
    await sweep(6);
    expect(kinds()).toEqual(['landed confirmed']);
    await sweep(12);
    expect(node.asked).toHaveLength(3);
  });

  it('is told at what its slot has already reached', () => {
    const { slots, tracker, kinds } = setUp();
    slots.reach('confirmed', 2_005);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    expect(kinds()).toEqual(['landed confirmed']);
  });

  it('is not called final by the root passing a slot that the tree never saw', () => {
    const { slots, tracker, kinds } = setUp();
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    slots.fates.set(2_001, 'unknown');
    slots.reachAll(2_100);
    tracker.onConfirmed(asSlot(2_100));
    tracker.onFinalized(asSlot(2_100));
    expect(kinds()).toEqual(['landed processed']);
  });

  it('is back to where it was when its fork is lost, and a later poll finds it on another', async () => {
    const { slots, node, tracker, events, sweep, kinds } = setUp();
    slots.reach('processed', 2_002);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    slots.fates.set(2_001, 'lost');
    tracker.onSlotsLost([asSlot(2_001)]);
    expect(kinds()).toEqual(['landed processed', 'forkLost']);
    node.status = status(2_003, 'confirmed', { InstructionError: [0, 'Custom'] });
    await sweep(6);
    expect(events.at(-1)).toMatchObject({
      kind: 'landed',
      slot: 2_003,
      commitment: 'confirmed',
      error: { InstructionError: [0, 'Custom'] },
      evidence: { source: 'rpc:node' },
    });
  });

  it('that landed on two forks goes over to the one that lives, at once', () => {
    const { slots, tracker, events, kinds } = setUp();
    slots.reach('processed', 2_001);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_002));
    expect(kinds()).toEqual(['landed processed']);
    slots.fates.set(2_001, 'lost');
    slots.reach('processed', 2_002);
    tracker.onSlotsLost([asSlot(2_001)]);
    expect(kinds()).toEqual(['landed processed', 'forkLost', 'landed processed']);
    expect(events.at(-1)).toMatchObject({ slot: 2_002 });
  });

  it('on a fork that never was the head’s is taken back though nobody says so', async () => {
    const { slots, tracker, sweep, kinds } = setUp();
    slots.fates.set(2_001, 'unknown');
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    slots.fates.set(2_001, 'lost');
    await sweep();
    expect(kinds()).toEqual(['landed processed', 'forkLost']);
  });

  it('only as processed, in a slot that nobody knows, is dead by a rooted proof and by none weaker', async () => {
    const { slots, node, tracker, sweep, kinds } = setUp();
    slots.fates.set(2_001, 'unknown');
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    node.contextSlot = 9_999;
    slots.reach('confirmed', PAST);
    await sweep(20);
    expect(kinds()).toEqual(['landed processed']);
    slots.reach('finalized', PAST);
    await sweep(2);
    expect(kinds()).toEqual(['landed processed', 'forkLost', 'expired finalized']);
  });

  it('as processed on a lost fork by a node’s word is neither landed nor dead', async () => {
    const { slots, node, sweep, kinds } = setUp();
    slots.reachAll(PAST);
    slots.fates.set(2_001, 'lost');
    node.status = status(2_001, 'processed');
    node.contextSlot = 9_999;
    await sweep(10);
    expect(kinds()).toEqual([]);
  });

  it('replayed from a lost fork is not seen again', () => {
    const { slots, tracker, kinds } = setUp();
    slots.fates.set(2_001, 'dead');
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    expect(kinds()).toEqual([]);
  });

  it('keeps what a node confirmed although the stream still follows another fork', async () => {
    const { slots, node, tracker, sweep, kinds } = setUp();
    node.status = status(2_003, 'confirmed');
    await sweep(6);
    slots.fates.set(2_003, 'lost');
    tracker.onSlotsLost([asSlot(2_003)]);
    expect(kinds()).toEqual(['landed confirmed']);
    slots.reach('confirmed', 2_010);
    tracker.onSlotsLost([asSlot(2_003)]);
    expect(kinds()).toEqual(['landed confirmed', 'forkLost']);
  });

  it('does not fall back by a lagging node’s weaker word, nor by a late update of the stream', async () => {
    const { node, tracker, sweep, kinds } = setUp();
    node.status = status(2_001, 'confirmed');
    await sweep(6);
    node.status = status(2_001, 'processed');
    await sweep(6);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    expect(kinds()).toEqual(['landed confirmed']);
  });

  it('long ago, its status forgotten by the nodes’ recent memory, is found final in their history', async () => {
    const { slots, node, tracker, sweep, kinds } = setUp();
    node.status = status(2_001, 'confirmed');
    await sweep(6);
    slots.fates.set(2_001, 'unknown');
    slots.reachAll(PAST + 500);
    node.status = status(2_001, 'finalized');
    await sweep(6);
    expect(node.asked.at(-1)?.searchHistory).toBe(true);
    expect(kinds()).toEqual(['landed confirmed', 'landed finalized']);
    tracker.untrack(SIGNATURE);
  });
});

describe('following', () => {
  it('keeps nothing of an attempt that is over, and no timer', () => {
    const { clock, tracker } = setUp();
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    tracker.untrack(SIGNATURE);
    expect([tracker.trackedCount, clock.timerCount]).toEqual([0, 0]);
    tracker.onTransaction(transactionUpdate(SIGNATURE, 2_001));
    tracker.onSlotsLost([asSlot(2_001)]);
    expect(tracker.trackedCount).toBe(0);
  });

  it('asks at the next sweep after `hurry`', async () => {
    const { node, tracker, sweep } = setUp();
    tracker.hurry(SIGNATURE);
    await sweep();
    expect(node.asked).toHaveLength(1);
  });

  it('asks about at most 256 signatures a call', async () => {
    const { node, tracker, sweep } = setUp();
    for (let number = 0; number < 256; number += 1)
      tracker.track({ ...ATTEMPT, signature: asSignature(`other${number}`) });
    await sweep(6);
    expect(node.asked.map(({ signatures }) => signatures.length)).toEqual([256, 1]);
  });
});

describe('news that decides many trades', () => {
  const MINE = Array.from({ length: 12 }, (_, index) => asSignature(`mine-${index}`));

  /** @param turnGapMs how long a turn waits for the one after it, where the event loop is busy */
  function followMany(statuses: readonly (SignatureStatusAnswer | undefined)[], turnGapMs = 0) {
    const { clock, slots } = setUp();
    const node = { statuses, contextSlot: SIGNED_SLOT + 1 };
    let us = 0;
    const slowClock = {
      nowMs: () => clock.nowMs(),
      // Every look at the clock is 200 µs later: so long does a trade take to be written down and told.
      monotonicUs: () => {
        us += 200;
        return us;
      },
      after: (ms: number, callback: () => void) => clock.after(Math.max(ms, turnGapMs), callback),
      every: clock.every.bind(clock),
    };
    const tracker = new AttemptTracker({
      slots,
      clock: slowClock,
      streamName: 'test',
      onPollError: () => undefined,
      statuses: {
        statuses: async (signatures) => ({
          contextSlot: asSlot(node.contextSlot),
          host: 'node',
          statuses: signatures.map((signature) => node.statuses[MINE.indexOf(signature)]),
        }),
        firstAvailableBlock: async () => asSlot(0),
      },
    });
    const confirmed: Signature[] = [];
    const expired: Signature[] = [];
    tracker.onEvent((event) => {
      if (event.kind === 'expired') expired.push(event.signature);
      if (event.kind === 'landed' && event.commitment === 'confirmed') confirmed.push(event.signature);
    });
    for (const signature of MINE) tracker.track({ ...ATTEMPT, signature });
    return { clock, slots, tracker, node, confirmed, expired };
  }

  function expectToldInTurns(confirmed: readonly Signature[], clock: ManualClock) {
    expect(confirmed.length).toBeGreaterThan(0);
    expect(confirmed.length).toBeLessThan(MINE.length);
    for (let turn = 0; turn < MINE.length; turn += 1) clock.advance(1);
    expect(confirmed).toEqual(MINE);
  }

  it('is told in turns where a slot is confirmed, so that the event loop is not held for all of them', () => {
    const { clock, slots, tracker, confirmed } = followMany([]);
    for (const signature of MINE) tracker.onTransaction(transactionUpdate(signature, SIGNED_SLOT + 1));
    slots.reach('confirmed', SIGNED_SLOT + 1);
    tracker.onConfirmed(asSlot(SIGNED_SLOT + 1));
    expectToldInTurns(confirmed, clock);
  });

  it('is told in turns where a node answers for all of them', async () => {
    const { clock, tracker, confirmed } = followMany(MINE.map(() => status(SIGNED_SLOT + 1, 'confirmed')));
    tracker.hurryAll();
    clock.advance(250);
    await settled();
    expectToldInTurns(confirmed, clock);
  });

  it('outweighs, before its turn has come, a node that does not know it', async () => {
    const known = MINE.map(() => status(SIGNED_SLOT + 1, 'confirmed'));
    const { clock, slots, node, confirmed, expired } = followMany(known, 100);
    slots.reach('processed', PAST);
    slots.reach('confirmed', PAST);
    clock.advance(250);
    await settled();
    expect(confirmed.length).toBeGreaterThan(0);
    node.statuses = [];
    node.contextSlot = PAST;
    for (let sweep = 0; sweep < 4; sweep += 1) {
      clock.advance(250);
      await settled();
    }
    expect([expired, confirmed.toSorted()]).toEqual([[], MINE.toSorted()]);
  });
});
