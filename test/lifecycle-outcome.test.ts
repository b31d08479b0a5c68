/** A trade that landed while the process was down was told a fee of 0 for good when the next kill came at once. */
import { describe, expect, it } from 'vitest';
import { landedForGood, unreadOutcomes } from '../src/executor/unread-outcomes.js';
import { StateBuilder } from '../src/journal/replayed-state.js';
import { ExecutionQuality } from '../src/metrics/execution-quality.js';
import type { Trade } from '../src/model/trade.js';
import { awaitsOutcome } from '../src/model/trade.js';
import { DeskRig, HEAD } from './support/desk-rig.js';
import { idOf, lifeOf } from './support/journal-records.js';
import { settled, transactionUpdate } from './support/transactions.js';

async function endedUnread(): Promise<DeskRig> {
  const rig = new DeskRig();
  const trade = await rig.sent();
  rig.landed(trade, 'finalized', { bare: true });
  return rig;
}

describe('what a landed trade cost', () => {
  it('is not told before it was read', async () => {
    const rig = await endedUnread();
    const [trade] = rig.replay();
    expect(trade).toMatchObject({ state: 'finalized', outcome: { slot: HEAD + 1 } });
    expect([trade?.outcome?.feeLamports, trade?.outcome?.spent]).toEqual([undefined, undefined]);
    expect(trade && awaitsOutcome(trade)).toBe(true);
  });

  it('is read by the next process, where the kill came between the end and the reading', async () => {
    const rig = await endedUnread();
    const [ended] = rig.replay();
    const signature = ended!.attempts[0]!.signature;
    const next = new DeskRig();
    next.fetched = transactionUpdate(signature, HEAD + 1, { feeLamports: 6_240n });
    next.desk.resume(rig.replay());
    await settled();
    expect(next.desk.get(ended!.id)?.outcome).toMatchObject({ slot: HEAD + 1, feeLamports: 6_240n });
    rig.records.push(...next.records);
    const [trade] = rig.replay();
    expect(trade).toMatchObject({ state: 'finalized', outcome: { feeLamports: 6_240n } });
    expect(trade && awaitsOutcome(trade)).toBe(false);
  });

  it.each(['finalized', 'failed'] as const)(
    'counts and is indexed when it was read only after the trade was %s',
    async (state) => {
      const rig = new DeskRig();
      const quality = new ExecutionQuality();
      const late: (readonly [string, bigint | undefined])[] = [];
      rig.desk.onTrade((event) => quality.onTrade(event));
      rig.desk.onLateOutcome((trade) => {
        quality.onLateOutcome(trade);
        late.push([trade.state, trade.outcome?.feeLamports]);
      });
      const trade = await rig.sent();
      const { signature } = trade.attempts[0]!;
      rig.fetched = transactionUpdate(signature, HEAD + 1, { feeLamports: 6_240n });
      const error = state === 'failed' ? { error: { InstructionError: [0, { Custom: 1 }] } } : {};
      rig.landed(trade, 'finalized', { bare: true, ...error });
      expect([trade.state, quality.fees().transactions]).toEqual([state, 0]);
      await settled();
      expect(late).toEqual([[state, 6_240n]]);
      const { transactions, baseLamports, priorityLamports } = quality.fees();
      expect([transactions, baseLamports + priorityLamports]).toEqual([1, 6_240]);
    },
  );

  it('that was read before the end is told with it, and once', async () => {
    const rig = new DeskRig();
    let late = 0;
    rig.desk.onLateOutcome(() => {
      late += 1;
    });
    const trade = await rig.sent();
    rig.fetched = transactionUpdate(trade.attempts[0]!.signature, HEAD + 1);
    rig.landed(trade, 'confirmed', { bare: true });
    await settled();
    rig.landed(trade, 'finalized', { bare: true });
    await settled();
    expect([trade.state, trade.outcome?.feeLamports, late]).toEqual(['finalized', 5_000n, 0]);
  });

  it('and was read before a restart stands when a node tells of the same landing again', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    const next = new DeskRig();
    next.desk.resume(rig.replay());
    await settled();
    const again = next.desk.get(trade.id)!;
    next.landed(again, 'finalized', { bare: true });
    expect(again).toMatchObject({ state: 'finalized', outcome: { feeLamports: 5_000n } });
  });

  it('and is booked is not asked for again after a restart', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    for (const isBooked of [true, false]) {
      const next = new DeskRig();
      next.isBooked = isBooked;
      next.fetched = transactionUpdate(trade.attempts[0]!.signature, HEAD + 1);
      next.desk.resume(rig.replay());
      next.landed(next.desk.get(trade.id)!, 'confirmed', { bare: true });
      await settled();
      expect([next.reads.length, next.settledBy.length]).toEqual(isBooked ? [0, 0] : [1, 1]);
    }
  });

  it('is asked for a few trades at once: hundreds would time out, and the statuses behind them', async () => {
    const rig = new DeskRig({ venueLockSlots: 0, lockRelease: 'sent' });
    const trades = [];
    for (let count = 0; count < 11; count += 1) trades.push(await rig.sent());
    const answers: (() => void)[] = [];
    rig.reading = answers;
    rig.fetched = transactionUpdate(trades[0]!.attempts[0]!.signature, HEAD + 1);
    for (const trade of trades) rig.landed(trade, 'confirmed', { bare: true });
    await settled();
    // One that loses its fork meanwhile is not asked for.
    rig.forkLost(trades[10]!);
    const atOnce: number[] = [];
    while (answers.length > 0) {
      atOnce.push(answers.length);
      answers.shift()!();
      await settled();
    }
    expect(Math.max(...atOnce)).toBe(4);
    expect(rig.reads).toHaveLength(10);
    const read = trades.filter((trade) => trade.outcome?.feeLamports !== undefined);
    expect(read).toEqual(trades.slice(0, 10));
  });

  it('is given up where its turn comes only after minutes: the journal may have parted from the trade by then', async () => {
    const rig = new DeskRig({ venueLockSlots: 0, lockRelease: 'sent' });
    const trades = [];
    for (let count = 0; count < 6; count += 1) trades.push(await rig.sent());
    const answers: (() => void)[] = [];
    rig.reading = answers;
    rig.fetched = transactionUpdate(trades[0]!.attempts[0]!.signature, HEAD + 1);
    for (const trade of trades) rig.landed(trade, 'confirmed', { bare: true });
    await settled();
    rig.clock.advance(240_001);
    while (answers.length > 0) {
      answers.shift()!();
      await settled();
    }
    expect(rig.reads).toHaveLength(4);
    const given = rig.faults.filter(({ message }) => message === 'a landed transaction could not be read');
    expect(given.map(({ tradeId }) => tradeId)).toEqual([trades[4]!.id, trades[5]!.id]);
  });

  it('is read once more where the process ended before the book of profit and loss was on disk', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'finalized');
    const { signature } = trade.attempts[0]!;
    for (const isBooked of [true, false]) {
      const next = new DeskRig();
      next.isBooked = isBooked;
      next.fetched = transactionUpdate(signature, HEAD + 1);
      next.desk.resume(rig.replay());
      await settled();
      expect(next.settledBy).toHaveLength(isBooked ? 0 : 1);
      expect(next.desk.get(trade.id)?.state).toBe('finalized');
    }
  });

  it('is looked for only among the newest: the book does not remember the others', () => {
    const ended = (number: number): Trade => {
      const state = new StateBuilder();
      for (const record of lifeOf(number)) state.add(record);
      const trade = state.trades.get(idOf(number))!;
      return { ...trade, outcome: { slot: HEAD as never, slotDelta: 1, feeLamports: 5_000n } };
    };
    const trades = [ended(1), ended(3_000), ended(3_001), ended(5_000)];
    const read = unreadOutcomes(trades, (signature) => signature.startsWith('signature-5000'));
    expect(read.map((trade) => trade.id)).toEqual([idOf(3_000), idOf(3_001)]);
  });

  it('can no longer be taken back by the next process, where the kill came before the book said so', async () => {
    const rig = await endedUnread();
    const other = new DeskRig();
    other.landed(await other.sent(), 'confirmed');
    const [ended] = rig.replay();
    expect(landedForGood([ended!, ...other.replay()])).toEqual([ended!.attempts[0]!.signature]);
  });
});
