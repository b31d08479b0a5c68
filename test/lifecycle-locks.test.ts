/**
 * When locks end: no two transactions of ours that write one account are under way unseen, and every quote knows
 * of our own last trade on its pool.
 */
import { describe, expect, it } from 'vitest';
import { asAddress, asSlot } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { DeskRig, HEAD, OTHER_WALLET } from './support/desk-rig.js';
import { settled } from './support/transactions.js';

const FROM_OTHER = { wallet: OTHER_WALLET };

describe('locks, by default,', () => {
  it('end when the pool is published as the trade left it', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const waiting = await rig.sent(FROM_OTHER);
    rig.landed(trade, 'processed');
    await settled();
    expect(waiting.state).toBe('queued');
    rig.poolPublished('pool2', HEAD + 9);
    rig.poolPublished('pool1', HEAD + 1);
    await settled();
    expect(waiting.state).toBe('queued');
    rig.poolPublished('pool1', HEAD + 1, trade);
    await settled();
    expect(waiting.state).toBe('sent');
  });

  it('end when the state that the trade left was passed over for a newer one of the slot', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const waiting = await rig.sent(FROM_OTHER);
    rig.landed(trade, 'processed');
    rig.poolPublished('pool1', HEAD + 1, undefined, [trade]);
    await settled();
    expect(waiting.state).toBe('sent');
  });

  it('end at once when the pool came before the transaction, unless that was on another fork', async () => {
    for (const [poolSlot, state] of [
      [HEAD + 1, 'sent'],
      [HEAD, 'queued'],
    ] as const) {
      const rig = new DeskRig();
      const trade = await rig.sent();
      const waiting = await rig.sent(FROM_OTHER);
      rig.poolPublished('pool1', poolSlot, trade);
      rig.landed(trade, 'processed');
      await settled();
      expect(waiting.state).toBe(state);
    }
  });

  it('end with a later state of the pool, with its slot’s end, or with a failed landing', async () => {
    const ways: ((rig: DeskRig) => void)[] = [
      (rig) => rig.poolPublished('pool1', HEAD + 2),
      (rig) => rig.desk.poolNews.onSlotComplete(asSlot(HEAD + 1)),
    ];
    for (const way of ways) {
      const rig = new DeskRig();
      const trade = await rig.sent();
      const waiting = await rig.sent(FROM_OTHER);
      rig.landed(trade, 'processed');
      rig.desk.poolNews.onSlotComplete(asSlot(HEAD));
      expect(waiting.state).toBe('queued');
      way(rig);
      await settled();
      expect(waiting.state).toBe('sent');
    }
    const rig = new DeskRig();
    const trade = await rig.sent();
    const waiting = await rig.sent(FROM_OTHER);
    rig.landed(trade, 'processed', { error: { InstructionError: [0, 'Custom'] } });
    await settled();
    expect(waiting.state).toBe('sent');
  });

  it('keep one wallet’s trades apart, and let other wallets on other pools pass', async () => {
    const rig = new DeskRig();
    await rig.sent();
    const apart = await rig.sent({ ...FROM_OTHER, outputMint: asAddress('mintC') });
    const sameWallet = await rig.sent({ outputMint: asAddress('mintC') });
    expect([sameWallet.state, apart.state]).toEqual(['queued', 'sent']);
  });
});

