/** Several streams told as one: who is listened to for what, and how one takes over from another. */
import { describe, expect, it } from 'vitest';
import { HotCache } from '../src/cache/hot-cache.js';
import type { FetchedAnswer } from '../src/cache/refetcher.js';
import { type Address, asSlot } from '../src/model/brands.js';
import { fanOut } from '../src/stream/fan-out.js';
import { type StreamGuard, StreamSet } from '../src/stream/stream-set.js';
import type { StreamGap, StreamSink, TransactionUpdate } from '../src/stream/types.js';
import { WordSink } from './support/fake-stream.js';
import { ManualClock } from './support/manual-clock.js';
import { ScriptedStream } from './support/scripted-stream.js';
import { OWNER } from './support/stream-updates.js';

const A = 'a' as Address;
const B = 'b' as Address;
const SUBSCRIPTION = { accounts: [A, B], wallets: [] };

/** What the sink heard besides slots and accounts. */
class Ear extends WordSink {
  readonly tellers: string[] = [];
  teller: () => string = () => '';
  readonly activity: number[] = [];
  override onTransaction(update: TransactionUpdate): void {
    super.onTransaction(update);
    this.tellers.push(this.teller());
  }
  override onActivity(receivedUs?: number): void {
    this.activity.push(receivedUs ?? 0);
  }
}

class Fixture {
  readonly clock = new ManualClock();
  readonly one = new ScriptedStream('one');
  readonly two = new ScriptedStream('two', 5_000);
  readonly ear = new Ear();
  readonly fetches: {
    readonly minContextSlot: number;
    answer(slot: number, values: number[]): Promise<void>;
  }[] = [];
  readonly cache: HotCache;
  readonly set: StreamSet;
  readonly sources: string[] = [];

  constructor(guard?: StreamGuard) {
    this.cache = new HotCache({
      clock: this.clock,
      random: { next: () => 0.5 },
      fetch: (_asked, minContextSlot) =>
        new Promise<FetchedAnswer>((resolve) => {
          this.fetches.push({
            minContextSlot,
            answer: async (slot, values) => {
              const accounts = values.map((value) => ({
                lamports: 1n,
                owner: OWNER,
                data: Uint8Array.of(value),
              }));
              resolve({ contextSlot: asSlot(slot), accounts });
              await new Promise((done) => setImmediate(done));
            },
          });
        }),
    });
    this.cache.track([A, B]);
    this.set = new StreamSet({
      streams: [this.one, this.two],
      clock: this.clock,
      onSource: (name, covered) => this.sources.push(`${name}${covered ? '' : ' with a hole'}`),
      ...(guard === undefined ? {} : { guard }),
    });
    this.ear.teller = () => this.set.teller;
    const sink: StreamSink = fanOut(this.cache, this.ear);
    this.set.start(sink, SUBSCRIPTION);
  }

  get values(): (number | undefined)[] {
    return [this.cache.get(A)?.data[0], this.cache.get(B)?.data[0]];
  }

  get ages(): number[] {
    return [this.cache.ageSlots(A), this.cache.ageSlots(B)];
  }

  /** Both live and whole from slot 10, at slot 20, confirmed at 18, the accounts fetched; `one` is the source. */
  static async running(guard?: StreamGuard): Promise<Fixture> {
    const fixture = new Fixture(guard);
    const { one, two, cache } = fixture;
    one.live(10);
    two.live(10);
    for (let slot = 10; slot <= 20; slot++) {
      one.whole(slot);
      two.whole(slot);
    }
    one.status(18, 'confirmed');
    await fixture.fetches[0]!.answer(18, [1, 2]);
    expect(fixture.ages).toEqual([0, 0]);
    expect(cache.slots.head()).toBe(20);
    fixture.ear.take();
    fixture.ear.gaps.length = 0;
    fixture.fetches.length = 0;
    fixture.sources.length = 0;
    return fixture;
  }
}

