/** After a gap everything held is suspect: it is fetched again, and armed only by an answer that is new enough. */
import { describe, expect, it } from 'vitest';
import type { FetchedState } from '../src/cache/account-cache.js';
import { HotCache } from '../src/cache/hot-cache.js';
import { ADDRESSES_A_CALL, type FetchedAnswer, TRIES_A_ROUND } from '../src/cache/refetcher.js';
import { type Address, asSlot, type Slot } from '../src/model/brands.js';
import { ManualClock } from './support/manual-clock.js';
import { gap, liveSlot, OWNER, slotUpdate, write } from './support/stream-updates.js';

const A = 'a' as Address;
const B = 'b' as Address;
const state = (value: number): FetchedState => ({ lamports: 1n, owner: OWNER, data: Uint8Array.of(value) });

interface Call {
  readonly addresses: readonly Address[];
  readonly minContextSlot: Slot;
  answer(contextSlot: number, states: readonly (FetchedState | undefined)[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

class Fixture {
  readonly clock = new ManualClock();
  readonly calls: Call[] = [];
  readonly errors: unknown[] = [];
  readonly cache: HotCache;
  readonly told: string[] = [];

  constructor(addresses: readonly Address[] = [A, B]) {
    this.cache = new HotCache({
      clock: this.clock,
      random: { next: () => 0.5 },
      onFetchError: (error) => this.errors.push(error),
      fetch: (asked, minContextSlot) =>
        new Promise<FetchedAnswer>((resolve, reject) => {
          this.calls.push({
            addresses: asked,
            minContextSlot,
            answer: (contextSlot, accounts) => {
              resolve({ contextSlot: asSlot(contextSlot), accounts });
              return settled();
            },
            fail: (error) => {
              reject(error);
              return settled();
            },
          });
        }),
    });
    this.cache.track(addresses);
    this.cache.addListener({
      onSuspect: (list) => this.told.push(`suspect ${list.join()}`),
      onArmed: (list) => this.told.push(`armed ${list.join()}`),
      onAccountChanged: (address, version, cause) =>
        this.told.push(`${cause} ${address}=${version?.data[0]}`),
    });
  }

  confirm(slot: number): void {
    this.cache.onSlot(slotUpdate(slot, 'confirmed', slot - 1));
  }

  ages(): number[] {
    return [this.cache.ageSlots(A), this.cache.ageSlots(B)];
  }
}

/** Lets everything that already can happen happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function armedFixture(): Promise<Fixture> {
  const fixture = new Fixture();
  fixture.cache.onGap(gap(9));
  liveSlot(fixture.cache, 10, 9);
  fixture.confirm(10);
  await fixture.calls[0]!.answer(10, [state(1), state(2)]);
  fixture.calls.length = 0;
  fixture.told.length = 0;
  return fixture;
}

describe('a gap that is eased late', () => {
  it('makes nothing suspect that was repaired before', async () => {
    const fixture = await armedFixture();
    fixture.cache.onGap(gap(5, { eased: true }));
    expect(fixture.ages()).toEqual([0, 0]);
    expect(fixture.told).toEqual([]);
    expect(fixture.calls).toHaveLength(0);
  });

  it('leaves accounts that joined the subscription later as suspect as they are', async () => {
    const fixture = await armedFixture();
    const joined = 'c' as Address;
    fixture.cache.track([joined]);
    fixture.cache.onGap(gap(12, { reason: 'resubscribe', accounts: [joined] }));
    fixture.cache.onGap(gap(5, { eased: true }));
    expect(fixture.calls).toHaveLength(0);
    expect(fixture.cache.ageSlots(joined)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('at the start', () => {
  it('nothing is fresh, and nothing is fetched while the gap is open or its slot unconfirmed', async () => {
    const fixture = new Fixture();
    const { cache } = fixture;
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    cache.onGap(gap(0, { open: true }));
    liveSlot(cache, 10, 9);
    fixture.confirm(10);
    expect(fixture.calls).toHaveLength(0);
    cache.onGap(gap(11));
    liveSlot(cache, 11, 10);
    expect(fixture.calls).toHaveLength(0);
    fixture.confirm(11);
    expect(fixture.calls.map((call) => [call.addresses, call.minContextSlot])).toEqual([[[A, B], 11]]);
    await fixture.calls[0]!.answer(11, [state(1), undefined]);
    expect(fixture.ages()).toEqual([0, 0]);
    expect(cache.get(A)?.data[0]).toBe(1);
    expect(cache.get(B)).toMatchObject({ lamports: 0n, data: new Uint8Array(0) });
    expect(fixture.told).toEqual(['fetch a=1', 'fetch b=undefined', 'armed a,b']);
  });

  it('a gap that is eased is repaired from the slot that is confirmed already', async () => {
    const fixture = new Fixture();
    fixture.cache.onGap(gap(0, { open: true }));
    liveSlot(fixture.cache, 10, 9);
    fixture.confirm(10);
    liveSlot(fixture.cache, 12, 10);
    fixture.cache.onGap(gap(12));
    expect(fixture.calls).toHaveLength(0);
    fixture.cache.onGap(gap(9, { eased: true }));
    expect(fixture.calls.map((call) => call.minContextSlot)).toEqual([9]);
    await fixture.calls[0]!.answer(10, [state(1), state(2)]);
    expect(fixture.ages()).toEqual([0, 0]);
  });

  it('a state fetched ahead of the stream arms when the stream gets there', async () => {
    const fixture = new Fixture();
    fixture.cache.onGap(gap(10));
    liveSlot(fixture.cache, 10, 9);
    fixture.confirm(10);
    await fixture.calls[0]!.answer(12, [state(1), state(2)]);
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    expect(fixture.cache.get(A)).toBeUndefined();
    liveSlot(fixture.cache, 11, 10, [write('a', 11, 5, 77)]);
    expect(fixture.cache.get(A)?.data[0]).toBe(77);
    liveSlot(fixture.cache, 12, 11);
    expect(fixture.cache.get(A)?.data[0]).toBe(1);
    expect(fixture.ages()).toEqual([0, 0]);
  });
});

describe('what is confirmed', () => {
  it('an account is unread until what a fetch brought is confirmed here too, be it that there is none', async () => {
    const fixture = new Fixture();
    const { cache } = fixture;
    const unread = () => [cache.isUnread(A), cache.isUnread(B)];
    cache.onGap(gap(9));
    liveSlot(cache, 10, 9);
    fixture.confirm(10);
    liveSlot(cache, 11, 10);
    expect(unread()).toEqual([true, true]);
    await fixture.calls[0]!.answer(11, [state(1), undefined]);
    expect(fixture.ages()).toEqual([0, 0]);
    expect(unread()).toEqual([true, true]);
    fixture.confirm(11);
    expect(unread()).toEqual([false, false]);
  });
});

describe('after a gap', () => {
  it('everything is suspect at once and armed again by a fetch from the right slot on', async () => {
    const fixture = await armedFixture();
    const { cache } = fixture;
    expect(fixture.ages()).toEqual([0, 0]);
    cache.onGap(gap(11, { open: true, reason: 'reconnect' }));
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    expect(fixture.told).toEqual(['suspect a,b']);
    cache.onGap(gap(13, { reason: 'reconnect' }));
    liveSlot(cache, 14, 13, [write('a', 14, 9, 50)]);
    fixture.confirm(13);
    await fixture.calls[0]!.answer(13, [state(8), state(9)]);
    expect([cache.get(A)?.data[0], cache.get(B)?.data[0]]).toEqual([50, 9]);
    expect(fixture.ages()).toEqual([0, 0]);
  });

  it('an answer from before another gap that came meanwhile arms nothing', async () => {
    const fixture = await armedFixture();
    const { cache, calls } = fixture;
    cache.onGap(gap(10, { reason: 'missingSlot' }));
    expect(calls).toHaveLength(1);
    cache.onGap(gap(14, { reason: 'missingSlot' }));
    await calls[0]!.answer(12, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    liveSlot(cache, 15, 14);
    fixture.confirm(14);
    fixture.clock.advance(200);
    expect(calls[1]?.minContextSlot).toBe(14);
    await calls[1]!.answer(14, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([0, 0]);
  });

  it('a hole that is reported later and lies lower takes nothing from what the first one asks for', async () => {
    const fixture = await armedFixture();
    const { cache, calls } = fixture;
    cache.onGap(gap(15, { reason: 'missingSlot' }));
    cache.onGap(gap(13, { reason: 'missingSlot' }));
    for (let slot = 11; slot <= 16; slot++) liveSlot(cache, slot, slot - 1);
    fixture.confirm(13);
    expect(calls).toHaveLength(0);
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    fixture.confirm(15);
    expect(calls.map((call) => call.minContextSlot)).toEqual([15]);
    await calls[0]!.answer(15, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([0, 0]);
  });

  it('a hole below the gap of a session that is open still closes nothing; the session does', async () => {
    const fixture = await armedFixture();
    const { cache, calls } = fixture;
    cache.onGap(gap(11, { reason: 'switch', open: true }));
    cache.onGap(gap(10, { reason: 'missingSlot' }));
    for (let slot = 11; slot <= 14; slot++) liveSlot(cache, slot, slot - 1);
    fixture.confirm(13);
    expect(calls).toHaveLength(0);
    cache.onGap(gap(12, { reason: 'reconnect' }));
    expect(calls.map((call) => call.minContextSlot)).toEqual([12]);
    await calls[0]!.answer(13, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([0, 0]);
  });

  it('an answer older than asked for is a failure, and is asked again', async () => {
    const fixture = await armedFixture();
    fixture.cache.onGap(gap(10, { reason: 'missingSlot' }));
    await fixture.calls[0]!.answer(9, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    fixture.clock.advance(100);
    expect(fixture.calls).toHaveLength(2);
    await fixture.calls[1]!.answer(10, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([0, 0]);
  });

  it('a node that does not answer in time is asked again, and its late answer is ignored', async () => {
    const fixture = await armedFixture();
    fixture.cache.onGap(gap(10, { reason: 'missingSlot' }));
    fixture.clock.advance(2_000);
    await settled();
    await fixture.calls[0]!.answer(10, [state(8), state(9)]);
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
    fixture.clock.advance(200);
    expect(fixture.calls).toHaveLength(2);
  });

  it('failures are reported after a bounded round of tries, and trying goes on', async () => {
    const fixture = await armedFixture();
    fixture.cache.onGap(gap(10, { reason: 'missingSlot' }));
    for (let tried = 1; tried <= TRIES_A_ROUND; tried++) {
      expect(fixture.calls).toHaveLength(tried);
      await fixture.calls[tried - 1]!.fail(new Error(`failure ${tried}`));
      if (tried < TRIES_A_ROUND) {
        expect(fixture.errors).toEqual([]);
        fixture.clock.advance(1_600);
      }
    }
    expect(fixture.errors).toEqual([new Error(`failure ${TRIES_A_ROUND}`)]);
    fixture.clock.advance(1_600);
    expect(fixture.calls).toHaveLength(TRIES_A_ROUND);
    fixture.clock.advance(5_000);
    expect(fixture.calls).toHaveLength(TRIES_A_ROUND + 1);
  });

  it('a gap of some accounts leaves the others fresh', async () => {
    const fixture = await armedFixture();
    const c = 'c' as Address;
    fixture.cache.track([c]);
    fixture.cache.onGap(gap(10, { reason: 'resubscribe', accounts: [c], open: true }));
    expect([...fixture.ages(), fixture.cache.ageSlots(c)]).toEqual([0, 0, Infinity]);
    fixture.cache.onGap(gap(10, { reason: 'resubscribe', accounts: [c] }));
    expect(fixture.calls.map((call) => call.addresses)).toEqual([[c]]);
    await fixture.calls[0]!.answer(10, [state(3)]);
    expect(fixture.cache.ageSlots(c)).toBe(0);
  });

  it('accounts are asked for in chunks of what one call may name', () => {
    const addresses = Array.from({ length: 250 }, (_, index) => `address-${index}` as Address);
    const fixture = new Fixture(addresses);
    fixture.cache.onGap(gap(9));
    liveSlot(fixture.cache, 10, 9);
    fixture.confirm(10);
    expect(fixture.calls.map((call) => call.addresses.length)).toEqual([
      ADDRESSES_A_CALL,
      ADDRESSES_A_CALL,
      50,
    ]);
    expect(fixture.calls.flatMap((call) => call.addresses)).toEqual(addresses);
  });
});

describe('a fetched state and forks', () => {
  it('what was repaired by a state of a slot that is lost after all is suspect as before', async () => {
    const fixture = await armedFixture();
    const { cache } = fixture;
    cache.onGap(gap(10, { reason: 'missingSlot' }));
    liveSlot(cache, 11, 10);
    // A node whose confirmed view is ahead of ours.
    await fixture.calls[0]!.answer(11, [state(8), state(9)]);
    expect(cache.get(A)?.data[0]).toBe(8);
    expect(fixture.ages()).toEqual([0, 0]);
    liveSlot(cache, 12, 10);
    expect(cache.get(A)?.data[0]).toBe(1);
    expect(fixture.ages()).toEqual([Infinity, Infinity]);
  });

  it('an unchanged state keeps the signature of the write that made it', async () => {
    const fixture = await armedFixture();
    liveSlot(fixture.cache, 11, 10, [write('a', 11, 5, 77)]);
    fixture.confirm(11);
    fixture.cache.onGap(gap(11, { reason: 'missingSlot' }));
    await fixture.calls[0]!.answer(11, [state(77), state(2)]);
    expect(fixture.cache.get(A)).toMatchObject({ txnSignature: 'signature-5', slot: 11 });
  });
});

it('an account ages by the slots that the stream has not completed', async () => {
  const fixture = await armedFixture();
  const { cache } = fixture;
  fixture.confirm(13);
  expect(cache.slots.slot('confirmed')).toBe(13);
  expect(cache.ageSlots(A)).toBe(cache.slots.head() - 10);
  expect(cache.ageSlots(A)).toBeGreaterThan(0);
  expect(cache.ageSlots('nobody' as Address)).toBe(Infinity);
});

it('the age of the stream counts from whatever came last', () => {
  const fixture = new Fixture();
  expect(fixture.cache.streamAgeMs()).toBe(Infinity);
  fixture.cache.onActivity(fixture.clock.monotonicUs());
  fixture.clock.advance(350);
  expect(fixture.cache.streamAgeMs()).toBe(350);
});
