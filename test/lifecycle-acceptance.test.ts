/** What is taken, what is refused, and that the same order is never two trades. */
import { describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { asSlot } from '../src/model/brands.js';
import { DeskRig, intentOf, NOTHING_HELD } from './support/desk-rig.js';
import { settled } from './support/transactions.js';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof HotslotError) return error.code;
    throw error;
  }
}

describe('a client order id', () => {
  it('with the same body gives the same trade back, in whatever state, and nothing is sent twice', async () => {
    const rig = new DeskRig();
    const intent = intentOf();
    const first = rig.desk.submit(intent, 0);
    expect(rig.desk.submit({ ...intent }, 0)).toBe(first);
    await settled();
    rig.landed(first, 'finalized');
    expect(rig.desk.submit({ ...intent }, 0)).toBe(first);
    expect([rig.sends.length, rig.records.filter((one) => one.kind === 'intent').length]).toEqual([1, 1]);
  });

  it('with another body is refused with 409, and the first trade goes on', async () => {
    const rig = new DeskRig();
    const intent = intentOf();
    const first = rig.desk.submit(intent, 0);
    expect(codeOf(() => rig.desk.submit({ ...intent, amount: 2n }, 0))).toBe('CLIENT_ORDER_ID_REUSED');
    expect(new HotslotError('CLIENT_ORDER_ID_REUSED').httpStatus).toBe(409);
    await settled();
    expect(first.state).toBe('sent');
  });

  it('is known after a restart, and by the body as it was sent, whatever the defaults are by then', () => {
    const rig = new DeskRig();
    const intent = intentOf();
    const first = rig.desk.submit(intent, 0, 'the body');
    const next = new DeskRig();
    next.desk.resume(rig.replay());
    expect(next.desk.submit({ ...intent, slippageBps: 50 }, 0, 'the body').id).toBe(first.id);
    expect(codeOf(() => next.desk.submit(intent, 0, 'another'))).toBe('CLIENT_ORDER_ID_REUSED');
  });
});

