/** Each alert at the last good figure and the first bad one of the operators' book, and what ends it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { ALERTS, type AlertName, type VitalSigns } from '../src/alerts/alert-table.js';
import { ALERT_LOOK_MS, type Alert, AlertWatch, MAX_RECENT_ALERTS } from '../src/alerts/alert-watch.js';
import type { KeptAlert } from '../src/alerts/firing-file.js';
import { ManualClock } from './support/manual-clock.js';

const WELL: VitalSigns = {
  killSwitchActive: 0,
  rpcDownSeconds: 0,
  memoryPercent: 40,
  tradeSuccessPercent: 100,
  slippagePercent: 0.1,
  openBreakers: 0,
  queueSize: 0,
  eventLoopLagMs: 1,
};

function watchOf(kept: readonly KeptAlert[] = []) {
  const clock = new ManualClock();
  const heard: Alert[] = [];
  const rig = { clock, heard, signs: WELL };
  const watch = new AlertWatch({ clock, signs: () => rig.signs, kept });
  watch.onAlert((alert) => heard.push(alert));
  onTestFinished(() => watch.close());
  return Object.assign(rig, {
    watch,
    look(signs: Partial<VitalSigns>, ms = ALERT_LOOK_MS): string[] {
      rig.signs = { ...WELL, ...signs };
      heard.length = 0;
      clock.advance(ms);
      return heard.map(({ name, status }) => `${name} ${status}`);
    },
  });
}

interface Edge {
  readonly name: AlertName;
  readonly severity: Alert['severity'];
  readonly lastGood: Partial<VitalSigns>;
  readonly firstBad: Partial<VitalSigns>;
  /** Better than the threshold, and not yet well. */
  readonly notYetWell?: Partial<VitalSigns>;
  readonly well: Partial<VitalSigns>;
  readonly holdMs: number;
}

const EDGES: readonly Edge[] = [
  {
    name: 'KillSwitchActivated',
    severity: 'critical',
    lastGood: { killSwitchActive: 0 },
    firstBad: { killSwitchActive: 1 },
    well: {},
    holdMs: 0,
  },
  {
    name: 'RpcDown',
    severity: 'critical',
    lastGood: { rpcDownSeconds: 30 },
    firstBad: { rpcDownSeconds: 30.001 },
    notYetWell: { rpcDownSeconds: 1 },
    well: { rpcDownSeconds: 0 },
    holdMs: 0,
  },
  {
    name: 'MemoryHigh',
    severity: 'critical',
    lastGood: { memoryPercent: 90 },
    firstBad: { memoryPercent: 90.1 },
    notYetWell: { memoryPercent: 85.1 },
    well: { memoryPercent: 85 },
    holdMs: 30_000,
  },
  {
    name: 'TradeSuccessLow',
    severity: 'critical',
    lastGood: { tradeSuccessPercent: 90 },
    firstBad: { tradeSuccessPercent: 89.9 },
    notYetWell: { tradeSuccessPercent: 91.9 },
    well: { tradeSuccessPercent: 92 },
    holdMs: 30_000,
  },
  {
    name: 'SlippageHigh',
    severity: 'warning',
    lastGood: { slippagePercent: 3 },
    firstBad: { slippagePercent: 3.01 },
    notYetWell: { slippagePercent: 2.51 },
    well: { slippagePercent: 2.5 },
    holdMs: 30_000,
  },
  {
    name: 'CircuitBreakerOpened',
    severity: 'warning',
    lastGood: { openBreakers: 0 },
    firstBad: { openBreakers: 1 },
    well: {},
    holdMs: 0,
  },
  {
    name: 'QueueLong',
    severity: 'warning',
    lastGood: { queueSize: 100 },
    firstBad: { queueSize: 101 },
    notYetWell: { queueSize: 81 },
    well: { queueSize: 80 },
    holdMs: 30_000,
  },
  {
    name: 'EventLoopLagHigh',
    severity: 'warning',
    lastGood: { eventLoopLagMs: 50 },
    firstBad: { eventLoopLagMs: 50.1 },
    notYetWell: { eventLoopLagMs: 40.1 },
    well: { eventLoopLagMs: 40 },
    holdMs: 30_000,
  },
];

it("the book's alerts are all here, by its severity", () => {
  expect(EDGES.map(({ name, severity }) => [name, severity])).toEqual(
    ALERTS.map(({ name, severity }) => [name, severity]),
  );
});

