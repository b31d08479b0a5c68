/**
 * Account locks: the cost of one step (a trade lets its accounts go, another asks for its own) with 10,
 * 1,000 and 100,000 trades waiting, and beside it a table of Maps of strings with a queue an account.
 */

import { asAddress } from '../src/model/brands.js';
import { AccountInterner } from '../src/schedule/account-interner.js';
import { createLockSet, type LockAccount, type LockSet } from '../src/schedule/lock-set.js';
import { LockTable, type LockTicket } from '../src/schedule/lock-table.js';

const SEED = 7;
const ACCOUNTS_A_TRADE = 14;
const WRITABLE = 6;
const POOLS = 64;
const WALLETS = 64;

export interface LockBenchResult {
  readonly ratios: Record<string, number>;
  readonly results: { name: string; unit: string; p50: number; p99: number; n: number }[];
}

/** A small generator with a fixed seed (xorshift, 32 bits). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The accounts of a swap: two of the wallet and four of the pool are written, the rest is read by all. */
function accountsOf(wallet: number, pool: number): LockAccount[] {
  const name = (kind: string, number: number) => asAddress(`${kind}${String(number).padStart(40, '1')}`);
  const accounts: LockAccount[] = [];
  for (let index = 0; index < 2; index += 1) {
    accounts.push({ address: name(`w${index}`, wallet), writable: true, role: 'owned' });
  }
  for (let index = 2; index < WRITABLE; index += 1) {
    accounts.push({ address: name(`p${index}`, pool), writable: true, role: 'venue' });
  }
  for (let index = WRITABLE; index < ACCOUNTS_A_TRADE; index += 1) {
    accounts.push({ address: name('r', index), writable: false, role: 'venue' });
  }
  return accounts;
}

/** What a careful hand would write first: Maps by address, an array as the line of each account. */
class MapTable {
  readonly #accounts = new Map<string, MapAccount>();
  readonly held: MapTicket[] = [];
  waiting = 0;

  request(accounts: readonly LockAccount[]): void {
    const ticket: MapTicket = { accounts, blockers: 0 };
    this.waiting += 1;
    for (const { address, writable } of accounts) {
      let account = this.#accounts.get(address);
      if (account === undefined) {
        account = { writer: false, readers: 0, line: [] };
        this.#accounts.set(address, account);
      }
      const isFree = account.line.length === 0 && !account.writer && (!writable || account.readers === 0);
      if (isFree) occupy(account, writable);
      else {
        account.line.push({ ticket, writable });
        ticket.blockers += 1;
      }
    }
    this.#hold(ticket);
  }

  release(ticket: MapTicket): void {
    for (const { address, writable } of ticket.accounts) {
      const account = this.#accounts.get(address)!;
      if (writable) account.writer = false;
      else account.readers -= 1;
      for (let first = account.line[0]; first !== undefined; first = account.line[0]) {
        if (account.writer || (first.writable && account.readers > 0)) break;
        account.line.shift();
        occupy(account, first.writable);
        first.ticket.blockers -= 1;
        this.#hold(first.ticket);
      }
    }
  }

  #hold(ticket: MapTicket): void {
    if (ticket.blockers > 0) return;
    this.held.push(ticket);
    this.waiting -= 1;
  }
}

interface MapAccount {
  writer: boolean;
  readers: number;
  readonly line: { ticket: MapTicket; writable: boolean }[];
}

interface MapTicket {
  readonly accounts: readonly LockAccount[];
  blockers: number;
}

function occupy(account: MapAccount, writable: boolean): void {
  if (writable) account.writer = true;
  else account.readers += 1;
}

/** Microseconds a step, one figure a batch. */
function timed(batches: number, stepsABatch: number, step: () => void): number[] {
  for (let index = 0; index < stepsABatch; index += 1) step();
  const figures: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const startMs = performance.now();
    for (let index = 0; index < stepsABatch; index += 1) step();
    figures.push(((performance.now() - startMs) * 1000) / stepsABatch);
  }
  return figures;
}

