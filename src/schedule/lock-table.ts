import { HotslotError } from '../errors/hotslot-error.js';
import {
  AccountRows,
  CLASS_COUNT,
  FRONT_CLASS,
  LINK_BLOCKED,
  LINK_VENUE,
  LINK_WRITE,
  LinkRows,
  MAX_TICKETS,
  NONE,
  READ,
  WRITE,
} from './lock-memory.js';
import type { LockSet } from './lock-set.js';

/**
 * How many requests a class is ahead of the class below it. A trade of class 5 goes before every waiting
 * trade of class 4 that asked within the last 4,096 requests, but not before an older one: so priority
 * decides in practice, and at most (9 - class) · PRIORITY_HEAD_START later trades can ever overtake one.
 */
export const PRIORITY_HEAD_START = 4096;

/** Keys of class FRONT_CLASS start here, below every key of the classes 0 to 9. */
const FRONT_KEY_ORIGIN = -(2 ** 52);

/**
 * `waiting`: something before it conflicts. `ready`: nothing does, and whoever asked may call `hold`; a
 * request that goes before it may still take that away. `held`: its locks are its own. `released`: over.
 */
export type LockState = 'waiting' | 'ready' | 'held' | 'released';

export type LockMode = 'hold' | 'ask' | 'hold-front' | 'ask-front';

export interface LockTicket {
  readonly id: string;
  readonly priority: number;
  readonly state: LockState;
  /** Its place in the one order of all requests; less goes first. */
  readonly key: number;
  /** Accounts of its set that it holds now. */
  readonly heldCount: number;
}

class Ticket implements LockTicket {
  state: LockState = 'waiting';
  slot = NONE;
  firstLink = NONE;
  heldCount = 0;
  /** One-account tickets by which a fork-lost trade takes its locks back (see `regain`). */
  regained: Ticket[] = [];

  constructor(
    readonly id: string,
    readonly set: LockSet,
    readonly priority: number,
    /** FRONT_CLASS, or the priority. */
    readonly priorityClass: number,
    readonly key: number,
    readonly holdsWhenReady: boolean,
    readonly parent: Ticket | undefined,
  ) {}
}

/** Where a step changed a ticket twice, its last state is told, perhaps twice. */
export interface LockListener {
  /** A waiting ticket became `ready` (or at once `held`, where it was asked so). */
  onReady?(ticket: LockTicket): void;
  /** A `ready` ticket is `waiting` again: a request that goes before it came. */
  onUnready?(ticket: LockTicket): void;
}

/**
 * Read and write locks over accounts. All requests have one order (priority with a head start, then first
 * come first served), the same at every account; a ticket is ready when at none of its accounts a
 * conflicting one holds or goes before it. Since the order is one, there is no deadlock; since it ages, no
 * starvation. Each step costs what the ticket's own accounts cost, whatever the number that wait.
 * Everything is synchronous; listeners are called after the table is consistent and may call back into it.
 */
export class LockTable {
  readonly #rows = new AccountRows();
  readonly #links = new LinkRows();
  readonly #tickets: (Ticket | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #keys = new Float64Array(1024);
  #blockers = new Int32Array(1024);
  readonly #listeners: LockListener[] = [];
  readonly #headStart: number;
  #sequence = 0;
  #waiting = 0;
  #held = 0;
  /** Tickets whose readiness changed in this step, to be told when the step is done. */
  #changed: Ticket[] = [];
  /** How far into `#changed` the takers were served. */
  #taken = 0;
  #telling = false;

  constructor(options: { headStart?: number } = {}) {
    this.#headStart = options.headStart ?? PRIORITY_HEAD_START;
  }

  addListener(listener: LockListener): void {
    this.#listeners.push(listener);
  }

  /** Tickets that wait or are ready. */
  get waitingCount(): number {
    return this.#waiting;
  }

  /** Tickets that hold locks. */
  get heldCount(): number {
    return this.#held;
  }

