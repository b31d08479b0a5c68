// Dashboards ask for the status a hundred times a second; none of them may see a kill switch that is already over.
import { expect, test } from 'vitest';
import { CachedStatus, STATUS_MAX_AGE_MS } from '../src/control/cached-status.js';
import { killSwitchVersionOf } from '../src/executor/kill-switch-version.js';
import type { KillSwitch } from '../src/risk/kill-switch.js';
import type { Clock } from '../src/time/clock.js';

function fixture() {
  const state = { nowUs: 5_000_000, version: 0, built: 0, active: false };
  const clock = { monotonicUs: () => state.nowUs } as Clock;
  const cached = new CachedStatus(
    {
      status: () => ({ built: ++state.built, amount: 7n, killSwitchActive: state.active }),
      killSwitchVersion: () => state.version,
    },
    clock,
  );
  return { state, read: () => JSON.parse(Buffer.from(cached.body()).toString('utf8')) };
}

test('is serialised once within its age, and anew at the end of it', () => {
  const { state, read } = fixture();
  expect(read()).toEqual({ built: 1, amount: '7', killSwitchActive: false });
  state.nowUs += STATUS_MAX_AGE_MS * 1000 - 1;
  expect(read().built).toBe(1);
  state.nowUs += 1;
  expect(read().built).toBe(2);
});

test('a change of the kill switch is seen by the very next reader', () => {
  const { state, read } = fixture();
  read();
  state.active = true;
  state.version = 1;
  expect(read()).toMatchObject({ built: 2, killSwitchActive: true });
});

test('the plane of the start and that of the executor count the changes of a switch as one', () => {
  const listeners: (() => void)[] = [];
  const killSwitch = {
    onChange: (listener: () => void) => listeners.push(listener),
  } as unknown as KillSwitch;
  const starting = killSwitchVersionOf(killSwitch);
  for (const listener of listeners) listener();
  const running = killSwitchVersionOf(killSwitch);
  expect(running()).toBe(starting());
  for (const listener of listeners) listener();
  expect([starting(), running()]).toEqual([2, 2]);
});
