/** One live attempt a trade (L2): another is signed only on proof that the last one is dead, and not for ever. */
import { describe, expect, it } from 'vitest';
import { DeskRig, NOTHING_HELD } from './support/desk-rig.js';
import { settled } from './support/transactions.js';

describe('an attempt that is proven dead', () => {
  it('is followed by another once the proof is rooted, and not before', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.expired(trade, 'confirmed');
    await settled();
    expect([trade.state, rig.builds.length]).toEqual(['sent', 1]);
    rig.expired(trade, 'finalized');
    await settled();
    expect(rig.states(trade)).toEqual(['queued', 'signed', 'sent', 'queued', 'signed', 'sent']);
    expect(rig.sends).toEqual(['start signature1', 'start signature2']);
    expect([[...rig.sending], [...rig.tracked.keys()]]).toEqual([['signature2'], ['signature2']]);
    expect(trade.attempts.map((attempt) => attempt.number)).toEqual([1, 2]);
  });

  it('is followed by another on a confirmed proof where EXPIRY_COMMITMENT takes that risk', async () => {
    const rig = new DeskRig({ expiryCommitment: 'confirmed' });
    const trade = await rig.sent();
    rig.expired(trade, 'confirmed');
    await settled();
    expect(rig.sends).toHaveLength(2);
  });

  it('is followed by one that offers more, and none may cost more than the cap', async () => {
    const rig = new DeskRig({ priorityFeeRaisePercent: 40, maxPriorityFeeLamports: 5_000n });
    const trade = await rig.sent();
    for (let attempt = 2; attempt <= 3; attempt += 1) {
      rig.expired(trade);
      await settled();
    }
    expect(rig.builds.map((request) => request.priceRaisePercent)).toEqual([0, 40, 80]);
    for (const { computeUnitLimit, maxComputeUnitPriceMicroLamports: most } of rig.builds) {
      expect(most * BigInt(computeUnitLimit)).toBeLessThanOrEqual(5_000_000_000n);
      expect((most + 1n) * BigInt(computeUnitLimit)).toBeGreaterThan(5_000_000_000n);
    }
  });

  it('is the last of as many as are allowed', async () => {
    const rig = new DeskRig({ maxAttempts: 2 });
    const trade = await rig.sent();
    rig.expired(trade);
    await settled();
    rig.expired(trade);
    await settled();
    expect(trade).toMatchObject({ state: 'expired', history: expect.anything() });
    expect(rig.sends).toHaveLength(2);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('ends the trade as expired, on the proof, when its deadline has passed', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent({ deadlineMs: 500 });
    rig.clock.advance(500);
    rig.expired(trade, 'confirmed');
    expect(trade.state).toBe('expired');
    expect(trade.history.at(-1)?.evidence).toMatchObject({ source: 'rpc:node', commitment: 'confirmed' });
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('ends as expired, not as denied, when its successor cannot be built', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.failsToBuild = { ok: false, error: { code: 'LIMIT_NOT_MET', message: 'too dear' } };
    rig.expired(trade);
    await settled();
    expect(trade).toMatchObject({ state: 'expired', denial: { code: 'LIMIT_NOT_MET' } });
    expect(trade.history.at(-1)?.evidence.source).toBe('rpc:node');
  });

  it('is the trade’s business no more: news of it is shouted, and moves nothing', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    const [first] = trade.attempts;
    rig.expired(trade);
    await settled();
    rig.emit({
      kind: 'landed',
      signature: first!.signature,
      slot: rig.slots.head(),
      commitment: 'processed',
      error: undefined,
      evidence: { source: 'stream:test' },
    });
    expect(trade.state).toBe('sent');
    expect(rig.faults).toMatchObject([{ kind: 'invariant' }]);
  });

  it('keeps the intent’s limit for its successor', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent({ minOut: 1_234n });
    rig.expired(trade);
    await settled();
    expect(rig.builds.map((build) => build.limit)).toEqual([1_234n, 1_234n]);
  });
});

describe('the send', () => {
  it('comes after the record (L1), and its count is kept', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    expect(rig.records.map((record) => record.kind)).toEqual(['intent', 'attempt', 'state']);
    rig.landed(trade, 'confirmed');
    expect(trade.attempts[0]?.sends).toBe(3);
  });

  it('that was withheld leaves a signed attempt, whose end only the chain tells (L4)', async () => {
    const rig = new DeskRig();
    rig.firstSend = 'withheld';
    const trade = await rig.sent();
    expect([trade.state, rig.faults[0]?.kind]).toEqual(['signed', 'sender']);
    expect(rig.tracked.size).toBe(1);
    rig.firstSend = 'sent';
    rig.expired(trade);
    await settled();
    expect(rig.sends).toEqual(['start signature2']);
  });

  it('may be slower than the news of the landing', async () => {
    const rig = new DeskRig();
    rig.onSend = () => rig.landed(rig.desk.recent(1)[0]!, 'processed');
    const trade = await rig.sent();
    expect(rig.states(trade)).toEqual(['queued', 'signed', 'processed']);
    rig.landed(trade, 'finalized');
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('may be slower than the trade’s end, and leaves nothing behind', async () => {
    const rig = new DeskRig({ maxAttempts: 1 });
    rig.onSend = () => rig.expired(rig.desk.recent(1)[0]!);
    const trade = await rig.sent();
    expect(trade.state).toBe('expired');
    rig.head(9_999);
    expect(rig.held()).toEqual(NOTHING_HELD);
  });
});

describe('under JOURNAL_SYNC=always', () => {
  it('nothing is sent before the disk has the attempt', async () => {
    const rig = new DeskRig({ journalDurable: true });
    rig.disk = [];
    const trade = await rig.sent();
    expect([rig.sends, trade.state]).toEqual([[], 'queued']);
    rig.disk[0]!.resolve();
    await settled();
    expect([rig.sends, trade.state]).toEqual([['start signature1'], 'sent']);
  });

  it('an attempt that may or may not be on disk counts as written, and is not sent', async () => {
    const rig = new DeskRig({ journalDurable: true, maxAttempts: 1 });
    rig.disk = [];
    const trade = await rig.sent();
    rig.disk[0]!.reject();
    await settled();
    expect([rig.sends, trade.state]).toEqual([[], 'signed']);
    rig.expired(trade);
    expect(trade.state).toBe('expired');
    expect(rig.held()).toEqual(NOTHING_HELD);
  });

  it('an attempt that is certainly not written is denied', async () => {
    const rig = new DeskRig({ journalDurable: true });
    rig.building = [];
    const trade = rig.submit();
    rig.writable = false;
    for (const finish of rig.building) finish();
    await settled();
    rig.writable = true;
    rig.clock.advance(1_000);
    expect(trade).toMatchObject({ state: 'denied', attempts: [] });
  });

  it.each(['stop', 'cancel'] as const)('a %s during the wait for the disk sends nothing', async (what) => {
    const rig = new DeskRig({ journalDurable: true });
    rig.disk = [];
    const trade = await rig.sent();
    if (what === 'stop') {
      rig.stop();
      rig.grade = 'off';
    } else rig.desk.cancel(trade.id);
    rig.disk[0]!.resolve();
    await settled();
    expect([rig.sends, trade.state, rig.admitted.size]).toEqual([[], 'signed', 0]);
    rig.expired(trade);
    await settled();
    expect([rig.builds.length, trade.state]).toEqual([1, 'expired']);
  });
});