const covered = (gaps: readonly StreamGap[]) => gaps.map(({ reason, covered: is }) => [reason, is === true]);

describe('a replay from a slot', () => {
  it("is asked of a single stream, and of none of several: their partial slots would be each other's", () => {
    const startedFrom = (names: readonly string[]) => {
      const streams = names.map((name) => new ScriptedStream(name));
      const set = new StreamSet({ streams, clock: new ManualClock() });
      set.start(new Ear(), SUBSCRIPTION, asSlot(16));
      set.close();
      return streams.map((stream) => stream.startedFrom);
    };
    expect(startedFrom(['one'])).toEqual([16]);
    expect(startedFrom(['one', 'two'])).toEqual([undefined, undefined]);
  });
});

describe('what is told', () => {
  it('a slot, a block and a status once, by whichever is first', async () => {
    const { one, two, ear, cache } = await Fixture.running();
    two.whole(21);
    expect(ear.take()).toEqual(['meta 21', 'processed 21']);
    two.status(20, 'confirmed');
    one.status(20, 'confirmed');
    expect(ear.take()).toEqual(['confirmed 20']);
    expect(cache.blockhashes.newest()?.blockhash).toBe('hash-20');
    one.whole(22, 20);
    two.whole(22, 20);
    expect(ear.take()).toEqual(['createdBank 22', 'meta 22', 'processed 22']);
  });

  it('accounts by the source alone', async () => {
    const fixture = await Fixture.running();
    const { one, two, ear } = fixture;
    two.begin(21);
    two.write('a', 21, 50);
    expect(fixture.values).toEqual([1, 2]);
    one.begin(21);
    one.write('a', 21, 51);
    expect(fixture.values).toEqual([51, 2]);
    expect(ear.take()).toEqual(['createdBank 21', 'account a 21 1']);
  });

  it('the slots by which the source is behind as the age of the accounts, until it has told them itself', async () => {
    const fixture = await Fixture.running();
    const { one, two } = fixture;
    two.whole(21);
    two.whole(22);
    expect(fixture.cache.slots.head()).toBe(22);
    expect(fixture.ages).toEqual([2, 2]);
    one.whole(21, 20, [['a', 9]]);
    expect(fixture.ages).toEqual([1, 1]);
    expect(fixture.values).toEqual([9, 2]);
    one.whole(22);
    expect(fixture.ages).toEqual([0, 0]);
  });

  it('a transaction once for each slot, with the name of the stream that was first', async () => {
    const { one, two, ear } = await Fixture.running();
    two.transaction('s', 21);
    one.transaction('s', 21);
    one.transaction('s', 22);
    two.transaction('s', 22);
    expect(ear.take()).toEqual(['transaction s 21', 'transaction s 22']);
    expect(ear.tellers).toEqual(['two', 'one']);
  });

  it('the activity of the source alone: a silent source is not covered up by another', async () => {
    const { one, two, ear } = await Fixture.running();
    two.activity(5);
    one.activity(7);
    expect(ear.activity).toEqual([7]);
  });

  it('the best of the statuses', async () => {
    const { one, two, ear, set } = await Fixture.running();
    expect(ear.statuses.map(([status]) => status)).toEqual(['connecting', 'live']);
    one.down();
    expect(set.status).toBe('live');
    two.down();
    expect([set.status, ear.statuses.at(-1)![0]]).toEqual(['down', 'down']);
  });
});