/** A step under our table with `waiting` trades in line; each step grants one and adds one. */
function ourStep(waiting: number): () => void {
  const random = generator(SEED);
  const interner = new AccountInterner();
  const sets: LockSet[] = [];
  for (let route = 0; route < POOLS * WALLETS; route += 1) {
    sets.push(createLockSet(interner, accountsOf(route % WALLETS, Math.floor(route / WALLETS))));
  }
  const table = new LockTable();
  const held: LockTicket[] = [];
  const take = (ticket: LockTicket): void => void held.push(ticket);
  table.addListener({ onReady: take });
  let number = 0;
  const ask = (): void => {
    number += 1;
    const ticket = table.request(sets[Math.floor(random() * sets.length)]!, 4, String(number));
    if (ticket.state === 'held') take(ticket);
  };
  while (table.waitingCount < waiting) ask();
  return () => {
    table.release(held.splice(Math.floor(random() * held.length), 1)[0]!);
    while (table.waitingCount < waiting || held.length === 0) ask();
  };
}

function mapStep(waiting: number): () => void {
  const random = generator(SEED);
  const routes: LockAccount[][] = [];
  for (let route = 0; route < POOLS * WALLETS; route += 1) {
    routes.push(accountsOf(route % WALLETS, Math.floor(route / WALLETS)));
  }
  const table = new MapTable();
  const ask = (): void => table.request(routes[Math.floor(random() * routes.length)]!);
  while (table.waiting < waiting) ask();
  return () => {
    table.release(table.held.splice(Math.floor(random() * table.held.length), 1)[0]!);
    while (table.waiting < waiting || table.held.length === 0) ask();
  };
}

/** A trade that finds its accounts free. */
function uncontendedStep(): () => void {
  const interner = new AccountInterner();
  const set = createLockSet(interner, accountsOf(1, 1));
  const table = new LockTable();
  return () => table.release(table.request(set, 4, 'one'));
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
};

/** @param options `smoke` runs just enough to see that it computes; `runs` alternating rounds */
export async function run(options: { smoke: boolean; runs: number }): Promise<LockBenchResult> {
  const batches = options.smoke ? 2 : 40;
  const steps = options.smoke ? 20 : 500;
  const most = options.smoke ? 1000 : 100_000;
  const cases: { name: string; make: () => () => void }[] = [
    { name: 'locks_uncontended', make: uncontendedStep },
    { name: 'locks_10_waiting', make: () => ourStep(10) },
    { name: 'locks_1k_waiting', make: () => ourStep(1000) },
    { name: 'locks_100k_waiting', make: () => ourStep(most) },
    { name: 'locks_map_10_waiting', make: () => mapStep(10) },
    { name: 'locks_map_100k_waiting', make: () => mapStep(most) },
    { name: 'locks_map_1k_waiting', make: () => mapStep(1000) },
  ];
  const figures = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < options.runs; round += 1) {
    for (const { name, make } of cases) {
      figures.get(name)!.push(...timed(batches, steps, make()));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const p50 = (name: string): number => quantile(figures.get(name)!, 0.5);
  return {
    ratios: {
      locks_100k_vs_10_waiting: p50('locks_100k_waiting') / p50('locks_10_waiting'),
      locks_vs_map_10_waiting: p50('locks_map_10_waiting') / p50('locks_10_waiting'),
      locks_vs_map_1k_waiting: p50('locks_map_1k_waiting') / p50('locks_1k_waiting'),
      locks_vs_map_100k_waiting: p50('locks_map_100k_waiting') / p50('locks_100k_waiting'),
    },
    results: cases.map(({ name }) => ({
      name,
      unit: 'us/step',
      p50: p50(name),
      p99: quantile(figures.get(name)!, 0.99),
      n: figures.get(name)!.length,
    })),
  };
}
