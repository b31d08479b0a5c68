/** The queue must stay bounded, keep its order, and tell a trade's client when its time has passed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HotslotError } from '../src/errors/hotslot-error.js';
import { asAddress, asTradeId, type TradeId } from '../src/model/brands.js';
import type { LockSet } from '../src/schedule/lock-set.js';
import { LockTable, type LockTicket } from '../src/schedule/lock-table.js';
import { type ScheduledTrade, Scheduler } from '../src/schedule/scheduler.js';
import { ManualClock } from './support/manual-clock.js';

const locksOn = (...accounts: number[]): LockSet => ({
  accounts: Int32Array.from(accounts),
  writable: new Uint8Array(accounts.length).fill(1),
  venue: new Uint8Array(accounts.length),
});

function setUp(options: { maxQueued?: number; maxConcurrent?: number } = {}) {
  const clock = new ManualClock();
  const locks = new LockTable();
  const started: TradeId[] = [];
  const tickets = new Map<TradeId, LockTicket>();
  const givenBack: [TradeId, string][] = [];
  const scheduler = new Scheduler({
    clock,
    locks,
    ...options,
    handlers: {
      start: (id, ticket) => {
        started.push(id);
        tickets.set(id, ticket);
      },
      giveBack: (id, error) => givenBack.push([id, error.code]),
    },
  });
  let account = 1000;
  const trade = (id: string, over: Partial<ScheduledTrade> = {}): ScheduledTrade => {
    account += 1;
    return {
      id: asTradeId(id),
      wallet: asAddress('w1'),
      priority: 4,
      deadlineAtMs: clock.nowMs() + 10_000,
      locks: locksOn(account),
      ...over,
    };
  };
  const end = (id: string): void => {
    locks.release(tickets.get(asTradeId(id))!);
    scheduler.freeSlot(asTradeId(id));
  };
  return { clock, locks, scheduler, started, givenBack, trade, end };
}

const codeOf = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    return (error as HotslotError).code;
  }
  return 'none';
};

describe('Scheduler', () => {
  it('starts up to the limit, then by priority, then first come first served', () => {
    const { scheduler, started, trade, end } = setUp({ maxConcurrent: 1 });
    for (const [id, priority] of [
      ['a', 4],
      ['b', 4],
      ['c', 9],
      ['d', 4],
    ] as const) {
      scheduler.enqueue(trade(id, { priority }));
    }
    expect(started).toEqual(['a']);
    for (const id of ['a', 'c', 'b']) end(id);
    expect(started).toEqual(['a', 'c', 'b', 'd']);
  });

  it('answers QUEUE_FULL at its bound and takes again when there is room', () => {
    const { scheduler, trade, end } = setUp({ maxConcurrent: 1, maxQueued: 2 });
    for (const id of ['a', 'b', 'c']) scheduler.enqueue(trade(id));
    expect(codeOf(() => scheduler.enqueue(trade('d')))).toBe('QUEUE_FULL');
    end('a');
    expect(codeOf(() => scheduler.enqueue(trade('d')))).toBe('none');
  });

  it('lets a later trade of higher priority have the pool for which an earlier one stands ready without a slot', () => {
    const { scheduler, started, trade, end } = setUp({ maxConcurrent: 1 });
    scheduler.enqueue(trade('busy'));
    scheduler.enqueue(trade('low', { priority: 1, locks: locksOn(7) }));
    scheduler.enqueue(trade('middle', { priority: 4 }));
    scheduler.enqueue(trade('high', { priority: 9, locks: locksOn(7) }));
    expect(scheduler.status()).toMatchObject({ queued: 3, waitingForSlot: 2, waitingForLocks: 1 });
    for (const id of ['busy', 'high', 'middle']) end(id);
    expect(started).toEqual(['busy', 'high', 'middle', 'low']);
  });

  it('gives slots round the wallets, so that one wallet with many trades does not hold up another', () => {
    const { scheduler, started, trade, end } = setUp({ maxConcurrent: 1 });
    for (let index = 0; index < 5; index += 1) scheduler.enqueue(trade(`a${index}`));
    scheduler.enqueue(trade('b0', { wallet: asAddress('w2') }));
    end('a0');
    end(started[1]!);
    expect(started.slice(0, 3)).toContain('b0');
    scheduler.cancel(asTradeId('a4'));
    scheduler.enqueue(trade('a5'));
    while (started.length < 6) end(started.at(-1)!);
    expect(started.filter((id) => id.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3', 'a5']);
  });

  it('hands a trade back at its deadline, not a millisecond before', () => {
    const { clock, scheduler, givenBack, trade } = setUp({ maxConcurrent: 1 });
    scheduler.enqueue(trade('a'));
    scheduler.enqueue(trade('late', { deadlineAtMs: clock.nowMs() + 500 }));
    scheduler.enqueue(trade('sooner', { deadlineAtMs: clock.nowMs() + 200 }));
    clock.advance(199);
    expect(givenBack).toEqual([]);
    clock.advance(1);
    expect(givenBack).toEqual([['sooner', 'DEADLINE_PASSED']]);
    clock.advance(300);
    expect(givenBack[1]).toEqual(['late', 'DEADLINE_PASSED']);
    expect(codeOf(() => scheduler.enqueue(trade('past', { deadlineAtMs: clock.nowMs() })))).toBe(
      'DEADLINE_PASSED',
    );
  });

  it('cancels what is queued and says no to what was started', () => {
    const { scheduler, givenBack, trade } = setUp({ maxConcurrent: 1 });
    scheduler.enqueue(trade('a'));
    scheduler.enqueue(trade('b'));
    expect(scheduler.cancel(asTradeId('a'))).toBe(false);
    expect(scheduler.cancel(asTradeId('b'))).toBe(true);
    expect(scheduler.cancel(asTradeId('b'))).toBe(false);
    expect(givenBack).toEqual([['b', 'CANCELLED']]);
  });

  it('clears the queue whole without starting a neighbour on the way', () => {
    const { scheduler, started, trade } = setUp({ maxConcurrent: 4 });
    scheduler.enqueue(trade('a', { locks: locksOn(7) }));
    for (const id of ['b', 'c', 'd']) scheduler.enqueue(trade(id, { locks: locksOn(7) }));
    expect(scheduler.clear()).toEqual(['b', 'c', 'd']);
    expect(started).toEqual(['a']);
    expect(scheduler.status().queued).toBe(0);
  });

  it('neither takes nor starts while paused, and goes on when resumed', () => {
    const { scheduler, started, trade, end } = setUp({ maxConcurrent: 1 });
    scheduler.enqueue(trade('a'));
    scheduler.enqueue(trade('b'));
    scheduler.pause('draining');
    end('a');
    expect(started).toEqual(['a']);
    expect(codeOf(() => scheduler.enqueue(trade('c')))).toBe('SHUTTING_DOWN');
    scheduler.resume();
    expect(started).toEqual(['a', 'b']);
  });

  it('lets the limit be changed while running', () => {
    const { scheduler, started, trade } = setUp({ maxConcurrent: 1 });
    for (const id of ['a', 'b', 'c']) scheduler.enqueue(trade(id));
    scheduler.setMaxConcurrent(3);
    expect(started).toEqual(['a', 'b', 'c']);
    expect(codeOf(() => scheduler.setMaxConcurrent(0))).toBe('CONFIG_INVALID');
    expect(codeOf(() => scheduler.setMaxConcurrent(4097))).toBe('CONFIG_INVALID');
  });

  it('puts a trade that must be signed anew before everyone who has not had a turn', () => {
    const { scheduler, started, trade, end } = setUp({ maxConcurrent: 1, maxQueued: 1 });
    scheduler.enqueue(trade('busy'));
    scheduler.enqueue(trade('next', { priority: 9, locks: locksOn(7) }));
    scheduler.requeue(trade('again', { priority: 0, locks: locksOn(7) }));
    end('busy');
    expect(started).toEqual(['busy', 'again']);
  });

  it('under any mix of trades stays within its bounds, starts no conflict, and loses nobody', () => {
    const plan = fc.array(
      fc.record({
        act: fc.constantFrom('enqueue', 'enqueue', 'enqueue', 'end', 'cancel', 'time', 'limit'),
        accounts: fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }),
        priority: fc.integer({ min: 0, max: 9 }),
        pick: fc.nat(1000),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(plan, (steps) => {
        const { clock, scheduler, started, givenBack, trade, end } = setUp({
          maxQueued: 8,
          maxConcurrent: 2,
        });
        const accounts = new Map<string, number[]>();
        const ended = new Set<string>();
        let accepted = 0;
        let limit = 2;
        const running = (): TradeId[] => started.filter((id) => !ended.has(id));
        for (const step of steps) {
          if (step.act === 'enqueue') {
            const id = `t${accounts.size}`;
            accounts.set(id, step.accounts);
            const deadlineAtMs = clock.nowMs() + 1 + step.pick;
            const made = trade(id, {
              locks: locksOn(...step.accounts),
              priority: step.priority,
              deadlineAtMs,
            });
            if (codeOf(() => scheduler.enqueue(made)) === 'none') accepted += 1;
          } else if (step.act === 'end' && running().length > 0) {
            const id = running()[step.pick % running().length]!;
            ended.add(id);
            end(id);
          } else if (step.act === 'cancel') {
            scheduler.cancel(asTradeId(`t${step.pick % (accounts.size + 1)}`));
          } else if (step.act === 'time') {
            clock.advance(step.pick);
          } else if (step.act === 'limit') {
            limit = 2 + (step.pick % 3);
            scheduler.setMaxConcurrent(limit);
          }
          const used = running().flatMap((id) => accounts.get(id)!);
          expect(new Set(used).size).toBe(used.length);
          const status = scheduler.status();
          expect(status.queued).toBeLessThanOrEqual(8);
          expect(status.running).toBe(running().length);
          expect(status.running).toBeLessThanOrEqual(4);
          expect(status.waitingForSlot === 0 || status.running >= limit).toBe(true);
          expect(status.queuedByPriority.reduce((sum, count) => sum + count, 0)).toBe(status.queued);
          expect(started.length + givenBack.length + status.queued).toBe(accepted);
        }
        while (running().length > 0) {
          const id = running()[0]!;
          ended.add(id);
          end(id);
        }
        expect(scheduler.status()).toMatchObject({ queued: 0, running: 0 });
      }),
      { numRuns: 600, seed: 21 },
    );
  });
});
