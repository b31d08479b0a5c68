/** The typed arrays under the lock table: one row an account, one row a link, growing by doubling. */
import { HotslotError } from '../errors/hotslot-error.js';
import { MAX_INTERNED_ACCOUNTS } from './account-interner.js';

/** Classes 0 to 9 are the intent's priority; class 10 goes before all of them (see LockTable.regain). */
export const CLASS_COUNT = 11;
export const FRONT_CLASS = 10;
/** Most tickets that wait or hold at one time. */
export const MAX_TICKETS = 262_144;
/** Most links (one an account a ticket) at one time. */
export const MAX_LINKS = MAX_TICKETS * 32;
export const NONE = -1;

export const READ = 0;
export const WRITE = 1;

function grownInt32(old: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length).fill(NONE);
  grown.set(old);
  return grown;
}

/** Per account: who runs, and a first-in-first-out list of waiting links for each class and mode. */
export class AccountRows {
  #capacity = 0;
  /** 1 while a writer holds the account. */
  writerHolds = new Uint8Array(0);
  readersHold = new Int32Array(0);
  /** Bit c of row 2·account+mode: class c has waiters of that mode. */
  waitingClasses = new Uint16Array(0);
  /** Rows (account·CLASS_COUNT + class)·2 + mode. */
  head = new Int32Array(0);
  tail = new Int32Array(0);
  /** Rows account·CLASS_COUNT + class: the last reader of the list that nothing at this account blocks. */
  lastFreeReader = new Int32Array(0);

  ensure(account: number): void {
    if (account < this.#capacity) return;
    if (account >= MAX_INTERNED_ACCOUNTS) throw new Error(`account id ${account} is out of range`);
    let capacity = Math.max(64, this.#capacity);
    while (capacity <= account) capacity *= 2;
    const writerHolds = new Uint8Array(capacity);
    writerHolds.set(this.writerHolds);
    this.writerHolds = writerHolds;
    const readersHold = new Int32Array(capacity);
    readersHold.set(this.readersHold);
    this.readersHold = readersHold;
    const waitingClasses = new Uint16Array(capacity * 2);
    waitingClasses.set(this.waitingClasses);
    this.waitingClasses = waitingClasses;
    this.head = grownInt32(this.head, capacity * CLASS_COUNT * 2);
    this.tail = grownInt32(this.tail, capacity * CLASS_COUNT * 2);
    this.lastFreeReader = grownInt32(this.lastFreeReader, capacity * CLASS_COUNT);
    this.#capacity = capacity;
  }
}

/** Flags of a link. */
export const LINK_WRITE = 1;
export const LINK_VENUE = 2;
export const LINK_BLOCKED = 4;

/** A link is one account of one ticket: in the account's waiting list, and in the ticket's chain. */
export class LinkRows {
  #capacity = 0;
  #freeHead = NONE;
  ticketSlot = new Int32Array(0);
  account = new Int32Array(0);
  next = new Int32Array(0);
  previous = new Int32Array(0);
  /** Next link of the same ticket, or of the free list. */
  chain = new Int32Array(0);
  flags = new Uint8Array(0);

  /** @throws HotslotError QUEUE_FULL past MAX_LINKS */
  allocate(): number {
    if (this.#freeHead === NONE) this.#grow();
    const link = this.#freeHead;
    this.#freeHead = this.chain[link]!;
    return link;
  }

  free(link: number): void {
    this.chain[link] = this.#freeHead;
    this.#freeHead = link;
  }

  #grow(): void {
    const from = this.#capacity;
    if (from >= MAX_LINKS) throw new HotslotError('QUEUE_FULL', { context: { limit: MAX_LINKS } });
    const capacity = from === 0 ? 1024 : from * 2;
    this.ticketSlot = grownInt32(this.ticketSlot, capacity);
    this.account = grownInt32(this.account, capacity);
    this.next = grownInt32(this.next, capacity);
    this.previous = grownInt32(this.previous, capacity);
    this.chain = grownInt32(this.chain, capacity);
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
    for (let link = capacity - 1; link >= from; link -= 1) this.free(link);
    this.#capacity = capacity;
  }
}