describe('nodes that disagree', () => {
  it('a fork that only the other saw moves no head, and is told once it can move none', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache, ear } = fixture;
    one.whole(21, 20, [['a', 9]]);
    two.whole(22, 20);
    expect(cache.slots.head()).toBe(21);
    expect(fixture.values[0]).toBe(9);
    one.whole(23, 21);
    expect(cache.slots.head()).toBe(23);
    expect(cache.slots.statusOf(asSlot(22))).toBe('lost');
    expect(fixture.values[0]).toBe(9);
    expect(ear.take().filter((word) => word.endsWith(' 22'))).toEqual(['meta 22', 'processed 22']);
  });

  it('a fork that only the other saw is believed when it is confirmed, and shows in the age', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache } = fixture;
    one.whole(21, 20, [['a', 9]]);
    two.whole(22, 20);
    two.whole(23, 22);
    two.status(22, 'confirmed', 20);
    expect(cache.slots.slot('confirmed')).toBe(22);
    expect(cache.slots.statusOf(asSlot(21))).toBe('lost');
    expect(fixture.values[0]).toBe(1);
    expect(fixture.ages[0]).toBeGreaterThanOrEqual(2);
    one.whole(22, 20, [['b', 8]]);
    one.whole(23, 22);
    expect([fixture.values, fixture.ages]).toEqual([
      [1, 8],
      [0, 0],
    ]);
  });

  it('a slot dead on the other takes nothing back from the source', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache } = fixture;
    one.begin(21);
    one.write('a', 21, 9);
    two.begin(21);
    two.status(21, 'dead');
    expect(fixture.values[0]).toBe(9);
    one.freeze(21);
    expect(cache.slots.head()).toBe(21);
    expect(fixture.ages).toEqual([0, 0]);
  });

  it('a slot dead on the source is dead, whatever the other says, until the cluster confirms it', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache } = fixture;
    one.begin(21);
    one.write('a', 21, 9);
    one.status(21, 'dead');
    two.whole(21, 20, [['a', 7]]);
    expect([cache.slots.head(), fixture.values[0], fixture.ages]).toEqual([20, 1, [0, 0]]);
    two.status(21, 'confirmed');
    expect(cache.slots.slot('confirmed')).toBe(21);
    expect(fixture.ages).toEqual([Infinity, Infinity]);
    expect(fixture.fetches.at(-1)!.minContextSlot).toBe(21);
    await fixture.fetches.at(-1)!.answer(21, [7, 2]);
    expect(fixture.values[0]).toBe(7);
  });

  it('a slot that the cluster confirmed does not die by a word of the source: it is fetched', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache } = fixture;
    one.begin(21);
    one.write('a', 21, 9);
    two.whole(21, 20, [['a', 7]]);
    two.status(21, 'confirmed');
    expect(fixture.ages).toEqual([1, 1]);
    one.status(21, 'dead');
    expect([cache.slots.slot('confirmed'), cache.slots.statusOf(asSlot(21))]).toEqual([21, 'confirmed']);
    expect(fixture.ages).toEqual([Infinity, Infinity]);
  });

  it('of two versions of a block the confirmed one counts, and the accounts of the other are fetched', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache } = fixture;
    one.whole(21, 20, [['a', 9]]);
    two.begin(21);
    two.meta(21, 20, '-other');
    two.status(21, 'processed');
    expect(fixture.ages).toEqual([0, 0]);
    two.status(21, 'confirmed');
    expect(cache.blockhashes.newest()?.blockhash).toBe('hash-21-other');
    expect(fixture.ages).toEqual([Infinity, Infinity]);
  });

  it('a late word of the slower one about an old fork changes nothing', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache } = fixture;
    one.whole(21, 20, [['a', 9]]);
    one.whole(22);
    one.status(21, 'confirmed');
    one.status(20, 'finalized');
    two.status(15, 'dead');
    two.whole(19, 15);
    two.status(18, 'confirmed');
    expect([cache.slots.head(), cache.slots.slot('confirmed'), fixture.values[0]]).toEqual([22, 21, 9]);
    expect(fixture.ages).toEqual([0, 0]);
  });
});

