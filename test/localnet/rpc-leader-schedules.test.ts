/** Drawing an epoch's leaders takes a second; fuzzing with many such calls at once kept every other call waiting. */
import { describe, expect, it } from 'vitest';
import { LeaderSchedules } from '../../localnet/rpc/leader-schedules.js';

const SLOTS_PER_EPOCH = 48;

function countingLedger() {
  const asked: number[] = [];
  return {
    asked,
    ledger: {
      slotsPerEpoch: () => SLOTS_PER_EPOCH,
      leader: (slot: number) => {
        asked.push(slot);
        return slot % 8 < 4 ? 'even' : 'odd';
      },
    },
  };
}

describe('leader schedules', () => {
  it('are drawn once, for those that ask at the same time and for those that ask later', async () => {
    const { asked, ledger } = countingLedger();
    const schedules = new LeaderSchedules();
    const [first, second] = await Promise.all([schedules.of(3, ledger), schedules.of(3, ledger)]);
    const third = await schedules.of(3, ledger);
    expect(second).toBe(first);
    expect(third).toBe(first);
    // Once a window of four slots, from the epoch's first slot on.
    expect(asked).toHaveLength(SLOTS_PER_EPOCH / 4);
    expect(asked[0]).toBe(3 * SLOTS_PER_EPOCH);
    expect(first.slotsByLeader.get('even')?.slice(0, 5)).toEqual([0, 1, 2, 3, 8]);
    expect(JSON.parse(first.json)).toEqual(Object.fromEntries(first.slotsByLeader));
  });

  it('are kept for two epochs, however many are asked for', async () => {
    const { asked, ledger } = countingLedger();
    const schedules = new LeaderSchedules();
    for (const epoch of [0, 1, 2, 1, 2]) await schedules.of(epoch, ledger);
    expect(asked).toHaveLength((3 * SLOTS_PER_EPOCH) / 4);
    await schedules.of(0, ledger);
    expect(asked).toHaveLength((4 * SLOTS_PER_EPOCH) / 4);
  });
});
