/**
 * The shared kill switch, as logic: whatever way news takes, all come to the same; what is missing releases nothing;
 * and a release ends exactly what its operator had seen.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JournalFs, systemFs } from '../src/journal/journal-fs.js';
import { isWeaker, type KillGrade } from '../src/risk/kill-grade.js';
import { KillSwitch } from '../src/risk/kill-switch.js';
import {
  EMPTY_LEDGER,
  engage,
  engagementOf,
  MAX_LEDGER_MARKS,
  marksAhead,
  mergeLedgers,
  parseLedger,
  releaseKnown,
  type SwitchLedger,
} from '../src/risk/switch-ledger.js';
import { ManualClock } from './support/manual-clock.js';

const GRADES: readonly KillGrade[] = ['reduce', 'drain', 'stop'];
const asked = (by: string, atMs = 1) => ({ by, reason: `of ${by}`, source: 'http', atMs });
const same = (one: SwitchLedger, other: SwitchLedger) =>
  marksAhead(one, other).size === 0 && marksAhead(other, one).size === 0;

/** What executors do, in an order that chance makes: each sees only what it has been told. */
const step = fc.oneof(
  fc.record({
    act: fc.constant('engage' as const),
    at: fc.nat(2),
    grade: fc.constantFrom(...GRADES),
    clockMs: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ act: fc.constant('release' as const), at: fc.nat(2) }),
  fc.record({ act: fc.constant('tell' as const), at: fc.nat(2), to: fc.nat(2) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The ledgers of three executors, and for each engagement whether somebody who knew of it has released it. */
function play(steps: readonly Step[]) {
  const ledgers: SwitchLedger[] = [EMPTY_LEDGER, EMPTY_LEDGER, EMPTY_LEDGER];
  const engagements: { grade: KillGrade; knownBy: Set<number>; released: boolean }[] = [];
  for (const one of steps) {
    const mine = ledgers[one.at]!;
    if (one.act === 'engage') {
      ledgers[one.at] = engage(mine, one.grade, asked(`x-${one.at}`, one.clockMs));
      engagements.push({ grade: one.grade, knownBy: new Set([one.at]), released: false });
    } else if (one.act === 'release') {
      ledgers[one.at] = releaseKnown(mine, asked(`x-${one.at}`));
      for (const engagement of engagements) if (engagement.knownBy.has(one.at)) engagement.released = true;
    } else {
      ledgers[one.to] = mergeLedgers(ledgers[one.to]!, mine);
      for (const { knownBy } of engagements) if (knownBy.has(one.at)) knownBy.add(one.to);
    }
  }
  return { ledgers, engagements };
}

const steps = fc.array(step, { maxLength: 30 });

describe('the ledger of the shared switch', () => {
  it('comes to the same whatever the order, the grouping and the number of times in which it is told', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const [a, b, c] = play(taken).ledgers as [SwitchLedger, SwitchLedger, SwitchLedger];
        expect(same(mergeLedgers(a, b), mergeLedgers(b, a))).toBe(true);
        const left = mergeLedgers(mergeLedgers(a, b), c);
        expect(same(left, mergeLedgers(a, mergeLedgers(b, c)))).toBe(true);
        expect(same(mergeLedgers(left, a), left)).toBe(true);
        expect(same(mergeLedgers(a, EMPTY_LEDGER), a)).toBe(true);
      }),
    );
  });

  it('has in force, once all have told all, the strongest engagement that nobody who knew of it has released', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { ledgers, engagements } = play(taken);
        const all = ledgers.reduce(mergeLedgers, EMPTY_LEDGER);
        let strongest: KillGrade | undefined;
        for (const { grade, released } of engagements)
          if (!released && isWeaker(strongest, grade)) strongest = grade;
        expect(engagementOf(all)?.grade).toBe(strongest);
      }),
      { numRuns: 500 },
    );
  });

  it('is not changed by what is empty, or by an old state of itself', () => {
    fc.assert(
      fc.property(steps, fc.nat(30), (taken, cut) => {
        const now = play(taken).ledgers[0]!;
        const old = play(taken.slice(0, cut)).ledgers[0]!;
        for (const told of [EMPTY_LEDGER, old]) {
          expect(same(mergeLedgers(now, told), now)).toBe(true);
          expect(engagementOf(mergeLedgers(now, told))?.grade).toBe(engagementOf(now)?.grade);
        }
      }),
    );
  });

  it('lets a release and a newer stop cross: the stop holds', () => {
    const first = engage(EMPTY_LEDGER, 'stop', asked('a', 10));
    const released = releaseKnown(first, asked('b', 20));
    const newer = engage(first, 'stop', asked('a', 20));
    expect(engagementOf(mergeLedgers(released, newer))).toMatchObject({ grade: 'stop', by: 'a' });
    expect(engagementOf(mergeLedgers(newer, released))).toMatchObject({ grade: 'stop', by: 'a' });
  });

  it('counts on where a clock runs back', () => {
    const first = engage(EMPTY_LEDGER, 'stop', asked('a', 1_000));
    const released = releaseKnown(first, asked('a', 1_001));
    expect(engagementOf(released)).toBe(undefined);
    expect(engagementOf(engage(released, 'drain', asked('a', 5)))?.grade).toBe('drain');
  });

  it.each([
    [{ 'stop@a': 'no JSON' }],
    [{ 'stop@a': '{"count":1}' }],
    [{ 'stop@a': '{"count":-1,"reason":"","source":"","by":"a","atMs":1}' }],
    [{ 'halt@a': '{"count":1,"reason":"","source":"","by":"a","atMs":1}' }],
    [{ stop: '{"count":1,"reason":"","source":"","by":"a","atMs":1}' }],
  ])('does not guess what %j may mean', (fields) => {
    expect(() => parseLedger(fields)).toThrow(expect.objectContaining({ code: 'SWITCH_UNREADABLE' }));
  });

  it('is bounded', () => {
    const text = '{"count":1,"reason":"","source":"","by":"a","atMs":1}';
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`stop@x-${index}`, text]));
    expect(parseLedger(fields(MAX_LEDGER_MARKS)).size).toBe(MAX_LEDGER_MARKS);
    expect(() => parseLedger(fields(MAX_LEDGER_MARKS + 1))).toThrow(
      expect.objectContaining({ code: 'SWITCH_UNREADABLE' }),
    );
  });
});

