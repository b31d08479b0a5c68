/** A landing that was confirmed, lost its fork and expired kept its outcome, and its profit stayed in the books. */
import { describe, expect, it } from 'vitest';
import { tradeData } from '../src/control/trades-feed.js';
import { TradeCounts } from '../src/executor/trade-counts.js';
import { asSignature } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { DeskRig, HEAD } from './support/desk-rig.js';
import { observe } from './support/observed-rig.js';
import { settled } from './support/transactions.js';

describe('a confirmed landing that is undone', () => {
  const outcomeOf = (rig: DeskRig, trade: Trade) => rig.replay().find(({ id }) => id === trade.id)?.outcome;

  it('leaves nothing of itself: not with subscribers, nor in the journal, nor in the books', async () => {
    const rig = new DeskRig({ maxAttempts: 1 });
    const wire: (readonly [state: string, slot: number | undefined])[] = [];
    rig.desk.onTrade(({ trade, change, attempts }) => {
      const { state, outcome } = tradeData(trade, change, attempts);
      wire.push([state, outcome?.slot]);
    });
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    expect([rig.booked.size, outcomeOf(rig, trade)?.slot]).toEqual([1, HEAD + 1]);
    rig.forkLost(trade);
    expect([trade.outcome, rig.booked.size, outcomeOf(rig, trade)]).toEqual([undefined, 0, undefined]);
    rig.expired(trade);
    expect([trade.state, trade.outcome, outcomeOf(rig, trade)]).toEqual(['expired', undefined, undefined]);
    expect(wire.slice(-3)).toEqual([
      ['confirmed', HEAD + 1],
      ['sent', undefined],
      ['expired', undefined],
    ]);
    expect(rig.kept.size).toBe(0);
  });

  it('is sent on with the count of its sends', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    rig.forkLost(trade);
    expect(rig.resumedSends).toEqual([trade.attempts[0]!.sends]);
    expect(trade.attempts[0]!.sends).toBeGreaterThan(0);
  });

  it('and lands again is booked as it landed then, and for good once it is final', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    rig.forkLost(trade);
    rig.landed(trade, 'confirmed', { slot: HEAD + 4 });
    expect([trade.outcome?.slot, rig.settledBy.length, rig.booked.size]).toEqual([HEAD + 4, 2, 1]);
    expect(rig.kept.size).toBe(0);
    rig.landed(trade, 'finalized', { slot: HEAD + 4 });
    expect([...rig.kept]).toEqual([asSignature('signature1')]);
    expect(outcomeOf(rig, trade)?.slot).toBe(HEAD + 4);
  });

  it('while the process was down is taken back by the next one', async () => {
    for (const end of ['expired', 'elsewhere'] as const) {
      const rig = new DeskRig({ maxAttempts: 1 });
      const trade = await rig.sent();
      rig.landed(trade, 'confirmed');
      const next = new DeskRig({ maxAttempts: 1 });
      next.booked.add(asSignature('signature1'));
      next.desk.resume(rig.replay());
      await settled();
      const again = next.desk.get(trade.id)!;
      if (end === 'expired') next.expired(again);
      else next.landed(again, 'confirmed', { slot: HEAD + 4, bare: true });
      expect(next.booked.size).toBe(0);
      rig.records.push(...next.records);
      const slot = end === 'expired' ? undefined : HEAD + 4;
      expect([again.outcome?.slot, outcomeOf(rig, trade)?.slot]).toEqual([slot, slot]);
    }
  });

  it('of an earlier life of the process takes nothing from the counts of this one', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    const next = new DeskRig();
    const counts = new TradeCounts();
    const takenBack: boolean[] = [];
    next.desk.onTrade((event) => takenBack.push(counts.onTrade(event, false)));
    next.desk.resume(rig.replay());
    await settled();
    next.forkLost(next.desk.get(trade.id)!);
    expect(next.desk.get(trade.id)?.state).toBe('sent');
    expect([counts.landed, takenBack.includes(true)]).toEqual([0, false]);
  });

  it('is no success any more, and counts as one when it lands again', async () => {
    const rig = new DeskRig();
    const { counts, ends } = observe(rig);
    const trade = await rig.sent();
    rig.landed(trade, 'processed');
    rig.forkLost(trade);
    expect([counts.landed, counts.ratedTrades, ends]).toEqual([0, 0, []]);
    rig.landed(trade, 'confirmed');
    rig.forkLost(trade);
    expect([counts.landed, counts.ratedTrades, ends]).toEqual([0, 0, [true, 'undone']]);
    rig.landed(trade, 'finalized');
    // Nobody told of confirmed in between; it is a success all the same, also for what trips the kill switch.
    expect([counts.landed, counts.successRate, ends.at(-1)]).toEqual([1, 1, true]);
  });
});
