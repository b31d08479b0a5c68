/**
 * The seeded simulation: production's desk, scheduler, locks, tracker, sender, journal and kill switch in worlds of
 * skipped slots, lost forks, lost bytes, cut streams, lying nodes, full disks, clocks that are set, standstills and
 * kill -9. A failing seed replays:
 * `node dist/test/sim/run.js --seed N --story`.
 */
import { describe, expect, it } from 'vitest';
import type { PlantedFault } from './sim/profile.js';
import { type SimResult, simulate } from './sim/simulate.js';

const SEEDS = 300;
const DAMAGED_SEEDS = 40;
/** Enough worlds for each planted fault to do harm in one of them. */
const FAULT_SEEDS = 60;

describe('the laws in seeded worlds', () => {
  it(`hold in ${SEEDS} worlds`, async () => {
    const totals = {
      accepted: 0,
      crashes: 0,
      stops: 0,
      forksLost: 0,
      finalized: 0,
      expired: 0,
      failed: 0,
    };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const result = await simulate({ seed });
      expect(result.violations, `seed ${seed}: node dist/test/sim/run.js --seed ${seed} --story`).toEqual([]);
      for (const name of ['accepted', 'crashes', 'stops', 'forksLost'] as const) totals[name] += result[name];
      for (const end of ['finalized', 'expired', 'failed'] as const) totals[end] += result.ends[end] ?? 0;
    }
    // The worlds are as bad as they claim to be: none of the evils is missing.
    for (const count of Object.values(totals)) expect(count).toBeGreaterThan(SEEDS / 10);
  });

  it('hold where the disk loses records of the journal between two lives', async () => {
    let damaged = 0;
    for (let seed = 1; seed <= DAMAGED_SEEDS; seed += 1) {
      const result = await simulate({ seed, corruptChance: 1, crashes: 4, maxAttempts: 4 });
      expect(result.violations, `seed ${seed}`).toEqual([]);
      damaged += result.damaged;
    }
    expect(damaged).toBeGreaterThan(DAMAGED_SEEDS);
  });

  it('replay exactly: the same seed is the same story', async () => {
    for (const seed of [3, 7, 11]) {
      const [first, second] = [await simulate({ seed }), await simulate({ seed, story: true })];
      expect(second.hash).toBe(first.hash);
      expect(second.events).toBe(first.events);
    }
    const hashes = new Set(
      [await simulate({ seed: 3 }), await simulate({ seed: 4 })].map(({ hash }) => hash),
    );
    expect(hashes.size).toBe(2);
  });

  it('call an outcome unknown while no node answers, and settle it once they do', async () => {
    const result = await simulate({
      seed: 5,
      nodeFailureChance: 1,
      dropChance: 1,
      chaosTailSlots: 600,
      slotMs: 400,
      validityBlocks: 20,
      stops: 0,
      crashes: 0,
      crashAtPointChance: 0,
      diskFullChance: 0,
      cutChance: 0,
      silentLossChance: 0,
    });
    expect(result.violations).toEqual([]);
    expect(result.unknownsTold).toBeGreaterThan(0);
    expect(result.ends.unknown).toBeUndefined();
  });
});

describe('the checker catches', () => {
  const cases: readonly [PlantedFault, string, object][] = [
    ['journal-after-send', 'L1', { diskFullChance: 0 }],
    ['resign-after-timer', 'L2', { maxAttempts: 4, dropChance: 0.5, delayedChance: 0.5, stops: 0 }],
    ['resend-after-stop', 'L3', { stops: 2, dropChance: 0.7 }],
    ['processed-is-final', 'L4', { forkChance: 0.3 }],
    [
      'expiry-by-one-lagging-node',
      'L',
      {
        nodeLagSlots: 30,
        maxAttempts: 4,
        validityBlocks: 8,
        includeChance: 0.5,
        silentLossChance: 0.3,
        stalls: 0,
      },
    ],
    ['damage-ignored', 'L2', { corruptChance: 1, crashes: 4, maxAttempts: 4 }],
    ['locks-ignored', 'locks', { lockRelease: 'processed', maxConcurrent: 32 }],
  ];

  it.each(cases)('%s', async (fault, law, profile) => {
    const caught: SimResult[] = [];
    for (let seed = 1; seed <= FAULT_SEEDS && caught.length === 0; seed += 1) {
      const result = await simulate({ seed, fault, ...profile });
      if (result.violations.some((one) => one.startsWith(law))) caught.push(result);
    }
    expect(caught).toHaveLength(1);
  });
});
