/** A new process takes up what the journal says was there: nothing is lost, doubled, revived, or told otherwise. */
import { describe, expect, it } from 'vitest';
import type { DeskSettings } from '../src/lifecycle/ports.js';
import type { Trade } from '../src/model/trade.js';
import { DeskRig, HEAD, NOTHING_HELD, OTHER_WALLET } from './support/desk-rig.js';
import { settled } from './support/transactions.js';

/** kill -9, and a new process on the same journal. */
async function restart(
  old: DeskRig,
  change: (next: DeskRig) => void = () => undefined,
  settings: Partial<DeskSettings> = {},
): Promise<DeskRig> {
  const next = new DeskRig(settings);
  change(next);
  next.desk.resume(old.replay());
  await settled();
  return next;
}

const again = (rig: DeskRig, trade: Trade): Trade => rig.desk.get(trade.id)!;

describe('after a restart', () => {
  it('an attempt that is out is followed and sent on, with everything it held', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const next = await restart(rig);
    expect(again(next, trade).state).toBe('sent');
    expect([next.sends, [...next.tracked.keys()]]).toEqual([['resume signature1'], ['signature1']]);
    expect(next.held()).toMatchObject({ locks: 1, reservations: 1, slots: 1, admitted: 1 });
    next.landed(again(next, trade), 'finalized');
    expect(next.held()).toEqual(NOTHING_HELD);
  });

  it('the time that a trade took counts from its receipt, the time without a process included', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const next = await restart(rig, ({ clock }) => clock.advance(7_000));
    next.landed(again(next, trade), 'confirmed');
    expect(again(next, trade).times.confirmedUs).toBe(7_000_000);
  });

  it('an attempt of which only the record is known may be out: it is followed, not signed anew', async () => {
    const rig = new DeskRig();
    rig.firstSend = 'withheld';
    const trade = await rig.sent();
    const next = await restart(rig);
    expect(again(next, trade).state).toBe('signed');
    expect([next.builds, next.sends]).toEqual([[], ['resume signature1']]);
  });

  it('a queued trade starts, but only after those that are out have their locks, whoever came first', async () => {
    const rig = new DeskRig();
    rig.building = [];
    const queued = rig.submit({ priority: 9 });
    const records = rig.records.splice(0);
    rig.building = undefined;
    const other = new DeskRig();
    const out = await other.sent();
    rig.records.push(...records, ...other.records);
    const next = await restart(rig);
    expect([again(next, queued).state, again(next, out).state]).toEqual(['queued', 'sent']);
    next.landed(again(next, out), 'confirmed');
    await settled();
    expect(again(next, queued).state).toBe('sent');
  });

  it('a queued trade starts once it is warm, and not where that comes after the order to end', async () => {
    for (const isEnding of [false, true]) {
      const rig = new DeskRig();
      rig.building = [];
      const trade = rig.submit();
      const next = new DeskRig();
      next.desk.scheduler.pause('The executor is warming up.', 'NOT_READY');
      next.desk.resume(rig.replay());
      if (isEnding) next.desk.beginShutdown();
      next.desk.begin();
      await settled();
      expect([next.desk.get(trade.id)?.state, next.builds.length]).toEqual(
        isEnding ? ['queued', 0] : ['sent', 1],
      );
    }
  });

  it('two that are out and share accounts are both followed, and a lost fork of the second harms nobody', async () => {
    const rig = new DeskRig({ lockRelease: 'sent' });
    const trades = [await rig.sent(), await rig.sent()];
    const next = await restart(rig);
    const [first, second] = trades.map((trade) => again(next, trade)) as [Trade, Trade];
    next.landed(second, 'processed');
    next.forkLost(second);
    const waiting = await next.sent();
    next.landed(first, 'finalized');
    await settled();
    expect(waiting.state).toBe('queued');
    next.landed(second, 'finalized');
    await settled();
    expect(waiting.state).toBe('sent');
    next.landed(waiting, 'finalized');
    expect(next.held()).toEqual(NOTHING_HELD);
  });

  it('what was processed on a fork that is gone can still be proven dead', async () => {
    for (const state of ['processed', 'confirmed'] as const) {
      const rig = new DeskRig();
      const trade = await rig.sent();
      rig.landed(trade, state);
      const next = await restart(rig);
      next.expired(again(next, trade));
      await settled();
      expect(next.states(again(next, trade)).slice(0, 2)).toEqual(['sent', 'queued']);
      expect(next.sends.at(-1)).toMatch(/^start/);
    }
  });

  it('what was confirmed gives back its locks and reservation as soon as that is seen again', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    const next = await restart(rig);
    expect(next.sends).toEqual([]);
    next.landed(again(next, trade), 'confirmed');
    expect(next.held()).toMatchObject({ locks: 0, reservations: 0, slots: 0, live: 1 });
    next.landed(again(next, trade), 'finalized');
    expect(next.states(again(next, trade))).toEqual(['finalized']);
  });

  it('earlier attempts stay dead', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.expired(trade);
    await settled();
    const next = await restart(rig);
    expect(next.sends).toEqual(['resume signature2']);
    next.emit({
      kind: 'landed',
      signature: trade.attempts[0]!.signature,
      slot: next.slots.head(),
      commitment: 'finalized',
      error: undefined,
      evidence: { source: 'rpc:node' },
    });
    expect([again(next, trade).state, next.faults[0]?.kind]).toEqual(['sent', 'invariant']);
  });

  it('what has ended stays so, and its order id is known', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'finalized');
    const next = await restart(rig);
    expect(next.desk.byClientOrderId(trade.intent.clientOrderId)?.state).toBe('finalized');
    expect(next.held()).toEqual(NOTHING_HELD);
  });

  it('a queued trade whose deadline has passed is denied', async () => {
    const rig = new DeskRig();
    rig.building = [];
    const trade = rig.submit({ deadlineMs: 500 });
    const next = await restart(rig, ({ clock }) => clock.advance(500));
    expect(again(next, trade)).toMatchObject({ state: 'denied', denial: { code: 'DEADLINE_PASSED' } });
  });
});

