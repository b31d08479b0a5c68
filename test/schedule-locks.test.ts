/**
 * Two of our transactions that wrote one pool at once made each other's quote false: locks must never let
 * that happen, must never strand a trade, and must serve in the documented order. A naive model, which
 * looks at everything at each step, says what the table should answer.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asAddress } from '../src/model/brands.js';
import { AccountInterner } from '../src/schedule/account-interner.js';
import { createLockSet, type LockSet } from '../src/schedule/lock-set.js';
import { type LockMode, type LockState, LockTable, type LockTicket } from '../src/schedule/lock-table.js';

interface Want {
  account: number;
  write: boolean;
  venue: boolean;
}

const setOf = (wants: readonly Want[]): LockSet => {
  const unique = [...new Map(wants.map((want) => [want.account, want])).values()];
  return {
    accounts: Int32Array.from(unique, (want) => want.account),
    writable: Uint8Array.from(unique, (want) => (want.write ? 1 : 0)),
    venue: Uint8Array.from(unique, (want) => (want.venue ? 1 : 0)),
  };
};
const write = (...accounts: number[]): LockSet =>
  setOf(accounts.map((account) => ({ account, write: true, venue: false })));
const read = (...accounts: number[]): LockSet =>
  setOf(accounts.map((account) => ({ account, write: false, venue: false })));

const conflicts = (a: LockSet, b: LockSet): boolean =>
  a.accounts.some((account, i) => {
    const j = b.accounts.indexOf(account);
    return j >= 0 && (a.writable[i] === 1 || b.writable[j] === 1);
  });

/** Hides the narrowing of an earlier comparison: a state changes behind the compiler's back. */
const stateOf = (ticket: LockTicket): LockState => ticket.state;

const want = fc.record({ account: fc.integer({ min: 0, max: 7 }), write: fc.boolean(), venue: fc.boolean() });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      wants: fc.array(want, { minLength: 1, maxLength: 5 }),
      priority: fc.integer({ min: 0, max: 9 }),
      mode: fc.constantFrom('hold' as const, 'ask' as const, 'hold-front' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const), pick: fc.nat() }) },
);

interface Holder {
  readonly ticket: LockTicket;
  readonly set: LockSet;
  readonly asked: boolean;
  /** Accounts that it had let go of: whether it has them back is told by its count alone. */
  letGo: ReadonlySet<number>;
}

/** What each ticket may hold at most and must hold at least, by what was done to it. */
class HolderModel {
  readonly #table: LockTable;
  #live: Holder[] = [];
  #number = 0;

  constructor(table: LockTable) {
    this.#table = table;
  }

  request(set: LockSet, priority: number, mode: LockMode): void {
    this.#number += 1;
    const ticket = this.#table.request(set, priority, `t${this.#number}`, mode);
    this.#live.push({ ticket, set, asked: mode.startsWith('ask'), letGo: new Set() });
  }