describe('a source that fails', () => {
  it('is followed by the next without a hole: nothing turns suspect, what it left is taken over', async () => {
    const fixture = await Fixture.running();
    const { one, two, ear, set } = fixture;
    one.whole(21, 20, [['a', 9]]);
    one.begin(22);
    one.write('a', 22, 10);
    one.write('b', 22, 11);
    two.whole(21, 20, [['a', 9]]);
    two.begin(22);
    two.write('a', 22, 10);
    two.activity(77);
    one.down();
    expect(fixture.sources).toEqual(['two']);
    expect(ear.activity.at(-1)).toBe(77);
    expect(fixture.values).toEqual([10, 11]);
    expect(fixture.ages).toEqual([0, 0]);
    expect(covered(ear.gaps)).toEqual([['switch', true]]);
    two.write('b', 22, 12);
    two.freeze(22);
    expect(fixture.values).toEqual([10, 12]);
    expect(set.endpoints().map(({ name, isAccountSource }) => [name, isAccountSource])).toEqual([
      ['one', false],
      ['two', true],
    ]);
  });

  it('has what it wrote last fetched again, while what is held stays usable', async () => {
    const fixture = await Fixture.running();
    const { one, two } = fixture;
    one.begin(21);
    one.write('a', 21, 99);
    one.down();
    two.whole(21);
    two.whole(22);
    expect(fixture.fetches).toEqual([]);
    two.status(21, 'confirmed');
    expect(fixture.fetches.map(({ minContextSlot }) => minContextSlot)).toEqual([21]);
    expect(fixture.ages).toEqual([0, 0]);
    await fixture.fetches[0]!.answer(21, [1, 2]);
    expect(fixture.values).toEqual([1, 2]);
    expect(fixture.ages).toEqual([0, 0]);
  });

  it('makes everything suspect where the next was not whole long enough, until it is fetched', async () => {
    const fixture = await Fixture.running();
    const { one, two, ear } = fixture;
    two.down();
    two.live(19, 'reconnect');
    one.whole(21, 20, [['a', 9]]);
    two.whole(21, 20, [['a', 9]]);
    one.down();
    expect(fixture.sources).toEqual(['two with a hole']);
    expect(ear.gaps).toMatchObject([{ reason: 'switch', open: false, repairFrom: 18 }]);
    expect(fixture.ages).toEqual([Infinity, Infinity]);
    expect(fixture.fetches.map(({ minContextSlot }) => minContextSlot)).toEqual([18]);
    await fixture.fetches[0]!.answer(18, [1, 2]);
    expect(fixture.values).toEqual([9, 2]);
    expect(fixture.ages).toEqual([0, 0]);
  });

  it('is not relied on where its own gap was open', async () => {
    const fixture = await Fixture.running();
    const { one, two, ear } = fixture;
    two.down();
    one.down();
    one.live(undefined, 'reconnect');
    for (let slot = 21; slot <= 30; slot++) one.whole(slot);
    two.live(25, 'reconnect');
    fixture.clock.advance(100);
    expect(fixture.sources).toEqual(['two with a hole']);
    expect(ear.gaps.at(-1)).toMatchObject({ reason: 'switch', open: false, repairFrom: 24 });
  });

  it('hands over accounts that it had not covered yet', async () => {
    const fixture = await Fixture.running();
    const { one, two, cache, set } = fixture;
    const c = 'c' as Address;
    cache.track([c]);
    set.resubscribe({ accounts: [A, B, c], wallets: [] });
    expect([one, two].map(({ subscriptions }) => subscriptions.length)).toEqual([2, 2]);
    one.gap(20, { reason: 'resubscribe', open: true, accounts: [c] });
    two.gap(20, { reason: 'resubscribe', open: true, accounts: [c] });
    two.gap(20, { reason: 'resubscribe', accounts: [c] });
    for (let slot = 21; slot <= 30; slot++) {
      one.whole(slot);
      two.whole(slot);
    }
    one.down();
    expect(fixture.sources).toEqual(['two']);
    two.status(28, 'confirmed');
    expect([...fixture.ages, cache.ageSlots(c)]).toEqual([0, 0, Infinity]);
    await fixture.fetches[0]!.answer(28, [3]);
    expect(cache.ageSlots(c)).toBe(0);
  });

  it('and was alone stays the source, and its own gaps are told', async () => {
    const fixture = await Fixture.running();
    const { one, two, ear } = fixture;
    two.down();
    one.down();
    expect(fixture.sources).toEqual([]);
    one.live(23, 'reconnect');
    expect(covered(ear.gaps)).toEqual([
      ['reconnect', false],
      ['reconnect', false],
    ]);
    expect(fixture.ages).toEqual([Infinity, Infinity]);
  });
});

