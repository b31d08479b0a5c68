/** Stop means stop: at once, in every worker, across restarts, and a release revives nothing (L3). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import { asSignature } from '../src/model/brands.js';
import { KillSwitch, MAX_KILL_EVENTS } from '../src/risk/kill-switch.js';
import { StopGate } from '../src/risk/stop-gate.js';
import { ManualClock } from './support/manual-clock.js';

let root: string;
let path: string;
const clock = new ManualClock();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hotslot-kill-'));
  path = join(root, 'data', 'kill-switch.json');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('is on disk before trip returns, and holds across a restart with its reason and time', () => {
  const first = new KillSwitch({ path, clock });
  expect(first.status()).toMatchObject({ active: false, grade: undefined });
  first.trip('stop', 'losing', 'operator');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ grade: 'stop' });
  const second = new KillSwitch({ path, clock });
  expect(second.mayLeave()).toBe(false);
  expect(second.status()).toMatchObject({
    active: true,
    reason: 'losing',
    source: 'operator',
    sinceMs: clock.nowMs(),
  });
});

it.each([
  [undefined, true, true, true],
  ['reduce', true, false, true],
  ['drain', false, false, true],
  ['stop', false, false, false],
] as const)('grade %s lets through what it says', (grade, acceptShrink, acceptGrow, leave) => {
  const killSwitch = new KillSwitch({ path, clock });
  if (grade !== undefined) killSwitch.trip(grade, 'test', 'test');
  expect([killSwitch.mayAccept(true), killSwitch.mayAccept(false), killSwitch.mayLeave()]).toEqual([
    acceptShrink,
    acceptGrow,
    leave,
  ]);
});

it('keeps the stronger grade and its cause when a weaker one is asked for', () => {
  const killSwitch = new KillSwitch({ path, clock });
  killSwitch.trip('drain', 'maintenance', 'operator');
  clock.advance(10);
  expect(killSwitch.trip('reduce', 'loss', 'daily-loss').grade).toBe('drain');
  expect(killSwitch.status().reason).toBe('maintenance');
  killSwitch.trip('stop', 'breach', 'operator');
  killSwitch.trip('stop', 'breach again', 'operator');
  expect(killSwitch.status()).toMatchObject({ grade: 'stop', reason: 'breach' });
  expect(killSwitch.status().history.map((event) => [event.asked, event.grade])).toEqual([
    ['drain', 'drain'],
    ['reduce', 'drain'],
    ['stop', 'stop'],
    ['stop', 'stop'],
  ]);
});

it('is released only with a reason', () => {
  const killSwitch = new KillSwitch({ path, clock });
  killSwitch.trip('stop', 'test', 'operator');
  expect(() => killSwitch.release('  ', 'operator')).toThrow('missing');
  expect(killSwitch.mayLeave()).toBe(false);
  expect(killSwitch.release('checked', 'operator').active).toBe(false);
  expect(new KillSwitch({ path, clock }).mayLeave()).toBe(true);
});

it('revives nothing when it is released, not even after a restart', () => {
  const killSwitch = new KillSwitch({ path, clock });
  const gate = new StopGate(killSwitch);
  const [before, after] = [asSignature('before'), asSignature('after')];
  const takenAtMs = clock.nowMs();
  gate.admit(before);
  expect([gate.mayLeave(before), gate.mayLeave(after)]).toEqual([true, false]);
  clock.advance(5);
  killSwitch.trip('stop', 'test', 'operator');
  expect(gate.mayLeave(before)).toBe(false);
  killSwitch.release('checked', 'operator');
  gate.admit(after);
  expect([gate.mayLeave(before), gate.mayLeave(after)]).toEqual([false, true]);
  const restarted = new StopGate(new KillSwitch({ path, clock }));
  expect(restarted.stoppedSince(takenAtMs)).toBe(true);
  expect(restarted.mayLeave(before)).toBe(false);
  expect(restarted.stoppedSince(clock.nowMs() + 1)).toBe(false);
});

it('knows that a stop came later although the clock was set back before it', () => {
  const killSwitch = new KillSwitch({ path, clock });
  const taken = { atMs: clock.nowMs(), stopCount: killSwitch.stopCount };
  const set = new ManualClock(clock.nowMs() - 3_600_000);
  const next = new KillSwitch({ path, clock: set });
  next.trip('stop', 'test', 'operator');
  next.release('checked', 'operator');
  const third = new StopGate(new KillSwitch({ path, clock: set }));
  expect(third.stoppedSince(taken.atMs)).toBe(false);
  expect(third.stoppedSince(taken.atMs, taken.stopCount)).toBe(true);
  expect(third.stoppedSince(taken.atMs, next.stopCount)).toBe(false);
});

it('takes every earlier trade for stopped where its file cannot be read', () => {
  new KillSwitch({ path, clock }).trip('stop', 'test', 'test');
  writeFileSync(path, '');
  const set = new ManualClock(clock.nowMs() - 3_600_000);
  const killSwitch = new KillSwitch({ path, clock: set });
  killSwitch.release('checked', 'operator');
  for (const stopCount of [0, 1, 2])
    expect(new StopGate(killSwitch).stoppedSince(clock.nowMs(), stopCount)).toBe(true);
});

it('reaches a worker that has nothing but the word', async () => {
  const killSwitch = new KillSwitch({ path, clock });
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     parentPort.postMessage('up');
     Atomics.wait(workerData, 0, 0, 10000);
     import(${JSON.stringify(new URL('../src/risk/kill-switch.js', import.meta.url).href)})
       .then(({ mayLeaveByWord }) => parentPort.postMessage(mayLeaveByWord(workerData)));`,
    { eval: true, workerData: killSwitch.word },
  );
  const answer = await new Promise((resolve) => {
    worker.on('message', (message) => {
      if (message !== 'up') resolve(message);
      else {
        killSwitch.trip('stop', 'test', 'operator');
        Atomics.notify(killSwitch.word, 0);
      }
    });
  });
  await worker.terminate();
  expect(answer).toBe(false);
});

it('holds stop when its file cannot be read', () => {
  new KillSwitch({ path, clock }).trip('reduce', 'test', 'test');
  for (const text of ['', '{"version":1', '{"version":1,"grade":"halt","stopCount":0,"history":[]}', '[]']) {
    writeFileSync(path, text);
    const killSwitch = new KillSwitch({ path, clock });
    expect(killSwitch.mayLeave()).toBe(false);
    expect(killSwitch.status()).toMatchObject({ grade: 'stop', source: 'start' });
  }
});

it('acts even when the disk refuses, says so, and is not released unrecorded', () => {
  let broken = true;
  const files: JournalFs = {
    ...systemFs,
    rename(from, to) {
      if (broken) throw new Error('ENOSPC');
      systemFs.rename(from, to);
    },
  };
  const killSwitch = new KillSwitch({ path, clock, files });
  expect(() => killSwitch.trip('stop', 'test', 'operator')).toThrow('written down');
  expect(killSwitch.mayLeave()).toBe(false);
  expect(() => killSwitch.release('checked', 'operator')).toThrow('written down');
  expect(killSwitch.mayLeave()).toBe(false);
  broken = false;
  expect(killSwitch.release('checked', 'operator').active).toBe(false);
});

it('tells listeners before it waits for the disk, and bounds its history', () => {
  const order: string[] = [];
  const files: JournalFs = { ...systemFs, syncDirectory: () => void order.push('disk') };
  const killSwitch = new KillSwitch({ path, clock, files });
  killSwitch.onChange((status) => order.push(status.grade ?? 'none'));
  killSwitch.trip('stop', 'test', 'operator');
  killSwitch.release('checked', 'operator');
  expect(order).toEqual(['stop', 'disk', 'disk', 'none']);
  for (let index = 0; index < MAX_KILL_EVENTS + 5; index += 1) killSwitch.trip('drain', 'test', 'test');
  expect(killSwitch.status().history).toHaveLength(MAX_KILL_EVENTS);
});

it('writes down a stop that the disk did not take as soon as it does', () => {
  let isFull = true;
  const files: JournalFs = {
    ...systemFs,
    openAppend(file) {
      if (isFull) throw new Error('ENOSPC');
      return systemFs.openAppend(file);
    },
  };
  const killSwitch = new KillSwitch({ path, clock, files });
  expect(() => killSwitch.trip('stop', 'the disk is full', 'http')).toThrow();
  clock.advance(3_000);
  expect(new KillSwitch({ path, clock }).grade).toBeUndefined();
  isFull = false;
  clock.advance(1_000);
  const restarted = new KillSwitch({ path, clock });
  expect([restarted.grade, restarted.stopCount]).toEqual(['stop', killSwitch.stopCount]);
});