  act(kind: 'release' | 'hold' | 'venue' | 'regain' | 'cancel', pick: number): void {
    const holder = this.#live[pick % Math.max(1, this.#live.length)];
    if (holder === undefined) return;
    const { ticket, set } = holder;
    if (kind === 'release') this.#end(holder);
    else if (kind === 'hold' && ticket.state === 'ready') this.#table.hold(ticket);
    else if (kind === 'cancel' && this.#table.cancel(ticket)) this.#end(holder);
    else if (kind === 'venue' && ticket.state === 'held') {
      this.#table.releaseVenue(ticket);
      holder.letGo = new Set(set.accounts.filter((_, index) => set.venue[index] === 1));
      expect(ticket.heldCount).toBeLessThanOrEqual(set.accounts.length - holder.letGo.size);
    } else if (kind === 'regain' && ticket.state === 'held') this.#table.regain(ticket);
  }

  /** What a ticket surely holds is all of its set but what it let go of and may not have back. */
  check(): void {
    const held = this.#live.filter(({ ticket }) => stateOf(ticket) === 'held');
    held.forEach((one, index) => {
      const surely = (account: number, at: number) =>
        !one.letGo.has(account) || (one.ticket.heldCount === one.set.accounts.length && at >= 0);
      for (const other of held.slice(index + 1)) {
        one.set.accounts.forEach((account, at) => {
          const place = other.set.accounts.indexOf(account);
          if (place < 0 || !surely(account, at)) return;
          if (other.letGo.has(account) && other.ticket.heldCount < other.set.accounts.length) return;
          expect(one.set.writable[at] === 1 || other.set.writable[place] === 1).toBe(false);
        });
      }
    });
    for (const { ticket, asked } of this.#live) {
      if (!asked) expect(stateOf(ticket)).not.toBe('ready');
      expect(stateOf(ticket)).not.toBe('released');
    }
    // Somebody can always go on.
    if (this.#live.length > 0)
      expect(this.#live.some(({ ticket }) => stateOf(ticket) !== 'waiting')).toBe(true);
  }

  endAll(): void {
    for (let rounds = 0; this.#live.length > 0; rounds += 1) {
      expect(rounds).toBeLessThan(200);
      const next = this.#live.find(({ ticket }) => stateOf(ticket) !== 'waiting');
      expect(next).toBeDefined();
      this.#end(next!);
      this.check();
    }
  }

  #end(holder: Holder): void {
    this.#table.release(holder.ticket);
    this.#live = this.#live.filter((one) => one !== holder);
  }
}

describe('LockTable against a naive model', () => {
  it('says waiting, ready and held exactly where the model does, and never two conflicting holders', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (steps, headStart) => {
        const table = new LockTable({ headStart });
        const told = new Map<string, boolean>();
        table.addListener({
          onReady: (ticket) => told.set(ticket.id, true),
          onUnready: (ticket) => told.set(ticket.id, false),
        });
        const live: { ticket: LockTicket; set: LockSet; asked: boolean }[] = [];
        const check = (): void => {
          for (const one of live) {
            const others = live.filter((other) => other !== one && conflicts(one.set, other.set));
            const blocked = others.some(
              (other) => other.ticket.state === 'held' || other.ticket.key < one.ticket.key,
            );
            if (one.ticket.state === 'held') {
              expect(others.every((other) => other.ticket.state !== 'held')).toBe(true);
            } else if (one.asked) {
              expect(one.ticket.state).toBe(blocked ? 'waiting' : 'ready');
              expect(told.get(one.ticket.id)).toBe(!blocked);
            } else {
              expect(one.ticket.state).toBe('waiting');
              expect(blocked).toBe(true);
            }
          }
          expect(table.heldCount).toBe(live.filter((one) => one.ticket.state === 'held').length);
          expect(table.waitingCount).toBe(live.filter((one) => one.ticket.state !== 'held').length);
        };
        let number = 0;
        for (const action of steps) {
          if (action.kind === 'request') {
            const set = setOf(action.wants);
            number += 1;
            const ticket = table.request(set, action.priority, `t${number}`, action.mode);
            if (!told.has(ticket.id)) told.set(ticket.id, ticket.state === 'ready');
            live.push({ ticket, set, asked: action.mode === 'ask' });
          } else if (live.length > 0) {
            const index = action.pick % live.length;
            const { ticket } = live[index]!;
            if (action.kind === 'release') {
              live.splice(index, 1);
              table.release(ticket);
            } else if (ticket.state === 'ready') {
              table.hold(ticket);
            }
          }
          check();
        }
        for (let rounds = 0; live.length > 0; rounds += 1) {
          expect(rounds).toBeLessThan(200);
          const index = live.findIndex((one) => one.ticket.state !== 'waiting');
          expect(index).toBeGreaterThanOrEqual(0);
          table.release(live.splice(index, 1)[0]!.ticket);
          check();
        }
        expect(table.heldCount + table.waitingCount).toBe(0);
      }),
      { numRuns: 1500, seed: 20 },
    );
  });

  it('keeps holders apart through letting go of venues, taking back and cancelling, and strands nobody', () => {
    const act = fc.record({
      kind: fc.constantFrom(
        ...(['request', 'request', 'request', 'release', 'hold', 'venue', 'regain', 'cancel'] as const),
      ),
      wants: fc.array(want, { minLength: 1, maxLength: 5 }),
      priority: fc.integer({ min: 0, max: 9 }),
      mode: fc.constantFrom('hold' as const, 'ask' as const, 'hold-front' as const, 'ask-front' as const),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const table = new LockTable({ headStart: 3 });
        const model = new HolderModel(table);
        for (const { kind, wants, priority, mode, pick } of acts) {
          if (kind === 'request') model.request(setOf(wants), priority, mode);
          else model.act(kind, pick);
          model.check();
        }
        model.endAll();
        expect([table.heldCount, table.waitingCount, table.heldTickets()]).toEqual([0, 0, []]);
        // Nothing is left behind at any account: a request for all of them has them at once.
        expect(table.request(write(0, 1, 2, 3, 4, 5, 6, 7), 0, 'everything').state).toBe('held');
      }),
      { numRuns: 800, seed: 22 },
    );
  });

  it('never lets a class starve: a stream of class 9 overtakes a class 0 at most its head start', () => {
    const table = new LockTable({ headStart: 10 });
    let holder = table.request(write(1), 9, 'first');
    const low = table.request(write(1), 0, 'low');
    let served = 0;
    const queue: LockTicket[] = [];
    while (stateOf(low) !== 'held') {
      queue.push(table.request(write(1), 9, `high${served}`), table.request(write(1), 9, `more${served}`));
      table.release(holder);
      holder = stateOf(low) === 'held' ? low : queue.find((ticket) => ticket.state === 'held')!;
      served += 1;
      expect(served).toBeLessThan(200);
    }
    expect(served).toBeGreaterThan(80);
    expect(served).toBeLessThanOrEqual(92);
  });

  it('serves first come first served within a class, and a run of readers together', () => {
    const table = new LockTable();
    const writer = table.request(write(1), 4, 'w');
    const readers = [table.request(read(1), 4, 'r1'), table.request(read(1), 4, 'r2')];
    const next = table.request(write(1), 4, 'w2');
    const late = table.request(read(1), 4, 'r3');
    const urgent = table.request(read(1), 9, 'r9');
    table.release(writer);
    expect([...readers, urgent].map((ticket) => ticket.state)).toEqual(['held', 'held', 'held']);
    expect([next.state, late.state]).toEqual(['waiting', 'waiting']);
    for (const ticket of [...readers, urgent]) table.release(ticket);
    expect([next.state, late.state]).toEqual(['held', 'waiting']);
  });
});