  /**
   * Asks for all locks of a set. Listeners hear nothing of a ticket that comes back `held` or `ready`.
   * @param priority 0 to 9, 9 first
   * @param mode `hold` takes the locks as soon as they are free; `ask` stops at `ready` and leaves it to
   *   the caller to `hold`, so that who has no concurrency slot yet stands in nobody's way; with `-front`
   *   it goes before all classes (a trade that had its turn already)
   * @throws HotslotError QUEUE_FULL past MAX_TICKETS
   */
  request(set: LockSet, priority: number, id: string, mode: LockMode = 'hold'): LockTicket {
    const holds = mode === 'hold' || mode === 'hold-front';
    const ticket = this.#open(
      set,
      priority,
      id,
      holds,
      undefined,
      mode === 'hold-front' || mode === 'ask-front',
    );
    this.#tell();
    return ticket;
  }

  /** Takes the locks of a `ready` ticket. */
  hold(ticket: LockTicket): void {
    if (ticket.state !== 'ready') throw new Error(`lock ticket ${ticket.id} is ${ticket.state}, not ready`);
    this.#take(ticket as Ticket);
  }

  /** Lets everything go, held or waited for; harmless when already released. */
  release(ticket: LockTicket): void {
    this.#release(ticket as Ticket);
    this.#tell();
  }

  /** Ends a wait; a ticket that holds is left alone. Returns whether it had been waiting or ready. */
  cancel(ticket: LockTicket): boolean {
    if (ticket.state !== 'waiting' && ticket.state !== 'ready') return false;
    this.release(ticket);
    return true;
  }

  /** Lets the venue's accounts go and keeps our own. Returns how many accounts were let go. */
  releaseVenue(lockTicket: LockTicket): number {
    const ticket = lockTicket as Ticket;
    if (ticket.state !== 'held') return 0;
    let released = 0;
    let before = NONE;
    for (let link = ticket.firstLink; link !== NONE; ) {
      const after = this.#links.chain[link]!;
      if ((this.#links.flags[link]! & LINK_VENUE) === 0) {
        before = link;
      } else {
        if (before === NONE) ticket.firstLink = after;
        else this.#links.chain[before] = after;
        this.#letGo(link);
        released += 1;
      }
      link = after;
    }
    ticket.heldCount -= released;
    for (const part of ticket.regained.filter((part) => part.set.venue[0] === 1)) {
      if (part.state === 'held') released += 1;
      this.#release(part);
    }
    ticket.regained = ticket.regained.filter((part) => part.state !== 'released');
    this.#tell();
    return released;
  }

  /**
   * A trade whose fork was lost takes back what it had let go. Its bytes are out already, so it waits for
   * nothing itself; it only keeps others from starting. Therefore each account is taken by itself as soon
   * as its present holders let go, ahead of everyone who waits, whatever their class, and first lost first
   * served among several; nobody who holds is interrupted.
   */
  regain(lockTicket: LockTicket): void {
    const ticket = lockTicket as Ticket;
    if (ticket.state === 'waiting' || ticket.state === 'ready') {
      throw new Error(`lock ticket ${ticket.id} is ${ticket.state} and has let nothing go`);
    }
    const has = new Set<number>();
    for (let link = ticket.firstLink; link !== NONE; link = this.#links.chain[link]!) {
      has.add(this.#links.account[link]!);
    }
    for (const part of ticket.regained) has.add(part.set.accounts[0]!);
    if (ticket.state === 'released') {
      ticket.state = 'held';
      this.#held += 1;
    }
    for (let index = 0; index < ticket.set.accounts.length; index += 1) {
      if (has.has(ticket.set.accounts[index]!)) continue;
      const one: LockSet = {
        accounts: ticket.set.accounts.subarray(index, index + 1),
        writable: ticket.set.writable.subarray(index, index + 1),
        venue: ticket.set.venue.subarray(index, index + 1),
      };
      ticket.regained.push(this.#open(one, ticket.priority, ticket.id, true, ticket, true));
    }
    this.#tell();
  }

  #open(
    set: LockSet,
    priority: number,
    id: string,
    holdsWhenReady: boolean,
    parent: Ticket | undefined,
    front: boolean,
  ): Ticket {
    if (priority < 0 || priority > 9) throw new Error(`lock priority ${priority} is out of range`);
    this.#sequence += 1;
    const order = front
      ? FRONT_KEY_ORIGIN / 16 + this.#sequence
      : this.#sequence + (9 - priority) * this.#headStart;
    const priorityClass = front ? FRONT_CLASS : priority;
    // The class in the last four bits keeps keys of different classes apart.
    const key = order * 16 + (FRONT_CLASS - priorityClass);
    const ticket = new Ticket(id, set, priority, priorityClass, key, holdsWhenReady, parent);
    ticket.slot = this.#allocateSlot(ticket);
    if (parent === undefined) this.#waiting += 1;
    if (holdsWhenReady && this.#passesEverywhere(set, key)) {
      this.#linkAll(ticket, false);
      this.#markHeld(ticket);
    } else {
      this.#linkAll(ticket, true);
      ticket.state = this.#blockers[ticket.slot] === 0 ? 'ready' : 'waiting';
    }
    return ticket;
  }

  #allocateSlot(ticket: Ticket): number {
    let slot = this.#freeSlots.pop();
    if (slot === undefined) {
      slot = this.#tickets.length;
      if (slot >= MAX_TICKETS) throw new HotslotError('QUEUE_FULL', { context: { limit: MAX_TICKETS } });
      if (slot >= this.#keys.length) {
        const keys = new Float64Array(slot * 2);
        keys.set(this.#keys);
        this.#keys = keys;
        const blockers = new Int32Array(slot * 2);
        blockers.set(this.#blockers);
        this.#blockers = blockers;
      }
    }
    this.#tickets[slot] = ticket;
    this.#keys[slot] = ticket.key;
    this.#blockers[slot] = 0;
    return slot;
  }

  #passesEverywhere(set: LockSet, key: number): boolean {
    for (let index = 0; index < set.accounts.length; index += 1) {
      const account = set.accounts[index]!;
      this.#rows.ensure(account);
      if (!this.#passes(account, set.writable[index]!, key)) return false;
    }
    return true;
  }

  /** Whether nothing at this account holds against, or goes before, a request with this key. */
  #passes(account: number, mode: number, key: number): boolean {
    const rows = this.#rows;
    if (rows.writerHolds[account] === 1 || key >= this.#firstKey(account, WRITE)) return false;
    return mode === READ || (rows.readersHold[account] === 0 && key < this.#firstKey(account, READ));
  }

  #listOf(account: number, priorityClass: number, mode: number): number {
    return (account * CLASS_COUNT + priorityClass) * 2 + mode;
  }

  /** The list whose head goes first among the waiters of a mode, or NONE. */
  #firstList(account: number, mode: number): number {
    let first = NONE;
    let least = Number.POSITIVE_INFINITY;
    for (let classes = this.#rows.waitingClasses[account * 2 + mode]!; classes !== 0; ) {
      const priorityClass = 31 - Math.clz32(classes);
      classes &= ~(1 << priorityClass);
      const list = this.#listOf(account, priorityClass, mode);
      const key = this.#keyOf(this.#rows.head[list]!);
      if (key < least) {
        least = key;
        first = list;
      }
    }
    return first;
  }

  #firstKey(account: number, mode: number): number {
    if (this.#rows.waitingClasses[account * 2 + mode] === 0) return Number.POSITIVE_INFINITY;
    return this.#keyOf(this.#rows.head[this.#firstList(account, mode)]!);
  }

  #keyOf(link: number): number {
    return this.#keys[this.#links.ticketSlot[link]!]!;
  }

  /** Makes a ticket's links; `queued` puts them into the accounts' waiting lists, else they hold at once. */
  #linkAll(ticket: Ticket, queued: boolean): void {
    const { accounts, writable, venue } = ticket.set;
    const links = this.#links;
    for (let index = accounts.length - 1; index >= 0; index -= 1) {
      const account = accounts[index]!;
      this.#rows.ensure(account);
      const link = links.allocate();
      links.ticketSlot[link] = ticket.slot;
      links.account[link] = account;
      links.flags[link] = (writable[index] === 1 ? LINK_WRITE : 0) | (venue[index] === 1 ? LINK_VENUE : 0);
      links.chain[link] = ticket.firstLink;
      ticket.firstLink = link;
      const mode = writable[index]!;
      const passes = !queued || this.#passes(account, mode, ticket.key);
      this.#blockThoseAfter(account, mode, ticket.key);
      if (queued) this.#append(link, account, ticket.priorityClass, mode, passes);
      else this.#setHolder(account, mode);
    }
  }

  #append(link: number, account: number, priorityClass: number, mode: number, passes: boolean): void {
    const { head, tail, waitingClasses, lastFreeReader } = this.#rows;
    const list = this.#listOf(account, priorityClass, mode);
    const last = tail[list]!;
    this.#links.previous[link] = last;
    this.#links.next[link] = NONE;
    if (last === NONE) head[list] = link;
    else this.#links.next[last] = link;
    tail[list] = link;
    waitingClasses[account * 2 + mode]! |= 1 << priorityClass;
    if (!passes) this.#block(link);
    else if (mode === READ) lastFreeReader[account * CLASS_COUNT + priorityClass] = link;
  }

  #setHolder(account: number, mode: number): void {
    if (mode === WRITE) this.#rows.writerHolds[account] = 1;
    else this.#rows.readersHold[account]! += 1;
  }

  /** A request with this key comes between: those after it that it conflicts with lose their clear way. */
  #blockThoseAfter(account: number, mode: number, key: number): void {
    const { waitingClasses, head, lastFreeReader } = this.#rows;
    if (waitingClasses[account * 2 + WRITE] !== 0) {
      const writer = head[this.#firstList(account, WRITE)]!;
      if ((this.#links.flags[writer]! & LINK_BLOCKED) === 0 && this.#keyOf(writer) > key) this.#block(writer);
    }
    if (mode === READ) return;
    for (let classes = waitingClasses[account * 2 + READ]!; classes !== 0; ) {
      const priorityClass = 31 - Math.clz32(classes);
      classes &= ~(1 << priorityClass);
      const row = account * CLASS_COUNT + priorityClass;
      let reader = lastFreeReader[row]!;
      while (reader !== NONE && this.#keyOf(reader) > key) {
        this.#block(reader);
        reader = this.#links.previous[reader]!;
      }
      lastFreeReader[row] = reader;
    }
  }

  /** Something left this account: whoever has a clear way now (a run of readers, or one writer) gets it. */
  #clearWay(account: number): void {
    const { writerHolds, readersHold, waitingClasses, head, lastFreeReader } = this.#rows;
    if (writerHolds[account] === 1) return;
    const firstWriterKey = this.#firstKey(account, WRITE);
    let readerFirst = false;
    for (let classes = waitingClasses[account * 2 + READ]!; classes !== 0; ) {
      const priorityClass = 31 - Math.clz32(classes);
      classes &= ~(1 << priorityClass);
      const row = account * CLASS_COUNT + priorityClass;
      const free = lastFreeReader[row]!;
      let reader =
        free === NONE ? head[this.#listOf(account, priorityClass, READ)]! : this.#links.next[free]!;
      while (reader !== NONE && this.#keyOf(reader) < firstWriterKey) {
        this.#unblock(reader);
        lastFreeReader[row] = reader;
        reader = this.#links.next[reader]!;
      }
      readerFirst ||= lastFreeReader[row] !== NONE;
    }
    if (readerFirst || readersHold[account] !== 0 || firstWriterKey === Number.POSITIVE_INFINITY) return;
    const writer = head[this.#firstList(account, WRITE)]!;
    if ((this.#links.flags[writer]! & LINK_BLOCKED) !== 0) this.#unblock(writer);
  }

  #block(link: number): void {
    this.#links.flags[link]! |= LINK_BLOCKED;
    const slot = this.#links.ticketSlot[link]!;
    this.#blockers[slot]! += 1;
    const ticket = this.#tickets[slot]!;
    if (ticket.state === 'ready') {
      ticket.state = 'waiting';
      this.#changed.push(ticket);
    }
  }

  #unblock(link: number): void {
    this.#links.flags[link]! &= ~LINK_BLOCKED;
    const slot = this.#links.ticketSlot[link]!;
    this.#blockers[slot]! -= 1;
    if (this.#blockers[slot] === 0) {
      const ticket = this.#tickets[slot]!;
      ticket.state = 'ready';
      this.#changed.push(ticket);
    }
  }

  #unlink(link: number): void {
    const { head, tail, waitingClasses, lastFreeReader } = this.#rows;
    const links = this.#links;
    const account = links.account[link]!;
    const mode = (links.flags[link]! & LINK_WRITE) === 0 ? READ : WRITE;
    const { priorityClass } = this.#tickets[links.ticketSlot[link]!]!;
    const list = this.#listOf(account, priorityClass, mode);
    const previous = links.previous[link]!;
    const next = links.next[link]!;
    if (previous === NONE) head[list] = next;
    else links.next[previous] = next;
    if (next === NONE) tail[list] = previous;
    else links.previous[next] = previous;
    if (head[list] === NONE) waitingClasses[account * 2 + mode]! &= ~(1 << priorityClass);
    const row = account * CLASS_COUNT + priorityClass;
    if (lastFreeReader[row] === link) lastFreeReader[row] = previous;
  }

  #take(ticket: Ticket): void {
    const links = this.#links;
    for (let link = ticket.firstLink; link !== NONE; link = links.chain[link]!) {
      this.#unlink(link);
      this.#setHolder(links.account[link]!, (links.flags[link]! & LINK_WRITE) === 0 ? READ : WRITE);
    }
    this.#markHeld(ticket);
  }

  #markHeld(ticket: Ticket): void {
    ticket.state = 'held';
    ticket.heldCount = ticket.set.accounts.length;
    if (ticket.parent !== undefined) {
      ticket.parent.heldCount += 1;
      return;
    }
    this.#waiting -= 1;
    this.#held += 1;
  }

  /** Frees a held link and clears the way at its account. */
  #letGo(link: number): void {
    const account = this.#links.account[link]!;
    if ((this.#links.flags[link]! & LINK_WRITE) !== 0) this.#rows.writerHolds[account] = 0;
    else this.#rows.readersHold[account]! -= 1;
    this.#links.free(link);
    this.#clearWay(account);
  }

  #release(ticket: Ticket): void {
    if (ticket.state === 'released') return;
    const held = ticket.state === 'held';
    ticket.state = 'released';
    if (ticket.parent !== undefined) ticket.parent.heldCount -= held ? 1 : 0;
    else if (held) this.#held -= 1;
    else this.#waiting -= 1;
    for (let link = ticket.firstLink; link !== NONE; ) {
      const after = this.#links.chain[link]!;
      if (held) {
        this.#letGo(link);
      } else {
        const account = this.#links.account[link]!;
        this.#unlink(link);
        this.#links.free(link);
        this.#clearWay(account);
      }
      link = after;
    }
    ticket.firstLink = NONE;
    if (ticket.slot !== NONE) {
      this.#tickets[ticket.slot] = undefined;
      this.#freeSlots.push(ticket.slot);
      ticket.slot = NONE;
    }
    for (const part of ticket.regained) this.#release(part);
    ticket.regained = [];
    ticket.heldCount = 0;
  }

  /** Ends a step: takes for those who asked to hold, then tells listeners, who may start further steps. */
  #tell(): void {
    for (; this.#taken < this.#changed.length; this.#taken += 1) {
      const ticket = this.#changed[this.#taken]!;
      if (ticket.holdsWhenReady && ticket.state === 'ready') this.#take(ticket);
    }
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let index = 0; index < this.#changed.length; index += 1) this.#tellOf(this.#changed[index]!);
    } finally {
      this.#changed = [];
      this.#taken = 0;
      this.#telling = false;
    }
  }

  #tellOf(ticket: Ticket): void {
    if (ticket.parent !== undefined || ticket.state === 'released') return;
    for (const listener of this.#listeners) {
      if (ticket.state === 'waiting') listener.onUnready?.(ticket);
      else listener.onReady?.(ticket);
    }
  }
}
