/**
 * Cold code dominates at real rates, so the path is driven while nothing else is to be done. The danger is that
 * such a run is taken for a trade: it must reach nothing that is real, and be in nobody's way.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/config.js';
import { deskSettings } from '../src/executor/create-desk.js';
import { KeepWarm, type Warmable } from '../src/executor/keep-warm.js';
import { WarmPath } from '../src/executor/warm-path.js';
import { systemClock } from '../src/time/clock.js';
import { ManualClock } from './support/manual-clock.js';
import { seededRandom } from './support/seeded-random.js';

const PERIOD_MS = 5;

/** Time that a run spends passes for those who look at the clock, and rings no timers. */
class SlowClock extends ManualClock {
  spentUs = 0;

  override monotonicUs(): number {
    return super.monotonicUs() + this.spentUs;
  }
}

function pathOf(): Warmable & { runs: number; ready: boolean } {
  return {
    runs: 0,
    ready: true,
    sinkBusyUs: 0,
    run() {
      this.runs += 1;
    },
    close: async () => undefined,
  };
}

describe('keeping warm', () => {
  it('runs once a period while nothing else happens', () => {
    const clock = new ManualClock();
    const path = pathOf();
    new KeepWarm({ periodMs: PERIOD_MS, clock, path, mayRun: () => true });
    clock.advance(10 * PERIOD_MS);
    expect(path.runs).toBe(10);
  });

  it('stops while trades flow and goes on a period after the last', () => {
    const clock = new ManualClock();
    const path = pathOf();
    const warm = new KeepWarm({ periodMs: PERIOD_MS, clock, path, mayRun: () => true });
    for (let turn = 0; turn < 10; turn++) {
      clock.advance(PERIOD_MS - 1);
      warm.onTrade();
      clock.advance(1);
    }
    expect(path.runs).toBe(0);
    expect(warm.stats().skipped).toBe(10);
    clock.advance(PERIOD_MS);
    expect(path.runs).toBe(1);
  });

  it('leaves a turn out while the last run is not over, or nothing may run', () => {
    const clock = new ManualClock();
    const path = pathOf();
    let mayRun = true;
    new KeepWarm({ periodMs: PERIOD_MS, clock, path, mayRun: () => mayRun });
    path.ready = false;
    clock.advance(PERIOD_MS);
    path.ready = true;
    mayRun = false;
    clock.advance(PERIOD_MS);
    expect(path.runs).toBe(0);
    mayRun = true;
    clock.advance(PERIOD_MS);
    expect(path.runs).toBe(1);
  });

  it('rests after a run that took long: where processors are short it would take from the trades', async () => {
    const clock = new SlowClock();
    const path = pathOf();
    path.run = () => {
      path.runs += 1;
      clock.spentUs += 2_000;
    };
    const warm = new KeepWarm({ periodMs: PERIOD_MS, clock, path, mayRun: () => true });
    clock.advance(PERIOD_MS);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(7 * PERIOD_MS);
    expect(path.runs).toBe(1);
    clock.advance(PERIOD_MS);
    expect(path.runs).toBe(2);
    await warm.close();
  });

  it('ends with its owner', async () => {
    const clock = new ManualClock();
    const path = pathOf();
    const warm = new KeepWarm({ periodMs: PERIOD_MS, clock, path, mayRun: () => true });
    await warm.close();
    clock.advance(100);
    expect(path.runs).toBe(0);
  });
});

describe('the path that is kept warm', () => {
  let path: WarmPath | undefined;
  afterEach(async () => {
    await path?.close();
    path = undefined;
  });

  const untilReady = async (one: WarmPath): Promise<void> => {
    while (!one.ready) await new Promise((resolve) => setImmediate(resolve));
  };

  it('takes trade after trade to the sink and its answer, past the life of one desk', async () => {
    const opened = await WarmPath.open({
      clock: systemClock,
      random: seededRandom(1),
      settings: deskSettings(loadConfig({})),
      lockScope: 'all',
    });
    path = opened;
    for (let run = 1; run <= 1_100; run++) {
      await untilReady(opened);
      expect(opened.finished).toBe(run - 1);
      opened.run();
    }
    await untilReady(opened);
    expect(opened.finished).toBe(1_100);
    expect(opened.sinkBusyUs).toBeGreaterThan(0);
  });
});
