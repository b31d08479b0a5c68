/** Stop means stop, and a release revives nothing (L3); a cancellation is kept, or not given. */
import { describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { asTradeId } from '../src/model/brands.js';
import { DeskRig, NOTHING_HELD, OTHER_WALLET } from './support/desk-rig.js';
import { settled } from './support/transactions.js';

describe('a stop', () => {
  it('cancels what is queued, lists what may still land, and nothing is signed later, released or not', async () => {
    const rig = new DeskRig();
    const out = await rig.sent();
    const queued = rig.submit();
    rig.stop();
    expect(rig.desk.clearQueue()).toEqual([queued.id]);
    expect(queued).toMatchObject({ state: 'cancelled', denial: { code: 'CANCELLED' } });
    expect(rig.desk.liveAttempts()).toMatchObject([
      { tradeId: out.id, state: 'sent', signature: 'signature1', lastValidBlockHeight: 1_150 },
    ]);
    rig.grade = 'off';
    rig.expired(out);
    await settled();
    expect([out.state, rig.builds.length]).toEqual(['expired', 1]);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('goes on confirming what is out', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.stop();
    rig.landed(trade, 'finalized');
    expect(trade.state).toBe('finalized');
  });

  it('while a trade is being built keeps it from being signed, even if it is released before the end', async () => {
    const rig = new DeskRig();
    rig.building = [];
    const trade = rig.submit();
    rig.stop();
    rig.grade = 'off';
    for (const finish of rig.building) finish();
    await settled();
    expect(trade).toMatchObject({ state: 'cancelled', denial: { code: 'KILL_SWITCH_ACTIVE' }, attempts: [] });
    expect(rig.sends).toEqual([]);
  });

  it('that came before a trade does not concern it', async () => {
    const rig = new DeskRig();
    rig.stop();
    rig.grade = 'off';
    rig.clock.advance(1);
    expect((await rig.sent()).state).toBe('sent');
  });

  it('under `reduce` a trade that shrinks nothing is not signed, though it was taken before', async () => {
    const rig = new DeskRig();
    const first = await rig.sent();
    const waiting = await rig.sent();
    rig.grade = 'reduce';
    rig.shrinks = false;
    rig.landed(first, 'confirmed');
    await settled();
    expect(waiting).toMatchObject({ state: 'cancelled', denial: { code: 'KILL_SWITCH_ACTIVE' } });
  });

  it('under `drain` what was taken finishes, with another attempt if it needs one', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.grade = 'drain';
    rig.expired(trade);
    await settled();
    expect(rig.sends).toHaveLength(2);
  });
});

describe('cancelling', () => {
  it('a queued trade ends it', async () => {
    const rig = new DeskRig();
    await rig.sent();
    const queued = rig.submit();
    expect(rig.desk.cancel(queued.id).outcome).toBe('cancelled');
    expect(queued).toMatchObject({ state: 'cancelled', denial: { code: 'CANCELLED' } });
    expect(rig.desk.cancel(queued.id).outcome).toBe('over');
  });

  it('a signed trade ends its resends only, and says so; it may land, and is not signed anew', async () => {
    const rig = new DeskRig();
    const landed = await rig.sent();
    const lost = await rig.sent({ wallet: OTHER_WALLET, outputMint: 'mintC' as never });
    expect(rig.desk.cancel(landed.id)).toEqual({ trade: landed, outcome: 'noResends' });
    rig.desk.cancel(lost.id);
    expect(rig.sending.size).toBe(0);
    rig.landed(landed, 'processed');
    rig.forkLost(landed);
    rig.landed(landed, 'confirmed');
    rig.forkLost(landed);
    expect(rig.sending.size).toBe(0);
    rig.landed(landed, 'finalized');
    rig.expired(lost);
    await settled();
    expect([landed.state, lost.state, rig.builds.length]).toEqual(['finalized', 'expired', 2]);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('a trade that is being built ends it unsigned', async () => {
    const rig = new DeskRig();
    rig.building = [];
    const trade = rig.submit();
    rig.desk.cancel(trade.id);
    for (const finish of rig.building) finish();
    await settled();
    expect(trade).toMatchObject({ state: 'cancelled', attempts: [] });
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('outlives the process: no resends, no other attempt, no start', async () => {
    const rig = new DeskRig();
    const out = await rig.sent();
    rig.building = [];
    const unsigned = rig.submit({ wallet: OTHER_WALLET, outputMint: 'mintC' as never });
    rig.desk.cancel(out.id);
    rig.desk.cancel(unsigned.id);
    const next = new DeskRig();
    next.desk.resume(rig.replay());
    await settled();
    expect([next.sends, next.builds]).toEqual([[], []]);
    expect(next.desk.get(unsigned.id)?.state).toBe('cancelled');
    next.expired(next.desk.get(out.id)!);
    await settled();
    expect([next.desk.get(out.id)?.state, next.builds.length]).toEqual(['expired', 0]);
  });

  it('is refused while a restart would not know of it, and nothing leaves all the same', async () => {
    const rig = new DeskRig();
    const out = await rig.sent();
    const queued = rig.submit();
    rig.writable = false;
    for (const trade of [out, queued]) {
      expect(() => rig.desk.cancel(trade.id)).toThrowError(new HotslotError('JOURNAL_UNWRITABLE').message);
    }
    expect([rig.sending.size, out.state, queued.state]).toEqual([0, 'sent', 'queued']);
    rig.writable = true;
    rig.clock.advance(1_000);
    expect([queued.state, rig.desk.cancel(out.id).outcome]).toEqual(['cancelled', 'noResends']);
  });

  it('an unknown trade is an error', () => {
    expect(() => new DeskRig().desk.cancel(asTradeId('none'))).toThrowError(HotslotError);
  });
});
