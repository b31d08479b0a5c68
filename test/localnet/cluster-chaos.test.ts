/** Chaos settings, their seeded decisions, scenarios, and the watch over the parent process. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSubmissionRecord } from '../../localnet/admin/submission-record.js';
import { createChaos, NO_CHAOS } from '../../localnet/chaos/chaos.js';
import { parseScenario, playScenario, type ScenarioStep } from '../../localnet/chaos/scenario.js';
import { cutStreamsAtRandom } from '../../localnet/chaos/stream-cuts.js';
import { ORPHAN_GRACE_MS, watchParent } from '../../localnet/orphan-watch.js';

describe('chaos', () => {
  it('decides the same for the same seed, at about the set rates', () => {
    const rates = { sendDropRate: 0.2, send429Rate: 0.1, send500Rate: 0.1, sendTimeoutRate: 0.1 };
    const fates = (seed: string) => {
      const chaos = createChaos(seed, {
        ...rates,
        sendDuplicateRate: 0.5,
        sendDelayRate: 0.5,
        sendDelayMs: 30,
      });
      return Array.from({ length: 4_000 }, () => chaos.sendFate());
    };
    const drawn = fates('a');
    expect(fates('a')).toEqual(drawn);
    expect(fates('b')).not.toEqual(drawn);
    const share = (fits: (fate: (typeof drawn)[number]) => boolean) =>
      drawn.filter(fits).length / drawn.length;
    expect(share(({ kind }) => kind === 'http429')).toBeCloseTo(0.1, 1);
    expect(share(({ kind }) => kind === 'drop')).toBeCloseTo(0.2 * 0.9 ** 3, 1);
    expect(share(({ copies }) => copies === 2)).toBeGreaterThan(0.2);
    expect(share(({ delayMs }) => delayMs === 30)).toBeGreaterThan(0.2);
    for (const { kind, copies, delayMs } of drawn) {
      if (kind !== 'pass') expect(delayMs).toBe(0);
      if (kind === 'drop' || kind === 'http429') expect(copies).toBe(0);
    }
    for (const lost of ['http500', 'timeout']) {
      const faults = drawn.filter(({ kind }) => kind === lost);
      const arrived = faults.filter(({ copies }) => copies === 1).length;
      expect(arrived / faults.length).toBeCloseTo(0.5, 1);
      expect(faults.every(({ copies }) => copies <= 1)).toBe(true);
    }
  });

  it('does nothing at all unless asked to', () => {
    const chaos = createChaos(1);
    expect(chaos.settings).toEqual(NO_CHAOS);
    expect(chaos.sendFate()).toEqual({ kind: 'pass', delayMs: 0, copies: 1 });
    expect(chaos.streamFate()).toEqual({ drop: false, duplicate: false, swapWithNext: false });
  });

  it('names the setting that does not fit and then changes nothing', () => {
    const chaos = createChaos(1);
    expect(() => chaos.set({ sendDropRate: 0.5, send429Rate: 1.1 })).toThrow(
      'send429Rate must be a number from 0 to 1',
    );
    expect(() => chaos.set({ readLagSlots: 1.5 })).toThrow(
      'readLagSlots must be a whole number from 0 to 150',
    );
    expect(() => chaos.set({ streamFrozen: 1 as never })).toThrow('streamFrozen must be true or false');
    expect(() => chaos.set({ toString: 1 } as never)).toThrow('toString is not a chaos setting');
    expect(chaos.settings).toEqual(NO_CHAOS);
  });

  it('tells its listeners of changes until they leave', () => {
    const chaos = createChaos(1);
    const seen: number[] = [];
    const leave = chaos.onChange(({ sendDropRate }) => seen.push(sendDropRate));
    chaos.set({ sendDropRate: 0.5 });
    chaos.clear();
    leave();
    chaos.set({ sendDropRate: 1 });
    expect(seen).toEqual([0.5, 0]);
  });
});

describe('a scenario', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is read strictly', () => {
    expect(parseScenario('[{"atMs": 5, "set": {"skipRate": 0.1}}]')).toEqual([
      { atMs: 5, set: { skipRate: 0.1 } },
    ]);
    expect(() => parseScenario('{')).toThrow(/not JSON/);
    expect(() => parseScenario('[{"atMs": -1}]')).toThrow(/0\.atMs/);
    expect(() => parseScenario('[{"atMs": 1, "sets": {}}]')).toThrow(/sets/);
  });

  it('is played in the order of its times, survives a bad step, and can be stopped', async () => {
    const done: number[] = [];
    const failed: number[] = [];
    const steps: ScenarioStep[] = [{ atMs: 300 }, { atMs: 100 }, { atMs: 200 }, { atMs: 400 }];
    const stop = playScenario(
      steps,
      ({ atMs }) => {
        if (atMs === 200) throw new RangeError('no');
        done.push(atMs);
      },
      ({ atMs }) => failed.push(atMs),
    );
    await vi.advanceTimersByTimeAsync(99);
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(201);
    expect(done).toEqual([100, 300]);
    expect(failed).toEqual([200]);
    stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toEqual([100, 300]);
  });

  it('can have streams cut about so often a minute', async () => {
    const chaos = createChaos('cuts', { streamCutsPerMinute: 6 });
    let cuts = 0;
    chaos.onCutStreams(() => {
      cuts += 1;
    });
    const stop = cutStreamsAtRandom(chaos);
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    stop();
    expect(cuts).toBeGreaterThan(300);
    expect(cuts).toBeLessThan(420);
  });
});

describe('the submission record', () => {
  it('keeps the newest first receipts within its bound', () => {
    const record = createSubmissionRecord(2);
    record.note('a', 1);
    record.note('b', 2);
    record.note('a', 3);
    record.note('c', 4);
    expect(record.list().map(({ signature }) => signature)).toEqual(['b', 'c']);
    expect(record.list(4).map(({ signature }) => signature)).toEqual(['c']);
    expect(record.receiptsTotal).toBe(4);
  });
});

describe('the watch over the parent process', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function orphan() {
    const state = { parent: 100, keepers: 0, ended: 0 };
    const watch = {
      firstParentPid: 100,
      parentPid: () => state.parent,
      keepers: () => state.keepers,
      nowMs: () => performance.now(),
    };
    watchParent(watch, () => {
      state.ended += 1;
    });
    return state;
  }

  it('ends an orphan when its time of grace is over, once, and not before', async () => {
    const state = orphan();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(state.ended).toBe(0);
    state.parent = 1;
    // The parent is first missed at the next look, one second later.
    await vi.advanceTimersByTimeAsync(1_000 + ORPHAN_GRACE_MS - 1);
    expect(state.ended).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.ended).toBe(1);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(state.ended).toBe(1);
  });

  it('leaves an orphan alone that somebody keeps, and counts anew when the last one goes', async () => {
    const state = orphan();
    state.parent = 1;
    await vi.advanceTimersByTimeAsync(ORPHAN_GRACE_MS - 1_000);
    state.keepers = 1;
    await vi.advanceTimersByTimeAsync(10 * ORPHAN_GRACE_MS);
    expect(state.ended).toBe(0);
    state.keepers = 0;
    await vi.advanceTimersByTimeAsync(ORPHAN_GRACE_MS);
    expect(state.ended).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.ended).toBe(1);
  });
});
