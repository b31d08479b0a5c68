/** The two bounds of every outside service: how often it is asked, and how much of it is kept. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgedCache } from '../src/jupiter/aged-cache.js';
import { BackOff, MAX_HOLD_MS } from '../src/jupiter/back-off.js';
import { TokenBucket } from '../src/jupiter/token-bucket.js';
import { ManualClock } from './support/manual-clock.js';

describe('the token bucket', () => {
  it('never lets more through in any stretch of time than rate and burst allow', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(0.5, 1, 4),
        (waits, burst, ratePerSecond) => {
          const clock = new ManualClock();
          const bucket = new TokenBucket({ ratePerSecond, burst, clock });
          const startsMs: number[] = [];
          for (const wait of waits) {
            clock.advance(wait);
            const waitMs = bucket.take(2_000);
            if (waitMs !== undefined) startsMs.push(clock.nowMs() + waitMs);
          }
          for (const [first, fromMs] of startsMs.entries()) {
            for (let last = first; last < startsMs.length; last += 1) {
              const spanMs = startsMs[last]! - fromMs;
              expect(last - first + 1).toBeLessThanOrEqual(burst + (spanMs * ratePerSecond) / 1_000 + 1e-6);
            }
          }
        },
      ),
      { seed: 7, numRuns: 100 },
    );
  });

  it('takes nothing where the wait would be too long, and says how long it would be', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ ratePerSecond: 1, burst: 1, clock });
    expect(bucket.take(0)).toBe(0);
    expect(bucket.take(999)).toBeUndefined();
    expect(bucket.waitMs()).toBe(1_000);
    expect(bucket.take(1_000)).toBe(1_000);
    expect(bucket.waitMs()).toBe(2_000);
    clock.advance(2_000);
    expect(bucket.take(0)).toBe(0);
  });
});

describe('the cache', () => {
  it('gives an answer until it is too old, to the millisecond', () => {
    const clock = new ManualClock();
    const cache = new AgedCache<string>({ maxEntries: 2, maxAgeMs: 1_000, clock });
    cache.set('a', 'answer');
    clock.advance(1_000);
    expect(cache.get('a')).toBe('answer');
    clock.advance(1);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('drops what was unused longest, and never holds more than its bound', () => {
    const cache = new AgedCache<number>({ maxEntries: 3, maxAgeMs: 1_000, clock: new ManualClock() });
    for (const [index, key] of ['a', 'b', 'c'].entries()) cache.set(key, index);
    expect(cache.get('a')).toBe(0);
    cache.set('d', 3);
    expect([cache.get('b'), cache.get('a'), cache.get('d')]).toEqual([undefined, 0, 3]);
    for (let index = 0; index < 1_000; index += 1) cache.set(`key ${index}`, index);
    expect(cache.size).toBe(3);
  });
});

describe('the hold of a 429', () => {
  const heldAfter = (...headers: (string | undefined)[]) => {
    const backOff = new BackOff(new ManualClock(Date.parse('2026-01-01T00:00:00Z')));
    for (const header of headers) backOff.refused(header);
    return backOff.remainingMs;
  };
  it('is what the header says, in seconds or as a date, at most a minute', () => {
    expect(heldAfter('7')).toBe(7_000);
    expect(heldAfter('0')).toBe(0);
    expect(heldAfter('Thu, 01 Jan 2026 00:00:05 GMT')).toBe(5_000);
    expect(heldAfter('Wed, 31 Dec 2025 00:00:00 GMT')).toBe(0);
    expect(heldAfter('999999')).toBe(MAX_HOLD_MS);
  });

  it('doubles without a header until something is answered', () => {
    expect(heldAfter(undefined)).toBe(2_000);
    expect(heldAfter(undefined, 'soon', undefined)).toBe(8_000);
    expect(heldAfter(...Array.from({ length: 40 }, () => undefined))).toBe(MAX_HOLD_MS);
    const backOff = new BackOff(new ManualClock());
    backOff.refused(undefined);
    backOff.answered();
    backOff.refused(undefined);
    expect(backOff.remainingMs).toBe(2_000);
  });
});