describe('a kill switch that is shared', () => {
  let root: string;
  let clock: ManualClock;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hotslot-shared-'));
    clock = new ManualClock();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const pathOf = (name: string) => join(root, name, 'kill-switch.json');
  const open = (name: string, files?: JournalFs) =>
    new KillSwitch({ path: pathOf(name), clock, sharedAs: name, ...(files === undefined ? {} : { files }) });

  it('has on disk what came from another executor, with its reason, and counts the stop', () => {
    const [a, b] = [open('a'), open('b')];
    a.engage('stop', 'losing', 'http');
    expect(b.mergeShared(a.ledger)).toBe(true);
    expect(b.mergeShared(a.ledger)).toBe(false);
    expect(b.mayLeave()).toBe(false);
    expect(b.stopCount).toBe(1);
    expect(JSON.parse(readFileSync(pathOf('b'), 'utf8'))).toMatchObject({ grade: 'stop', stopCount: 1 });
    expect(open('b').status()).toMatchObject({ grade: 'stop', reason: 'losing', source: 'http' });
    expect(b.status().history.at(-1)).toMatchObject({ source: 'redis', reason: 'losing (a)' });
  });

  it('is released by an operator on another executor, and then in the next life too', () => {
    const [a, b] = [open('a'), open('b')];
    a.engage('stop', 'losing', 'http');
    b.mergeShared(a.ledger);
    clock.advance(5);
    b.release('checked', 'http');
    expect([a.grade, b.grade]).toEqual(['stop', undefined]);
    a.mergeShared(b.ledger);
    expect(a.grade).toBe(undefined);
    expect(a.status().history.at(-1)).toMatchObject({ action: 'release', reason: 'checked (b)' });
    expect(open('a').grade).toBe(undefined);
    expect(open('a').stopCount).toBe(1);
  });

  it('keeps what tripped on this executor by itself when another one releases', () => {
    const [a, b] = [open('a'), open('b')];
    a.engage('stop', 'losing', 'http');
    b.trip('reduce', "the day's loss", 'daily-loss');
    b.mergeShared(a.ledger);
    expect(b.grade).toBe('stop');
    a.release('checked', 'http');
    b.mergeShared(a.ledger);
    expect(b.status()).toMatchObject({ grade: 'reduce', reason: "the day's loss", source: 'daily-loss' });
    expect(a.grade).toBe(undefined);
    b.release('seen', 'http');
    expect(b.grade).toBe(undefined);
  });

  it('has the strongest of its own, the shared and the lost one in force', () => {
    fc.assert(
      fc.property(
        fc.option(fc.constantFrom(...GRADES)),
        fc.option(fc.constantFrom(...GRADES)),
        fc.option(fc.constantFrom(...GRADES)),
        (local, shared, lost) => {
          rmSync(root, { recursive: true, force: true });
          const [a, b] = [open('a'), open('b')];
          if (local !== null) b.trip(local, 'own', 'daily-loss');
          if (shared !== null) a.engage(shared, 'shared', 'http');
          b.mergeShared(a.ledger);
          b.setSight(lost ?? undefined);
          const all = [local, shared, lost].map((grade) => (grade === null ? 0 : GRADES.indexOf(grade) + 1));
          expect(b.grade).toBe(GRADES[Math.max(...all) - 1]);
        },
      ),
      { numRuns: 64 },
    );
  });

  it('comes back from a lost sight by itself, from nothing else, and no operator ends a lost sight', () => {
    const killSwitch = open('a');
    killSwitch.setSight('reduce');
    expect(killSwitch.status()).toMatchObject({ grade: 'reduce', reason: 'redisLost', source: 'redis' });
    expect(killSwitch.release('I know', 'http').grade).toBe('reduce');
    expect(open('a').grade).toBe(undefined);
    killSwitch.engage('drain', 'maintenance', 'http');
    killSwitch.setSight(undefined);
    expect(killSwitch.status()).toMatchObject({ grade: 'drain', reason: 'maintenance' });
  });

  it('stays in force when its release from elsewhere cannot be written down', () => {
    let broken = false;
    const files: JournalFs = {
      ...systemFs,
      rename(from, to) {
        if (broken) throw new Error('ENOSPC');
        systemFs.rename(from, to);
      },
    };
    const [a, b] = [open('a'), open('b', files)];
    a.engage('stop', 'losing', 'http');
    b.mergeShared(a.ledger);
    a.release('checked', 'http');
    broken = true;
    expect(() => b.mergeShared(a.ledger)).toThrow('written down');
    expect(b.mayLeave()).toBe(false);
    broken = false;
    expect(b.mergeShared(a.ledger)).toBe(true);
    expect(b.mayLeave()).toBe(true);
  });

  it('reads the file of a version that shared nothing', () => {
    const file = {
      version: 1,
      grade: 'drain',
      stopCount: 0,
      lastStopAtMs: 0,
      history: [
        { action: 'trip', grade: 'drain', asked: 'drain', reason: 'first', source: 'http', atMs: 1 },
        { action: 'trip', grade: 'drain', asked: 'reduce', reason: 'less', source: 'http', atMs: 2 },
      ],
    };
    systemFs.mkdir(join(root, 'a'));
    systemFs.write(
      systemFs.openAppend(pathOf('a')),
      Buffer.from(JSON.stringify(file)),
      0,
      JSON.stringify(file).length,
    );
    expect(open('a').status()).toMatchObject({ grade: 'drain', reason: 'first', sinceMs: 1 });
  });
});