describe('live trading that was turned off', () => {
  it('sends on nothing that was signed while it was on, nor signs it anew: it is followed to its end', async () => {
    for (const state of ['sent', 'confirmed'] as const) {
      const rig = new DeskRig();
      const trade = await rig.sent();
      if (state === 'confirmed') rig.landed(trade, state);
      const next = await restart(rig, undefined, { mayTradeLive: false });
      const out = again(next, trade);
      expect([out.state, next.sends, next.admitted.size, next.tracked.size]).toEqual([state, [], 0, 1]);
      next.landed(out, 'confirmed');
      next.forkLost(out);
      // What the gate does not know never leaves.
      expect([out.state, next.admitted.size]).toEqual(['sent', 0]);
      next.expired(out);
      await settled();
      expect([out.state, next.builds]).toEqual(['expired', []]);
      expect(next.held()).toEqual(NOTHING_HELD);
    }
  });
});

describe('a stop across a restart', () => {
  it('in force: nothing leaves, queued trades are cancelled, what is out is followed', async () => {
    const rig = new DeskRig();
    const out = await rig.sent();
    const queued = rig.submit();
    const next = await restart(rig, (one) => one.stop());
    expect([next.sends, next.tracked.size]).toEqual([[], 1]);
    expect([again(next, out).state, again(next, queued).state]).toEqual(['sent', 'cancelled']);
  });

  it('already released: it revives nothing, neither resends nor the queue nor another attempt', async () => {
    const rig = new DeskRig();
    const out = await rig.sent();
    const queued = rig.submit({ wallet: OTHER_WALLET });
    const next = await restart(rig, (one) => {
      one.stop();
      one.grade = 'off';
    });
    expect([next.sends, again(next, queued).state]).toEqual([[], 'cancelled']);
    next.expired(again(next, out));
    await settled();
    expect([again(next, out).state, next.builds]).toEqual(['expired', []]);
  });
});

describe('a stop of a process whose clock was set back', () => {
  it('is known by its count: what was taken before it looks younger than it, and is not sent on', async () => {
    const rig = new DeskRig();
    const out = await rig.sent();
    const queued = rig.submit({ wallet: OTHER_WALLET });
    const next = await restart(rig, (one) => {
      one.stop();
      one.grade = 'off';
      one.lastStopAtMs -= 3_600_000;
    });
    expect([next.sends, again(next, queued).state]).toEqual([[], 'cancelled']);
    next.expired(again(next, out));
    await settled();
    expect([again(next, out).state, next.builds]).toEqual(['expired', []]);
  });
});

describe('while the journal cannot be written', () => {
  it('an end of ours is not told before a restart would know of it', async () => {
    const rig = new DeskRig({ maxAttempts: 1, maxConcurrent: 1 });
    const out = await rig.sent();
    const late = rig.submit({ deadlineMs: 500, wallet: OTHER_WALLET });
    rig.writable = false;
    rig.clock.advance(500);
    rig.expired(out);
    expect([late.state, out.state]).toEqual(['queued', 'sent']);
    expect(rig.events.map((event) => event.change.state)).not.toContain('expired');
    expect(rig.held()).toMatchObject({ locks: 0, slots: 0 });
    const next = await restart(rig);
    expect(again(next, out).state).toBe('sent');
    rig.writable = true;
    rig.clock.advance(100);
    expect([late.state, out.state]).toEqual(['denied', 'expired']);
    expect(
      rig
        .replay()
        .map((trade) => trade.state)
        .sort(),
    ).toEqual(['denied', 'expired']);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('the chain’s word on a trade whose end waits is the last', async () => {
    const rig = new DeskRig({ maxAttempts: 1 });
    const trade = await rig.sent();
    rig.writable = false;
    rig.expired(trade);
    rig.landed(trade, 'finalized', { slot: HEAD + 2 });
    rig.writable = true;
    rig.clock.advance(1_000);
    expect([trade.state, rig.states(trade).includes('expired')]).toEqual(['finalized', false]);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it.each(['processed', 'confirmed'] as const)(
    'an end that waits is void where the chain shows the trade %s after all',
    async (commitment) => {
      const rig = new DeskRig({ maxAttempts: 1 });
      const trade = await rig.sent();
      rig.writable = false;
      rig.expired(trade, 'confirmed');
      rig.landed(trade, commitment, { slot: HEAD + 2 });
      rig.writable = true;
      rig.clock.advance(100);
      expect([trade.state, rig.replay()[0]?.state === 'expired']).toEqual([commitment, false]);
      // The timer that looks again has ended with it, and another end can wait.
      rig.forkLost(trade, HEAD + 2);
      rig.writable = false;
      rig.expired(trade);
      expect(trade.state).toBe('sent');
      rig.writable = true;
      rig.clock.advance(100);
      expect(trade.state).toBe('expired');
      expect(rig.held()).toEqual(NOTHING_HELD);
    },
  );
});
