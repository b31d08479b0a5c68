/**
 * A damaged journal may have lost the one record that counts: that an attempt is out. What looks unsigned may land
 * at any moment, so that nothing of it is signed, sent or ended before the chain has shown what did.
 */
import { describe, expect, it } from 'vitest';
import type { FoundAttempt } from '../src/confirm/lost-attempts.js';
import { asBlockHeight, asBlockhash, asSignature, asSlot } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import { DeskRig, NOTHING_HELD, OTHER_WALLET, WALLET } from './support/desk-rig.js';
import { settled } from './support/transactions.js';

const SHOWN = { source: 'rpc', slot: asSlot(2_400), commitment: 'finalized' as const };

/** kill -9, and a new process on a journal that has lost some of its records. */
async function restart(old: DeskRig): Promise<DeskRig> {
  const next = new DeskRig();
  next.desk.resume(old.replay(), true);
  await settled();
  return next;
}

const again = (rig: DeskRig, trade: Trade): Trade => rig.desk.get(trade.id)!;

/** The records without the last attempt of a trade and what came after it. */
function loseAttempt(rig: DeskRig, trade: Trade): void {
  const at = rig.records.findLastIndex((one) => one.kind === 'attempt' && one.tradeId === trade.id);
  const kept = rig.records.filter(
    (one, index) => index < at || !('tradeId' in one) || one.tradeId !== trade.id,
  );
  rig.records.splice(0, rig.records.length, ...kept);
}

function foundAs(signature: string): FoundAttempt {
  return {
    signature: asSignature(signature),
    blockhash: asBlockhash('found'),
    lastValidBlockHeight: asBlockHeight(1_300),
    signedSlot: asSlot(2_001),
    signedAtMs: 1,
    poolSlot: asSlot(2_000),
    quotedIn: 1n,
    quotedOut: 1n,
    limit: 1n,
    computeUnitLimit: 0,
    computeUnitPriceMicroLamports: 0n,
    wire: new Uint8Array(0),
  };
}

describe('a trade that a damaged journal shows as unsigned', () => {
  it('is not signed again, though its deadline is far and its locks are free', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    loseAttempt(rig, trade);
    const next = await restart(rig);
    next.clock.advance(10_000);
    await settled();
    expect([again(next, trade).state, next.builds, next.sends]).toEqual(['queued', [], []]);
    expect(next.desk.inDoubt.doubtful()).toEqual(new Map([[WALLET, [again(next, trade)]]]));
    expect([...next.heldWallets]).toEqual([WALLET]);
  });

  it('has no end of ours meanwhile: neither its deadline, nor a stop, nor a cancellation is one', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent({ deadlineMs: 500 });
    loseAttempt(rig, trade);
    const next = await restart(rig);
    next.clock.advance(10_000);
    next.stop();
    next.desk.clearQueue();
    expect(next.desk.cancel(trade.id).outcome).toBe('noResends');
    expect([again(next, trade).state, next.states(trade)]).toEqual(['queued', ['queued']]);
  });

  it('becomes what its lost attempt became, once that is found on the chain', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    loseAttempt(rig, trade);
    const next = await restart(rig);
    expect(next.desk.inDoubt.adopt(trade.id, foundAs('signature1'))).toBe(true);
    expect(next.records.at(-1)).toMatchObject({
      kind: 'attempt',
      tradeId: trade.id,
      signature: 'signature1',
    });
    expect([again(next, trade).state, next.sends, next.tracked.size]).toEqual(['signed', [], 1]);
    // Whatever the search still meets.
    expect(next.heldWallets.size).toBe(0);
    next.desk.inDoubt.clearDoubt(WALLET, SHOWN);
    next.landed(again(next, trade), 'finalized');
    expect(next.states(trade)).toEqual(['queued', 'signed', 'finalized']);
    expect([next.held(), next.heldWallets.size]).toEqual([NOTHING_HELD, 0]);
    next.records.unshift(...rig.records);
    const third = await restart(next);
    expect(again(third, trade).state).toBe('finalized');
  });

  it('is not sent on without bytes where the fork is lost on which it was found', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    loseAttempt(rig, trade);
    const next = await restart(rig);
    next.desk.inDoubt.adopt(trade.id, foundAs('signature1'));
    next.records.unshift(...rig.records);
    // Another life, with a sound journal.
    const third = new DeskRig();
    third.desk.resume(next.replay());
    third.landed(again(third, trade), 'confirmed');
    third.forkLost(again(third, trade));
    expect([again(third, trade).state, third.resumedSends]).toEqual(['sent', []]);
  });

  it('is expired by that search where nothing of it landed: it is not signed anew on a guess', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    loseAttempt(rig, trade);
    const next = await restart(rig);
    next.desk.inDoubt.clearDoubt(WALLET, SHOWN);
    await settled();
    expect(again(next, trade)).toMatchObject({ state: 'expired', denial: { code: 'JOURNAL_CORRUPT' } });
    expect(again(next, trade).history.at(-1)!.evidence).toEqual(SHOWN);
    expect([next.builds, next.held()]).toEqual([[], NOTHING_HELD]);
  });

  it('keeps a wallet without such trades from nothing', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    loseAttempt(rig, trade);
    const next = await restart(rig);
    const other = await next.sent({ wallet: OTHER_WALLET, outputMint: 'mintC' as never });
    expect(other.state).toBe('sent');
  });
});