describe('the venue’s locks', () => {
  it('are let go VENUE_LOCK_SLOTS after the send; quotes then know of the trade, and the wallet stays locked', async () => {
    const rig = new DeskRig({ venueLockSlots: 4 });
    await rig.sent({ amount: 500n });
    const others = await rig.sent(FROM_OTHER);
    const same = await rig.sent();
    rig.head(HEAD + 3);
    await settled();
    expect([others.state, same.state]).toEqual(['queued', 'queued']);
    rig.head(HEAD + 4);
    await settled();
    expect([others.state, same.state]).toEqual(['sent', 'queued']);
    expect(rig.builds.at(-1)?.pending).toEqual([{ zeroForOne: true, amountIn: 500n, amountOut: 1_000n }]);
  });

  it('are let go after as many slots of a trade that was signed and never left', async () => {
    const ways: { settings: object; withhold: (rig: DeskRig) => Promise<Trade> }[] = [
      {
        settings: {},
        withhold: async (rig) => {
          rig.firstSend = 'withheld';
          return rig.sent();
        },
      },
      {
        settings: { journalDurable: true },
        withhold: async (rig) => {
          rig.disk = [];
          const trade = await rig.sent();
          rig.desk.cancel(trade.id);
          rig.disk[0]!.resolve();
          rig.disk = undefined;
          return trade;
        },
      },
    ];
    for (const { settings, withhold } of ways) {
      const rig = new DeskRig({ venueLockSlots: 4, ...settings });
      const trade = await withhold(rig);
      rig.firstSend = 'sent';
      const others = await rig.sent(FROM_OTHER);
      expect([trade.state, others.state]).toEqual(['signed', 'queued']);
      rig.head(HEAD + 4);
      await settled();
      expect([trade.state, others.state, rig.sends.length]).toEqual(['signed', 'sent', 1]);
    }
  });

  it('of another attempt are its own, where the proof that the one before is dead ends its wait for a lane', async () => {
    const rig = new DeskRig({ venueLockSlots: 4 });
    rig.firstSend = 'waiting';
    const trade = await rig.sent();
    rig.firstSend = 'sent';
    rig.building = [];
    rig.expired(trade);
    await settled();
    rig.head(HEAD + 4);
    await rig.sent(FROM_OTHER);
    expect([trade.attempts.length, rig.builds.length]).toEqual([1, 2]);
  });

  it('let go, the trade is in nobody’s quote once it is seen, or over', async () => {
    for (const end of ['processed', 'expired'] as const) {
      const rig = new DeskRig({ venueLockSlots: 1, maxAttempts: 1 });
      const trade = await rig.sent();
      rig.head(HEAD + 1);
      if (end === 'processed') rig.landed(trade, 'processed');
      else rig.expired(trade);
      rig.desk.poolNews.onSlotComplete(asSlot(HEAD + 1));
      await rig.sent(FROM_OTHER);
      expect(rig.builds.at(-1)?.pending).toEqual([]);
    }
  });

  it('are taken back when the fork is lost, and let go again after as many slots', async () => {
    const rig = new DeskRig({ venueLockSlots: 4 });
    const trade = await rig.sent();
    rig.head(HEAD + 4);
    rig.landed(trade, 'processed', { slot: HEAD + 4 });
    rig.desk.poolNews.onSlotComplete(asSlot(HEAD + 4));
    rig.forkLost(trade, HEAD + 4);
    const waiting = await rig.sent(FROM_OTHER);
    expect(waiting.state).toBe('queued');
    rig.head(HEAD + 8);
    await settled();
    expect(waiting.state).toBe('sent');
    expect(rig.builds.at(-1)?.pending).toHaveLength(1);
  });
});

describe('LOCK_RELEASE', () => {
  it('sent: ends them with the first bytes, and does not take them back', async () => {
    const rig = new DeskRig({ lockRelease: 'sent' });
    const trade = await rig.sent();
    expect((await rig.sent()).state).toBe('sent');
    rig.landed(trade, 'processed');
    rig.forkLost(trade);
    expect(rig.held().locks).toBe(0);
    expect((await rig.sent()).state).toBe('sent');
  });

  it('confirmed: holds them until then', async () => {
    const rig = new DeskRig({ lockRelease: 'confirmed', venueLockSlots: 100 });
    const trade = await rig.sent();
    const waiting = await rig.sent();
    rig.landed(trade, 'processed');
    rig.poolPublished('pool1', HEAD + 1, trade);
    rig.desk.poolNews.onSlotComplete(asSlot(HEAD + 1));
    await settled();
    expect(waiting.state).toBe('queued');
    rig.landed(trade, 'confirmed');
    await settled();
    expect(waiting.state).toBe('sent');
  });
});
