/**
 * Account locks: the cost of one step (a trade lets its accounts go, another asks for its own) with 10,
 * 1,000 and 100,000 trades waiting, and beside it a table of Maps of strings with a queue an account.
 */
import { asAddress } from '../src/model/brands.js';
import { AccountInterner } from '../src/schedule/account-interner.js';
import { createLockSet, type LockAccount, type LockSet } from '../src/schedule/lock-set.js';
import { LockTable, type LockTicket } from '../src/schedule/lock-table.js';
import {
  alternate,
  type BenchOptions,
  type BenchOutcome,
  type Contestant,
  ratioOf,
  resultsOf,
  verify,
} from './measure.js';

const SEED = 7;
const ACCOUNTS_A_TRADE = 14;
const WRITABLE = 6;
const POOLS = 64;
const WALLETS = 64;

/** Steps on both tables that are compared one by one. */
const COMPARED = 400;
/** Of the compared steps, so many in ten let a trade go: more are asked for than leave, and lines form. */
const RELEASES_IN_TEN = 7;

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

  request(accounts: readonly LockAccount[], id: string): void {
    const ticket: MapTicket = { accounts, id, blockers: 0 };
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
  readonly id: string;
  blockers: number;
}

function occupy(account: MapAccount, writable: boolean): void {
  if (writable) account.writer = true;
  else account.readers += 1;
}

/** Every account set of the workload. */
function routes(): LockAccount[][] {
  return Array.from({ length: POOLS * WALLETS }, (_, route) =>
    accountsOf(route % WALLETS, Math.floor(route / WALLETS)),
  );
}

/** Both tables grant the same trades at each of some hundred steps; what is timed below is the same work. */
function verifyAlike(): void {
  const random = generator(SEED);
  const accounts = routes();
  const interner = new AccountInterner();
  const sets = accounts.map((one) => createLockSet(interner, one));
  const ours = new LockTable();
  const theirs = new MapTable();
  const held = new Map<string, LockTicket>();
  const take = (ticket: LockTicket): void => void held.set(ticket.id, ticket);
  ours.addListener({ onReady: take });
  let longest = 0;
  for (let step = 0; step < COMPARED; step += 1) {
    const route = Math.floor(random() * sets.length);
    const ticket = ours.request(sets[route]!, 4, String(step));
    if (ticket.state === 'held') take(ticket);
    theirs.request(accounts[route]!, String(step));
    if (random() * 10 < RELEASES_IN_TEN) {
      const id = [...held.keys()].sort()[Math.floor(random() * held.size)]!;
      const leaving = held.get(id)!;
      held.delete(id);
      ours.release(leaving);
      const index = theirs.held.findIndex((one) => one.id === id);
      theirs.release(theirs.held.splice(index, 1)[0]!);
    }
    const granted = theirs.held.map(({ id }) => id);
    verify('locks', [...held.keys()].sort().join() === granted.sort().join());
    verify('locks', ours.waitingCount === theirs.waiting);
    longest = Math.max(longest, theirs.waiting);
  }
  verify('locks: some trades waited', longest > COMPARED / 10);
}

/** A step under our table with `waiting` trades in line; each step grants one and adds one. */
function ourStep(waiting: number): () => void {
  const random = generator(SEED);
  const interner = new AccountInterner();
  const sets: LockSet[] = routes().map((accounts) => createLockSet(interner, accounts));
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
  const accounts = routes();
  const table = new MapTable();
  let number = 0;
  const ask = (): void => {
    number += 1;
    table.request(accounts[Math.floor(random() * accounts.length)]!, String(number));
  };
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

/** A table anew for each round, with a batch of steps before any that counts. */
function contestant(name: string, samples: number, batch: number, make: () => () => void): Contestant {
  let step: () => void = () => undefined;
  return {
    name,
    samples,
    batch,
    prepare: () => {
      step = make();
      for (let index = 0; index < batch; index += 1) step();
    },
    call: () => step(),
  };
}

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  verifyAlike();
  const [samples, batch] = smoke ? [2, 20] : [40, 500];
  const most = smoke ? 1_000 : 100_000;
  const of = (name: string, make: () => () => void) => contestant(name, samples, batch, make);
  const rounds = await alternate(
    [
      of('locks_uncontended', uncontendedStep),
      of('locks_10_waiting', () => ourStep(10)),
      of('locks_1k_waiting', () => ourStep(1_000)),
      of('locks_100k_waiting', () => ourStep(most)),
      of('locks_map_10_waiting', () => mapStep(10)),
      of('locks_map_100k_waiting', () => mapStep(most)),
      of('locks_map_1k_waiting', () => mapStep(1_000)),
    ],
    runs,
  );
  return {
    ratios: {
      locks_100k_vs_10_waiting: ratioOf(rounds, 'locks_100k_waiting', 'locks_10_waiting'),
      locks_vs_map_10_waiting: ratioOf(rounds, 'locks_map_10_waiting', 'locks_10_waiting'),
      locks_vs_map_1k_waiting: ratioOf(rounds, 'locks_map_1k_waiting', 'locks_1k_waiting'),
      locks_vs_map_100k_waiting: ratioOf(rounds, 'locks_map_100k_waiting', 'locks_100k_waiting'),
    },
    results: resultsOf(rounds, 'us/step'),
  };
}
