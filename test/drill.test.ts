/** The short forms of the drills: the real process, kill -9, a cluster that misbehaves, and an account at the end. */
import { describe, expect, it } from 'vitest';
import { FINDING_KINDS } from '../drill/checker.js';
import { DRILL_DEFAULTS, hasPassed, runDrill } from '../drill/drill.js';
import { runFrozenStreamTrials } from '../drill/frozen-stream-trials.js';
import { runKillSwitchTrials } from '../drill/kill-switch-trials.js';

/** Far above what they take: a machine that is busy with other things must not fail them. */
const TIMEOUT_MS = 300_000;
const SEED = 'short';
/** Its third weather, eight seconds after the start, is full blocks; no short drill is over by then. */
const SEED_WITH_FULL_BLOCKS = 'short-34';
const quiet = () => undefined;

describe('the drills in their short forms', () => {
  it(
    'lose, double and mistell no trade of 300 over 10 kills under chaos',
    async () => {
      const result = await runDrill({
        trades: 300,
        kills: 10,
        seed: SEED_WITH_FULL_BLOCKS,
        rate: DRILL_DEFAULTS.rate,
        slotMs: DRILL_DEFAULTS.slotMs,
        keep: false,
        note: quiet,
      });
      expect(result.findings).toEqual([]);
      for (const kind of FINDING_KINDS) expect({ [kind]: result[kind] }).toEqual({ [kind]: 0 });
      expect(result).toMatchObject({ trades: 300, kills: 10, crashes: 0, invariantFaults: 0 });
      expect(result.landed).toBeGreaterThan(0);
      expect(hasPassed(result)).toBe(true);
      for (const fault of [{ landed: 0 }, { crashes: 1 }, { invariantFaults: 1 }])
        expect(hasPassed({ ...result, ...fault })).toBe(false);
      expect(result.weather.congested?.spells).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it(
    'see no byte after a stop in 20 trials under load',
    async () => {
      const result = await runKillSwitchTrials({ trials: 20, rate: 60, seed: SEED, note: quiet });
      expect(result).toMatchObject({ trials: 20, lateWhileClusterAwake: 0, revived: 0 });
      expect(result.trialsWithLiveAttempts).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it(
    'see nothing signed on a stream that stands still for too long',
    async () => {
      const result = await runFrozenStreamTrials({ trials: 1, seed: SEED, note: quiet });
      expect(result).toMatchObject({ signedStale: 0, deniedWithoutAge: 0 });
      expect(result.deniedStale).toBeGreaterThan(0);
      expect(result.noticedMs.max).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
