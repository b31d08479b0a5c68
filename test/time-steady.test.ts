/** A clock that is set must not make an old order young again, nor hold up what only waits for some seconds to pass. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SteadyTime } from '../src/time/steady-time.js';

const START_MS = 1_700_000_000_000;

function setUp() {
  const machine = { wallMs: START_MS, monotonicUs: 5_000_000 };
  const time = new SteadyTime(
    () => Math.floor(machine.wallMs),
    () => machine.monotonicUs,
  );
  const pass = (ms: number): number => {
    machine.wallMs += ms;
    machine.monotonicUs += ms * 1_000;
    return time.nowMs();
  };
  return { machine, time, pass };
}

it('is the wall clock while nobody sets it', () => {
  const { machine, pass } = setUp();
  for (const ms of [1, 0.3, 999, 0.9, 60_000]) expect(pass(ms)).toBe(Math.floor(machine.wallMs));
});

it('follows a clock that is set forward at once', () => {
  const { machine, pass } = setUp();
  machine.wallMs += 3_600_000;
  expect(pass(1)).toBe(START_MS + 3_600_001);
});

it('goes on where it was when the clock is set back, a twentieth slower, until the clock has caught up', () => {
  const { machine, pass } = setUp();
  machine.wallMs -= 10_000;
  expect(pass(2_000)).toBe(START_MS + 1_900);
  expect(pass(100_000)).toBe(START_MS + 96_900);
  expect(pass(100_000)).toBe(machine.wallMs);
});

it('never runs back and loses no more than a twentieth, however the clock is set', () => {
  const step = fc.record({
    setMs: fc.integer({ min: -1e7, max: 1e7 }),
    passMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { machine, time, pass } = setUp();
      for (const { setMs, passMs } of steps) {
        const before = time.nowMs();
        machine.wallMs += setMs;
        expect(pass(passMs) - before).toBeGreaterThanOrEqual(Math.floor(passMs * 0.95) - 2);
      }
    }),
  );
});