describe('a source that has missed a slot', () => {
  it('is left for one that has not, which brings what was missed', async () => {
    const fixture = await Fixture.running();
    const { one, two, ear } = fixture;
    two.whole(21, 20, [['a', 9]]);
    two.whole(22, 21, [['b', 8]]);
    one.begin(22, 21);
    one.write('b', 22, 8);
    one.gap(21, { reason: 'missingSlot' });
    one.freeze(22, 21);
    expect(fixture.sources).toEqual(['two']);
    expect(covered(ear.gaps)).toEqual([['switch', true]]);
    expect([fixture.values, fixture.ages]).toEqual([
      [9, 8],
      [0, 0],
    ]);
  });

  it('is left also where the slot came, but not from its start', async () => {
    const fixture = await Fixture.running();
    const { one, two } = fixture;
    two.whole(21, 20, [['a', 9]]);
    one.gap(21, { reason: 'missingSlot', completeThrough: asSlot(20) });
    one.freeze(21);
    expect(fixture.sources).toEqual(['two']);
    expect(fixture.values[0]).toBe(9);
  });

  it('is left also where it took the slot for complete', async () => {
    const fixture = await Fixture.running();
    const { one, two } = fixture;
    two.whole(21, 20, [['a', 9]]);
    two.whole(22);
    one.begin(21);
    one.status(21, 'processed');
    expect([fixture.values[0], fixture.ages[0]]).toEqual([1, 1]);
    one.begin(22);
    one.gap(21, { reason: 'missingSlot', completeThrough: asSlot(20) });
    expect(fixture.values[0]).toBe(9);
  });

  it('is not left again a moment later: the gap is told instead', async () => {
    const fixture = await Fixture.running();
    const { one, two, clock } = fixture;
    for (let slot = 21; slot <= 24; slot++) for (const stream of [one, two]) stream.whole(slot);
    one.gap(24, { reason: 'missingSlot' });
    for (let slot = 25; slot <= 30; slot++) for (const stream of [one, two]) stream.whole(slot);
    two.gap(30, { reason: 'missingSlot' });
    expect(fixture.sources).toEqual(['two']);
    expect(fixture.ages).toEqual([Infinity, Infinity]);
    clock.advance(1_000);
    for (let slot = 31; slot <= 36; slot++) for (const stream of [one, two]) stream.whole(slot);
    two.gap(36, { reason: 'missingSlot' });
    expect(fixture.sources).toEqual(['two', 'one']);
  });
});

