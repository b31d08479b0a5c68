/** A dead endpoint must be routed around at once and tried again by itself. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BreakerRegistry } from '../src/risk/breakers.js';
import { systemClock } from '../src/time/clock.js';

beforeEach(() => vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date', 'performance'] }));
afterEach(() => vi.useRealTimers());

const clock = { ...systemClock, nowMs: () => Date.now() };

const fail = async (): Promise<never> => {
  throw new Error('refused');
};
const answer = async (): Promise<string> => 'answer';
const setUp = () => new BreakerRegistry({ clock }).for('rpc:host', { minCalls: 4, window: 8 });

describe('Breaker', () => {
  it('opens on failures, refuses without calling, tries again after 30 s and closes on success', async () => {
    const breaker = setUp();
    for (let index = 0; index < 4; index += 1) await expect(breaker.execute(fail)).rejects.toThrow('refused');
    expect([breaker.state, breaker.isUsable]).toEqual(['open', false]);
    let called = false;
    const call = async () => {
      called = true;
    };
    await expect(breaker.execute(call)).rejects.toMatchObject({ code: 'BREAKER_OPEN' });
    vi.advanceTimersByTime(29_999);
    await expect(breaker.execute(call)).rejects.toMatchObject({ code: 'BREAKER_OPEN' });
    expect(called).toBe(false);
    vi.advanceTimersByTime(1);
    expect(breaker.isUsable).toBe(true);
    await expect(breaker.execute(answer)).resolves.toBe('answer');
    expect(breaker.status()).toMatchObject({
      state: 'closed',
      failures: 4,
      refused: 2,
      lastError: 'refused',
    });
  });

  it('is tried again after 30 s though the clock was set back meanwhile', async () => {
    const breaker = setUp();
    for (let index = 0; index < 4; index += 1) await breaker.report(false, 5);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(29_999);
    await expect(breaker.execute(answer)).rejects.toMatchObject({ code: 'BREAKER_OPEN' });
    vi.advanceTimersByTime(1);
    expect(breaker.isUsable).toBe(true);
    await expect(breaker.execute(answer)).resolves.toBe('answer');
    expect(breaker.state).toBe('closed');
  });

  it('makes one call alone of those that wait for a trial which fails', async () => {
    const breaker = setUp();
    for (let index = 0; index < 4; index += 1) await breaker.report(false, 5);
    vi.advanceTimersByTime(30_000);
    let calls = 0;
    const refuse = async () => {
      calls += 1;
      throw new Error('refused');
    };
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => breaker.execute(refuse)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect([calls, breaker.state, breaker.status().refused]).toEqual([1, 'open', 2]);
  });

  it('opens on slowness though every call came back with its result', async () => {
    const breaker = setUp();
    const slow = async () => {
      vi.advanceTimersByTime(1001);
      return 'late';
    };
    for (let index = 0; index < 4; index += 1) await expect(breaker.execute(slow)).resolves.toBe('late');
    expect(breaker.status()).toMatchObject({ state: 'open', slow: 4 });
  });

  it('counts what callers report of calls that they made themselves', async () => {
    const breaker = setUp();
    for (let index = 0; index < 4; index += 1) await breaker.report(false, 5, 'reset');
    await breaker.report(true, 5);
    expect(breaker.status()).toMatchObject({ state: 'open', failures: 4, lastError: 'reset' });
    vi.advanceTimersByTime(30_000);
    await breaker.report(true, 5);
    expect(breaker.state).toBe('closed');
  });

  it('is opened by hand until a hand closes it, and closed by hand though failures opened it', async () => {
    const breaker = setUp();
    breaker.open();
    breaker.open();
    vi.advanceTimersByTime(120_000);
    expect([breaker.state, breaker.isUsable]).toEqual(['isolated', false]);
    breaker.close();
    await expect(breaker.execute(answer)).resolves.toBe('answer');
    for (let index = 0; index < 8; index += 1) await breaker.report(false, 5);
    expect(breaker.state).toBe('open');
    breaker.close();
    await expect(breaker.execute(answer)).resolves.toBe('answer');
    breaker.open();
    expect(breaker.state).toBe('isolated');
  });
});

describe('BreakerRegistry', () => {
  it('lists breakers by name, tells of changes, and knows no others', async () => {
    const registry = new BreakerRegistry({ clock, defaults: { minCalls: 1, window: 1 } });
    const changes: string[] = [];
    registry.onChange((status) => changes.push(`${status.name} ${status.state}`));
    await registry.for('rpc:a').report(false, 1);
    registry.for('yellowstone:b').open();
    registry.get('yellowstone:b').close();
    expect(registry.list().map((status) => [status.name, status.state])).toEqual([
      ['rpc:a', 'open'],
      ['yellowstone:b', 'closed'],
    ]);
    expect(changes).toEqual(['rpc:a open', 'yellowstone:b isolated', 'yellowstone:b closed']);
    expect(() => registry.get('rpc:c')).toThrow('No circuit breaker');
  });
});