describe('letting the venue go early and taking it back', () => {
  const trade = setOf([
    { account: 1, write: true, venue: false },
    { account: 2, write: true, venue: true },
    { account: 3, write: true, venue: true },
  ]);

  it('frees the venue for others while the wallet stays locked', () => {
    const table = new LockTable();
    const first = table.request(trade, 4, 'first');
    const pool = table.request(write(2), 4, 'pool');
    const wallet = table.request(write(1), 4, 'wallet');
    expect(table.releaseVenue(first)).toBe(2);
    expect([pool.state, wallet.state, first.heldCount]).toEqual(['held', 'waiting', 1]);
    expect(table.releaseVenue(first)).toBe(0);
  });

  it('takes accounts back one by one, before every waiter and without interrupting a holder', () => {
    const table = new LockTable();
    const first = table.request(trade, 4, 'first');
    table.releaseVenue(first);
    const holder = table.request(write(2), 4, 'holder');
    const waiter = table.request(write(2), 9, 'waiter');
    table.regain(first);
    expect(first.heldCount).toBe(2);
    expect([holder.state, waiter.state]).toEqual(['held', 'waiting']);
    table.release(holder);
    expect([first.heldCount, waiter.state]).toEqual([3, 'waiting']);
    table.regain(first);
    expect(first.heldCount).toBe(3);
    table.release(first);
    expect([waiter.state, first.heldCount, table.heldCount]).toEqual(['held', 0, 1]);
  });

  it('takes accounts back before one that had its turn already and has waited longer', () => {
    const table = new LockTable();
    const first = table.request(trade, 4, 'first');
    table.release(first);
    const holder = table.request(write(1), 4, 'holder');
    const requeued = table.request(write(1), 4, 'requeued', 'ask-front');
    table.regain(first);
    table.release(holder);
    expect([first.heldCount, requeued.state]).toEqual([3, 'waiting']);
    table.release(first);
    expect(requeued.state).toBe('ready');
  });

  it('takes a wholly released trade back from whoever holds its accounts next', () => {
    const table = new LockTable();
    const first = table.request(trade, 4, 'first');
    table.release(first);
    const probe = table.request(write(1, 2, 3), 0, 'probe');
    table.regain(first);
    expect([probe.state, first.heldCount]).toEqual(['held', 0]);
    const waiter = table.request(write(3), 9, 'waiter');
    table.release(probe);
    expect([first.heldCount, waiter.state]).toEqual([3, 'waiting']);
    table.release(first);
    expect([waiter.state, table.waitingCount, table.heldCount]).toEqual(['held', 0, 1]);
  });
});

describe('createLockSet', () => {
  const interner = new AccountInterner();
  const accounts = [
    { address: asAddress('wallet'), writable: true, role: 'owned' as const },
    { address: asAddress('pool'), writable: false, role: 'venue' as const },
    { address: asAddress('pool'), writable: true, role: 'venue' as const },
    { address: asAddress('tip'), writable: true, role: 'shared' as const },
  ];

  it('locks each account once, for writing if any mention writes, and shared ones never', () => {
    const set = createLockSet(interner, accounts);
    expect([...set.accounts].map((id) => interner.addressOf(id))).toEqual(['wallet', 'pool']);
    expect([...set.writable]).toEqual([1, 1]);
    expect([...set.venue]).toEqual([0, 1]);
  });

  it('locks only our own under LOCK_SCOPE=owned', () => {
    const set = createLockSet(interner, accounts, 'owned');
    expect([...set.accounts].map((id) => interner.addressOf(id))).toEqual(['wallet']);
  });
});