describe('a refusal', () => {
  it('by a limit leaves nothing behind', () => {
    const rig = new DeskRig();
    const intent = intentOf({ amount: 0n });
    expect(codeOf(() => rig.desk.submit(intent, 0))).toBe('RISK_LIMIT');
    expect(rig.held()).toEqual(NOTHING_HELD);
    expect(rig.records).toEqual([]);
    expect(rig.desk.byClientOrderId(intent.clientOrderId)).toBeUndefined();
  });

  it('of new trades comes while the journal cannot be written; live ones go on being confirmed', async () => {
    const rig = new DeskRig();
    const live = await rig.sent();
    rig.writable = false;
    expect(codeOf(() => rig.submit())).toBe('JOURNAL_UNWRITABLE');
    rig.landed(live, 'processed');
    rig.landed(live, 'finalized');
    expect(live.state).toBe('finalized');
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('comes at the bound of the queue, and at shutdown', () => {
    const rig = new DeskRig({ maxConcurrent: 1, maxQueued: 2 });
    rig.submit();
    rig.submit();
    rig.submit();
    expect(codeOf(() => rig.submit())).toBe('QUEUE_FULL');
    rig.desk.beginShutdown();
    expect(codeOf(() => rig.submit())).toBe('SHUTTING_DOWN');
  });

  it.each([
    ['stop', 'KILL_SWITCH_ACTIVE', undefined],
    ['drain', 'KILL_SWITCH_ACTIVE', undefined],
    ['reduce', undefined, undefined],
  ] as const)('under %s: %s; dry runs are allowed', (grade, code, dry) => {
    const rig = new DeskRig();
    rig.grade = grade;
    expect(codeOf(() => rig.submit())).toBe(code);
    expect(codeOf(() => rig.submit({ dryRun: true }))).toBe(dry);
  });
});

describe('before anything is signed', () => {
  it('a failure of the builder ends in a denial with its code, and everything is given back', async () => {
    const rig = new DeskRig();
    rig.failsToBuild = {
      ok: false,
      error: new HotslotError('POOL_STALE', { context: { ageSlots: 9 } }).toPlain(),
    };
    const trade = await rig.sent();
    expect(trade).toMatchObject({
      state: 'denied',
      denial: { code: 'POOL_STALE', context: { ageSlots: 9 } },
    });
    expect(rig.states(trade)).toEqual(['queued', 'denied']);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('the deadline ends a trade in the queue, at it and not before', async () => {
    const rig = new DeskRig({ maxConcurrent: 1 });
    await rig.sent();
    const waiting = rig.submit({ deadlineMs: 500 });
    rig.clock.advance(499);
    expect(waiting.state).toBe('queued');
    rig.clock.advance(1);
    expect(waiting).toMatchObject({ state: 'denied', denial: { code: 'DEADLINE_PASSED' } });
  });

  it('the deadline that passes while it is built keeps it from being signed', async () => {
    const rig = new DeskRig();
    rig.building = [];
    const trade = rig.submit({ deadlineMs: 500 });
    rig.clock.advance(500);
    for (const finish of rig.building) finish();
    await settled();
    expect(trade).toMatchObject({ state: 'denied', denial: { code: 'DEADLINE_PASSED' }, attempts: [] });
    expect(rig.sends).toEqual([]);
  });

  it('a deadline that passes while the intent is written down ends in a denial, not in limbo', () => {
    const rig = new DeskRig();
    const append = rig.records.push.bind(rig.records);
    rig.records.push = (...records) => {
      if (records[0]?.kind === 'intent') rig.clock.advance(5);
      return append(...records);
    };
    const trade = rig.submit({ deadlineMs: 1 });
    expect(trade).toMatchObject({ state: 'denied', denial: { code: 'DEADLINE_PASSED' } });
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('an attempt that the journal refuses is not sent; it is denied once that can be written', async () => {
    const rig = new DeskRig();
    rig.building = [];
    const trade = rig.submit();
    rig.writable = false;
    for (const finish of rig.building) finish();
    await settled();
    // A restart would find no denial and take it up again: so nobody is told of one yet.
    expect([trade.state, rig.sends.length]).toEqual(['queued', 0]);
    rig.writable = true;
    rig.clock.advance(1_000);
    expect(trade).toMatchObject({ state: 'denied', denial: { code: 'JOURNAL_UNWRITABLE' } });
    expect(rig.held()).toEqual(NOTHING_HELD);
    // The queue's own deadline timer; the journal is not looked at any more.
    expect(rig.clock.timerCount).toBe(1);
  });
});

describe('a dry run', () => {
  it('is built with a zeroed signature, simulated, and holds no locks', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent({ dryRun: true });
    expect(rig.builds[0]).toMatchObject({ zeroSignature: true });
    expect(trade).toMatchObject({ state: 'simulated', outcome: { slot: asSlot(2_000), slotDelta: 0 } });
    expect([rig.sends, trade.attempts]).toEqual([[], []]);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('is over after a restart too', async () => {
    const rig = new DeskRig();
    await rig.sent({ dryRun: true });
    expect(rig.replay()[0]).toMatchObject({ state: 'simulated' });
  });

  it('is what every trade is where live trading is off', async () => {
    const rig = new DeskRig({ mayTradeLive: false });
    expect((await rig.sent()).state).toBe('simulated');
    expect(rig.sends).toEqual([]);
  });
});

describe('subscribers of trades', () => {
  it('hear of acceptance and signing behind the first send, and in order', async () => {
    const rig = new DeskRig();
    rig.buildsInPlace = true;
    const heard: string[] = [];
    rig.onSend = () => heard.push('bytes');
    rig.desk.onTrade(({ change }) => heard.push(change.state));
    await rig.sent();
    expect(heard).toEqual(['bytes', 'queued', 'signed', 'sent']);
    // Each as it was then, though the trade had gone further when it was told.
    expect(rig.events.map(({ attempts }) => attempts)).toEqual([0, 1, 1]);
  });
});
