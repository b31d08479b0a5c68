/** The typed arrays under the lock table: one row an account, one row a link, growing by doubling. */
import { HotslotError } from '../errors/hotslot-error.js';
import { MAX_INTERNED_ACCOUNTS } from './account-interner.js';

/**
 * Classes 0 to 9 are the intent's priority. Class 10, who had its turn already, goes before all of them; class
 * 11, whose bytes are out (see LockTable.regain), before that.
 */
export const FRONT_CLASS = 10;
export const REGAIN_CLASS = 11;
/** Most tickets that wait or hold at one time. */
export const MAX_TICKETS = 262_144;
/** Most links (one an account a ticket) at one time. */
export const MAX_LINKS = MAX_TICKETS * 32;
export const NONE = -1;

export const READ = 0;
export const WRITE = 1;

/** Fields of a link's row. A row is half a cache line: a step touches few lines, however many links there are. */
export const LINK_TICKET_SLOT = 0;
export const LINK_ACCOUNT = 1;
export const LINK_NEXT = 2;
export const LINK_PREVIOUS = 3;
/** Next link of the same ticket, or of the free list. */
export const LINK_CHAIN = 4;
export const LINK_FLAGS = 5;
const LINK_STRIDE = 8;

/** Flags of a link. */
export const FLAG_WRITE = 1;
export const FLAG_VENUE = 2;
export const FLAG_BLOCKED = 4;

/** Index of a link's key in `keys`, which lies over fields 6 and 7 of its row. */
export function keyIndex(link: number): number {
  return (link >> 1) + 3;
}

/**
 * A link is one account of one ticket: in the account's waiting list, and in the ticket's chain. It is named
 * by the offset of its row in `rows`.
 */
export class LinkRows {
  #freeHead = NONE;
  rows = new Int32Array(0);
  /** The same memory, for keys. */
  keys = new Float64Array(0);

  /** @throws HotslotError QUEUE_FULL past MAX_LINKS */
  allocate(): number {
    if (this.#freeHead === NONE) this.#grow();
    const link = this.#freeHead;
    this.#freeHead = this.rows[link + LINK_CHAIN]!;
    return link;
  }

  free(link: number): void {
    this.rows[link + LINK_CHAIN] = this.#freeHead;
    this.#freeHead = link;
  }

  #grow(): void {
    const from = this.rows.length;
    if (from >= MAX_LINKS * LINK_STRIDE)
      throw new HotslotError('QUEUE_FULL', { context: { limit: MAX_LINKS } });
    const length = from === 0 ? 1024 * LINK_STRIDE : from * 2;
    const rows = new Int32Array(length);
    rows.set(this.rows);
    this.rows = rows;
    this.keys = new Float64Array(rows.buffer);
    for (let link = length - LINK_STRIDE; link >= from; link -= LINK_STRIDE) this.free(link);
  }
}

/** Fields of an account's row. */
export const WRITER_HOLDS = 0;
export const READERS_HOLD = 1;
/** Plus the mode: bit c says that class c has waiters of that mode. */
export const WAITING_CLASSES = 2;
/** Plus class · CLASS_FIELDS: the fields of a class. */
const CLASSES = 4;
const CLASS_FIELDS = 5;
const ACCOUNT_STRIDE = 64;
/** Of a class, plus the mode. */
const HEAD = 0;
const TAIL = 2;
/** Of a class: the last reader of its list that nothing at this account blocks. */
const LAST_FREE_READER = 4;

/** Where the head of a class's list is; its tail is `TAIL_AFTER_HEAD` further on. */
export function headIndex(account: number, priorityClass: number, mode: number): number {
  return account * ACCOUNT_STRIDE + CLASSES + priorityClass * CLASS_FIELDS + HEAD + mode;
}
export const TAIL_AFTER_HEAD = TAIL - HEAD;

export function lastFreeReaderIndex(account: number, priorityClass: number): number {
  return account * ACCOUNT_STRIDE + CLASSES + priorityClass * CLASS_FIELDS + LAST_FREE_READER;
}

/** Index of the first field of an account. */
export function accountIndex(account: number): number {
  return account * ACCOUNT_STRIDE;
}

/** Per account: who holds it, and a first-in-first-out list of waiting links for each class and mode. */
export class AccountRows {
  #capacity = 0;
  rows = new Int32Array(0);

  /** Makes room for an account. */
  ensure(account: number): void {
    if (account < this.#capacity) return;
    if (account >= MAX_INTERNED_ACCOUNTS) throw new Error(`account id ${account} is out of range`);
    let capacity = Math.max(64, this.#capacity);
    while (capacity <= account) capacity *= 2;
    const rows = new Int32Array(capacity * ACCOUNT_STRIDE).fill(NONE);
    rows.set(this.rows);
    for (let row = this.rows.length; row < rows.length; row += ACCOUNT_STRIDE)
      rows.fill(0, row, row + CLASSES);
    this.rows = rows;
    this.#capacity = capacity;
  }
}
