/** What the chain says becomes the trade's states: never more than was said, and taken back when the chain does. */
import { describe, expect, it } from 'vitest';
import { asSignature } from '../src/model/brands.js';
import { DeskRig, HEAD, NOTHING_HELD } from './support/desk-rig.js';
import { settled, transactionUpdate } from './support/transactions.js';

const FAILED = { InstructionError: [2, { Custom: 6005 }] };

describe('a landing', () => {
  it('walks through the commitments; locks, reservation and bytes end with confirmed, the trade with finalized', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'processed');
    expect(rig.held()).toMatchObject({ slots: 0, reservations: 1, sending: 1, locks: 1 });
    expect(rig.seen.get(asSignature('signature1'))).toBe(true);
    rig.landed(trade, 'confirmed');
    expect(rig.held()).toMatchObject({ locks: 0, reservations: 0, sending: 0, tracked: 1, live: 1 });
    expect(trade.outcome).toMatchObject({ slot: HEAD + 1, feeLamports: 5_000n, slotDelta: 1 });
    rig.landed(trade, 'finalized');
    expect(rig.states(trade).slice(2)).toEqual(['sent', 'processed', 'confirmed', 'finalized']);
    expect(rig.held()).toEqual(NOTHING_HELD);
    expect(rig.settledBy).toHaveLength(1);
  });

  it.each(['confirmed', 'finalized'] as const)(
    'heard of first at %s needs no step before it',
    async (first) => {
      const rig = new DeskRig();
      const trade = await rig.sent();
      rig.landed(trade, first);
      expect(rig.states(trade).at(-1)).toBe(first);
      rig.landed(trade, 'processed');
      rig.landed(trade, 'finalized');
      expect(rig.states(trade).filter((state) => state === 'processed')).toEqual([]);
      expect([trade.state, rig.held()]).toEqual(['finalized', NOTHING_HELD]);
    },
  );

  it('with an error is failed, by its name and with its fee, once confirmed; at processed it may still be lost', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'processed', { error: FAILED });
    expect(trade.state).toBe('processed');
    rig.landed(trade, 'confirmed', { error: FAILED });
    expect(trade).toMatchObject({
      state: 'failed',
      outcome: { error: 'raydium-cpmm:ExceededSlippage', feeLamports: 5_000n },
    });
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('that failed on a lost fork may succeed on the next', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'processed', { error: FAILED });
    rig.forkLost(trade);
    rig.landed(trade, 'processed', { slot: HEAD + 3 });
    rig.landed(trade, 'finalized', { slot: HEAD + 3 });
    expect(trade).toMatchObject({ state: 'finalized', outcome: { slot: HEAD + 3 } });
    expect(trade.outcome?.error).toBeUndefined();
  });

  it('is told before whoever waited for its locks starts', async () => {
    const rig = new DeskRig();
    const first = await rig.sent();
    const second = await rig.sent();
    expect(second.state).toBe('queued');
    const order: string[] = [];
    rig.desk.onTrade(({ trade, change }) =>
      order.push(`${trade === first ? 'first' : 'second'} ${change.state}`),
    );
    rig.landed(first, 'processed', { error: FAILED });
    await settled();
    expect(order).toEqual(['first processed', 'second signed', 'second sent']);
  });
});

describe('a lost fork', () => {
  it('takes a trade back to sent with its locks, its concurrency slot and its resends', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'processed');
    rig.poolPublished('pool1', HEAD + 1, trade);
    expect(rig.held()).toMatchObject({ locks: 0, slots: 0 });
    rig.forkLost(trade);
    expect(trade.state).toBe('sent');
    expect(rig.held()).toMatchObject({ locks: 1, slots: 1, reservations: 1 });
    expect(rig.seen.get(asSignature('signature1'))).toBe(false);
    rig.landed(trade, 'finalized', { slot: HEAD + 4 });
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('undoes even a confirmed landing: reserved again, sent again', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    rig.forkLost(trade);
    expect([trade.state, rig.sends.at(-1)]).toEqual(['sent', 'resume signature1']);
    expect(rig.held()).toMatchObject({ locks: 1, slots: 1, reservations: 1 });
    rig.expired(trade);
    await settled();
    expect(rig.sends.at(-1)).toBe('start signature2');
  });
});

describe('an unknown outcome', () => {
  it('is no end: everything stays held, and evidence moves it on', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.unknown(trade);
    rig.unknown(trade);
    expect(rig.states(trade).slice(2)).toEqual(['sent', 'unknown']);
    expect(rig.held()).toMatchObject({ locks: 1, slots: 1, reservations: 1, sending: 1, live: 1 });
    rig.landed(trade, 'confirmed');
    rig.landed(trade, 'finalized');
    expect([trade.state, rig.held()]).toEqual(['finalized', NOTHING_HELD]);
  });

  it('that is proven dead may be signed anew', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.unknown(trade);
    rig.expired(trade);
    await settled();
    expect([trade.state, rig.sends.length]).toEqual(['sent', 2]);
  });

  it('after a landing that nobody vouches for any more is back at sent when that is lost', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'processed');
    rig.unknown(trade);
    rig.forkLost(trade);
    rig.expired(trade);
    await settled();
    expect(rig.sends).toHaveLength(2);
  });
});

describe('the outcome of a landing that the stream did not bring', () => {
  it('is read from a node, as often as it takes, and written down', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'finalized', { bare: true });
    await settled();
    expect([trade.outcome?.feeLamports, rig.settledBy.length]).toEqual([undefined, 0]);
    rig.fetched = transactionUpdate(asSignature('signature1'), HEAD + 1, { feeLamports: 7_777n });
    rig.clock.advance(500);
    await settled();
    expect(trade.outcome).toMatchObject({ slot: HEAD + 1, feeLamports: 7_777n });
    expect(rig.settledBy).toHaveLength(1);
    expect(rig.replay()[0]).toMatchObject({ state: 'finalized', outcome: { feeLamports: 7_777n } });
  });

  it('is read from the next node where the first answers and does not know it', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.fetched = transactionUpdate(asSignature('signature1'), HEAD + 1, { feeLamports: 7_777n });
    rig.isFetchedAt = (turn) => turn % 2 === 1;
    rig.landed(trade, 'finalized', { bare: true });
    await settled();
    expect(rig.settledBy).toEqual([]);
    rig.clock.advance(500);
    await settled();
    expect(trade.outcome?.feeLamports).toBe(7_777n);
    expect(rig.settledBy).toHaveLength(1);
  });

  it('that no node ever gives is reported after a bounded number of tries', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'finalized', { bare: true });
    for (let tries = 0; tries < 100; tries += 1) {
      await settled();
      rig.clock.advance(500);
    }
    expect(rig.faults.filter((fault) => fault.kind === 'rpc')).toHaveLength(1);
    expect(trade.state).toBe('finalized');
  });
});