describe('a source that lags', () => {
  const ahead = (fixture: Fixture, from: number, to: number) => {
    for (let slot = from; slot <= to; slot++)
      fixture.two.whole(slot, slot - 1, [], fixture.clock.monotonicUs());
  };

  it('is left once it is more than 2 slots behind for 200 ms, not before', async () => {
    const fixture = await Fixture.running();
    ahead(fixture, 21, 22);
    fixture.clock.advance(2_000);
    expect(fixture.sources).toEqual([]);
    ahead(fixture, 23, 23);
    fixture.clock.advance(200);
    expect(fixture.sources).toEqual([]);
    fixture.clock.advance(100);
    expect(fixture.sources).toEqual(['two']);
    expect(fixture.ages).toEqual([0, 0]);
  });

  it('keeps its place when it catches up in time', async () => {
    const fixture = await Fixture.running();
    ahead(fixture, 21, 24);
    fixture.clock.advance(200);
    for (let slot = 21; slot <= 24; slot++) fixture.one.whole(slot);
    fixture.clock.advance(10_000);
    expect(fixture.sources).toEqual([]);
  });

  it('does not take turns with another that lags as well', async () => {
    const fixture = await Fixture.running();
    const { one, two, clock } = fixture;
    let slot = 20;
    // Each second the other of the two is four slots ahead.
    for (let second = 0; second < 9; second++) {
      const [first, late] = second % 2 === 0 ? [two, one] : [one, two];
      for (let index = 1; index <= 4; index++) first.whole(slot + index);
      clock.advance(1_000);
      for (let index = 1; index <= 4; index++) late.whole(slot + index);
      slot += 4;
    }
    expect(fixture.sources).toEqual(['two']);
  });

  it('can take over again only what it has brought since it was left', async () => {
    const fixture = await Fixture.running();
    const { one, two } = fixture;
    ahead(fixture, 21, 24);
    fixture.clock.advance(300);
    expect(fixture.sources).toEqual(['two']);
    one.whole(21);
    one.whole(22);
    two.down();
    expect(fixture.sources).toEqual(['two', 'one with a hole']);
    for (let slot = 23; slot <= 40; slot++) one.whole(slot);
    expect(fixture.cache.slots.head()).toBe(40);
  });

  it('shows how far each is behind', async () => {
    const fixture = await Fixture.running();
    const { one, clock, set } = fixture;
    ahead(fixture, 21, 21);
    clock.advance(50);
    one.whole(21, 20, [], clock.monotonicUs());
    ahead(fixture, 22, 23);
    clock.advance(70);
    one.activity(clock.monotonicUs());
    const [first, second] = set.endpoints();
    expect(first).toMatchObject({
      name: 'one',
      status: 'live',
      lagSlots: 2,
      lagMs: 70,
      ageMs: 0,
      reconnects: 0,
    });
    expect(second).toMatchObject({ name: 'two', lagSlots: 0, lagMs: 0 });
  });
});

describe('circuit breakers', () => {
  class Guard implements StreamGuard {
    readonly open = new Set<string>();
    readonly forced = new Set<string>();
    readonly reports: string[] = [];
    isUsable(name: string): boolean {
      return !this.open.has(name) && !this.forced.has(name);
    }
    isForcedOpen(name: string): boolean {
      return this.forced.has(name);
    }
    succeeded(name: string): void {
      this.reports.push(`${name} well`);
    }
    failed(_name: string, detail: string): void {
      this.reports.push(detail);
    }
  }

  it('hear of each live second and of each failure', async () => {
    const guard = new Guard();
    const { one, clock } = await Fixture.running(guard);
    clock.advance(1_000);
    one.down('no pong');
    clock.advance(1_000);
    expect(guard.reports).toEqual(['one well', 'two well', 'one: no pong', 'two well']);
  });

  it('opened by hand cut the stream and keep it away, also where no other is left', async () => {
    const guard = new Guard();
    const fixture = await Fixture.running(guard);
    const { one, two, clock, set } = fixture;
    guard.forced.add('one');
    clock.advance(100);
    expect(one.cuts).toHaveLength(1);
    expect(fixture.sources).toEqual(['two']);
    expect(guard.reports.filter((report) => report.startsWith('one:'))).toEqual([]);
    two.down();
    expect([set.mayConnect('one'), set.mayConnect('two')]).toEqual([false, true]);
  });

  it('opened by failures keep the stream away while another is live', async () => {
    const guard = new Guard();
    const { one, two, set } = await Fixture.running(guard);
    guard.open.add('one');
    one.down();
    expect(set.mayConnect('one')).toBe(false);
    two.down();
    expect(set.mayConnect('one')).toBe(true);
  });

  it('opened by slowness leave the stream connected, but take no accounts from it', async () => {
    const guard = new Guard();
    const fixture = await Fixture.running(guard);
    guard.open.add('one');
    fixture.clock.advance(100);
    expect(fixture.sources).toEqual(['two']);
    expect(fixture.one.cuts).toEqual([]);
  });
});