describe.each(EDGES)('$name', ({ name, severity, lastGood, firstBad, notYetWell, well, holdMs }) => {
  it('fires at the first bad figure, once, and not at the last good one', () => {
    const rig = watchOf();
    expect(rig.look(lastGood)).toEqual([]);
    expect(rig.look(firstBad)).toEqual([`${name} firing`]);
    expect(rig.look(firstBad, 60_000)).toEqual([]);
    expect(rig.watch.firing()).toMatchObject([{ name, severity, status: 'firing' }]);
  });

  it('is over when the figure is well for long enough, and no sooner', () => {
    const rig = watchOf();
    rig.look(firstBad);
    if (notYetWell !== undefined) expect(rig.look(notYetWell, 120_000)).toEqual([]);
    if (holdMs > 0) {
      expect(rig.look(well, holdMs)).toEqual([]);
      // It was bad again for a moment: the time begins anew.
      expect(rig.look(firstBad)).toEqual([]);
      expect(rig.look(well, holdMs)).toEqual([]);
    }
    expect(rig.look(well)).toEqual([`${name} resolved`]);
    expect(rig.watch.firing()).toEqual([]);
  });
});

it('an alert says since when, at what figure, and against which threshold', () => {
  const rig = watchOf();
  rig.look({ queueSize: 150 });
  const firedAtMs = rig.clock.nowMs();
  expect(rig.heard[0]).toMatchObject({
    name: 'QueueLong',
    status: 'firing',
    value: 150,
    threshold: 100,
    unit: 'trades',
    sinceMs: firedAtMs,
    firedAtMs,
  });
  rig.look({ queueSize: 200 });
  expect(rig.watch.firing()[0]).toMatchObject({ value: 200, sinceMs: firedAtMs });
  rig.look({ queueSize: 3 }, 31_000);
  expect(rig.heard[0]).toMatchObject({ status: 'resolved', value: 3, firedAtMs, sinceMs: rig.clock.nowMs() });
});

describe('what fired when the process before this one ended', () => {
  const kept = [{ name: 'MemoryHigh', firedAtMs: 5, value: 97 }];

  it('fires at once, is told again as what it was, once, and is over as any other', () => {
    const rig = watchOf(kept);
    expect(rig.watch.firing()).toMatchObject([{ name: 'MemoryHigh', firedAtMs: 5, value: 97 }]);
    expect(rig.look({ memoryPercent: 95 })).toEqual(['MemoryHigh firing']);
    expect(rig.heard[0]).toMatchObject({ sinceMs: 5, firedAtMs: 5, value: 95 });
    expect(rig.look({ memoryPercent: 95 }, 60_000)).toEqual([]);
    expect(rig.look({}, 31_000)).toEqual(['MemoryHigh resolved']);
  });

  it('is told to be over where its figure is well again', () => {
    const rig = watchOf(kept);
    expect(rig.look({}, 30_000)).toEqual([]);
    expect(rig.look({})).toEqual(['MemoryHigh resolved']);
    expect(rig.heard[0]).toMatchObject({ firedAtMs: 5, sinceMs: rig.clock.nowMs() });
    expect(rig.watch.firing()).toEqual([]);
  });

  it('is left out where no such alert is known', () => {
    expect(watchOf([{ name: 'Gone', firedAtMs: 5, value: 1 }]).watch.firing()).toEqual([]);
  });
});

it('what cannot be judged yet neither fires nor resolves', () => {
  const rig = watchOf();
  expect(rig.look({ tradeSuccessPercent: undefined, slippagePercent: undefined })).toEqual([]);
  rig.look({ tradeSuccessPercent: 10 });
  expect(rig.look({ tradeSuccessPercent: undefined }, 120_000)).toEqual([]);
  expect(rig.watch.firing()).toHaveLength(1);
});

it('of the changes only the newest are kept, newest first', () => {
  const rig = watchOf();
  for (let times = 0; times < MAX_RECENT_ALERTS; times++) {
    rig.look({ killSwitchActive: 1 });
    rig.look({});
  }
  expect(rig.watch.recent()).toHaveLength(MAX_RECENT_ALERTS);
  expect(rig.watch.recent()[0]).toMatchObject({ status: 'resolved', sinceMs: rig.clock.nowMs() });
});
