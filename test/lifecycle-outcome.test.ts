/** A trade that landed while the process was down was told a fee of 0 for good when the next kill came at once. */
import { describe, expect, it } from 'vitest';
import { awaitsOutcome } from '../src/lifecycle/landing.js';
import { DeskRig, HEAD } from './support/desk-rig.js';
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
    next.desk.resume(rig.replay(), 0);
    await settled();
    expect(next.desk.get(ended!.id)?.outcome).toMatchObject({ slot: HEAD + 1, feeLamports: 6_240n });
    rig.records.push(...next.records);
    const [trade] = rig.replay();
    expect(trade).toMatchObject({ state: 'finalized', outcome: { feeLamports: 6_240n } });
    expect(trade && awaitsOutcome(trade)).toBe(false);
  });

  it('and was read before a restart stands when a node tells of the same landing again', async () => {
    const rig = new DeskRig();
    const trade = await rig.sent();
    rig.landed(trade, 'confirmed');
    const next = new DeskRig();
    next.desk.resume(rig.replay(), 0);
    await settled();
    const again = next.desk.get(trade.id)!;
    next.landed(again, 'finalized', { bare: true });
    expect(again).toMatchObject({ state: 'finalized', outcome: { feeLamports: 5_000n } });
  });
});