describe('a trade that a damaged journal shows as sent', () => {
  it('is followed, but neither sent on nor ended by the proof that the attempt it knows is dead', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.expired(trade);
    await settled();
    // Its second attempt is lost, and the record that the first was taken back.
    const at = rig.records.findIndex((one) => one.kind === 'state' && one.change.state === 'queued');
    rig.records.splice(at, 1);
    loseAttempt(rig, trade);
    const next = await restart(rig);
    expect([again(next, trade).attempts.length, next.sends]).toEqual([1, []]);
    expect(next.desk.inDoubt.adopt(trade.id, foundAs('signature2'))).toBe(false);
    next.expired(again(next, trade));
    await settled();
    expect([again(next, trade).state, next.builds]).toEqual(['sent', []]);
    expect(next.desk.inDoubt.adopt(trade.id, foundAs('signature2'))).toBe(true);
    next.landed(again(next, trade), 'finalized');
    expect(next.states(trade)).toEqual(['queued', 'signed', 'finalized']);
    expect(next.held()).toMatchObject(NOTHING_HELD);
  });

  it('expires by that proof when the search found nothing, and is not tried again', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const next = await restart(rig);
    next.expired(again(next, trade));
    expect(again(next, trade).state).toBe('sent');
    next.desk.inDoubt.clearDoubt(WALLET, SHOWN);
    await settled();
    expect([again(next, trade).state, next.builds, next.held()]).toEqual(['expired', [], NOTHING_HELD]);
  });

  it('that lands ends as ever, and with the last of its wallet ends what the wallet waits for', async () => {
    const rig = new DeskRig();
    const first = await rig.sent();
    const second = await rig.sent({ outputMint: 'mintC' as never });
    const next = await restart(rig);
    next.landed(again(next, first), 'finalized');
    expect(next.states(first)).toEqual(['finalized']);
    expect([...next.heldWallets]).toEqual([WALLET]);
    expect(next.desk.inDoubt.adopt(second.id, foundAs('signature2'))).toBe(true);
    expect([next.heldWallets.size, next.desk.inDoubt.doubtful().size]).toEqual([0, 0]);
  });

  it('that lands before the search has begun leaves no wallet held', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const next = await restart(rig);
    next.landed(again(next, trade), 'finalized');
    expect([next.heldWallets.size, next.desk.inDoubt.doubtful().size]).toEqual([0, 0]);
    expect(next.held()).toEqual(NOTHING_HELD);
  });
});

it('a dry run is nobody’s doubt', async () => {
  const rig = new DeskRig();
  rig.building = [];
  const trade = rig.submit({ dryRun: true });
  const next = await restart(rig);
  expect([again(next, trade).state, next.heldWallets.size]).toEqual(['simulated', 0]);
});

it('while part of the journal cannot be read nothing new is taken, and what is known to be out is confirmed', async () => {
  const rig = new DeskRig();
  const trade = await rig.sent();
  const next = new DeskRig();
  next.unreadable = true;
  next.desk.resume(rig.replay(), true);
  expect(() => next.submit({ wallet: OTHER_WALLET })).toThrow('cannot be read');
  expect(next.held()).toMatchObject({ live: 1, reservations: 1 });
  next.landed(again(next, trade), 'finalized');
  expect(next.held()).toEqual(NOTHING_HELD);
});
