/** SIGTERM's waiting: for what is out, within its bound, and not when asked twice. */
import { describe, expect, it } from 'vitest';
import { drain } from '../src/executor/drain.js';
import type { TradeDesk } from '../src/lifecycle/trade-desk.js';
import { ManualClock } from './support/manual-clock.js';

function desk(running: number) {
  const state = { running, isClosing: false };
  const fake = {
    beginShutdown: () => {
      state.isClosing = true;
    },
    scheduler: { status: () => ({ running: state.running }) },
  };
  return { state, desk: fake as unknown as TradeDesk };
}

/** Time passes in small steps, so that what waits in between can run. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    await Promise.resolve();
    await Promise.resolve();
  }
}

describe('draining', () => {
  it('takes nothing more, and ends as soon as nothing is out', async () => {
    const clock = new ManualClock();
    const { state, desk: fake } = desk(2);
    let left: number | undefined;
    const done = drain(fake, clock, 3_000, new AbortController().signal).then((count) => {
      left = count;
    });
    expect(state.isClosing).toBe(true);
    await pass(clock, 1_000);
    expect(left).toBe(undefined);
    state.running = 0;
    await pass(clock, 50);
    await done;
    expect(left).toBe(0);
  });

  it('leaves to the journal what is still out when its time is over', async () => {
    const clock = new ManualClock();
    let left: number | undefined;
    const done = drain(desk(3).desk, clock, 3_000, new AbortController().signal).then((count) => {
      left = count;
    });
    await pass(clock, 2_900);
    expect(left).toBe(undefined);
    await pass(clock, 200);
    await done;
    expect(left).toBe(3);
  });

  it('does not wait any longer when it is asked a second time', async () => {
    const clock = new ManualClock();
    const second = new AbortController();
    const done = drain(desk(1).desk, clock, 3_000, second.signal);
    await pass(clock, 100);
    second.abort();
    await pass(clock, 50);
    expect(await done).toBe(1);
  });
});
