import { HotslotError } from '../errors/hotslot-error.js';
import {
  AccountRows,
  accountIndex,
  FLAG_BLOCKED,
  FLAG_VENUE,
  FLAG_WRITE,
  FRONT_CLASS,
  headIndex,
  keyIndex,
  LINK_ACCOUNT,
  LINK_CHAIN,
  LINK_FLAGS,
  LINK_NEXT,
  LINK_PREVIOUS,
  LINK_TICKET_SLOT,
  LinkRows,
  lastFreeReaderIndex,
  MAX_TICKETS,
  NONE,
  READ,
  READERS_HOLD,
  REGAIN_CLASS,
  TAIL_AFTER_HEAD,
  WAITING_CLASSES,
  WRITE,
  WRITER_HOLDS,
} from './lock-memory.js';
import type { LockSet } from './lock-set.js';

/**
 * How many requests a class is ahead of the class below it. A trade of class 5 goes before every waiting
 * trade of class 4 that asked within the last 4,096 requests, but not before an older one: so priority
 * decides in practice, and at most (9 - class) · PRIORITY_HEAD_START later trades can ever overtake one.
 */
export const PRIORITY_HEAD_START = 4096;

/** Orders of class FRONT_CLASS start here, below every one of the classes 0 to 9. */
const FRONT_ORDER_ORIGIN = -(2 ** 48);
/** And those of REGAIN_CLASS here, below even these. */
const REGAIN_ORDER_ORIGIN = -(2 ** 48) - 2 ** 47;

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
    /** REGAIN_CLASS, FRONT_CLASS, or the priority. */
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
  readonly #accounts = new AccountRows();
  readonly #links = new LinkRows();
  readonly #tickets: (Ticket | undefined)[] = [];
  readonly #freeSlots: number[] = [];
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

  /** Every ticket that holds locks. */
  heldTickets(): LockTicket[] {
    return this.#tickets.filter(
      (ticket) => ticket?.parent === undefined && ticket?.state === 'held',
    ) as Ticket[];
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
      const after = this.#links.rows[link + LINK_CHAIN]!;
      if ((this.#links.rows[link + LINK_FLAGS]! & FLAG_VENUE) === 0) {
        before = link;
      } else {
        if (before === NONE) ticket.firstLink = after;
        else this.#links.rows[before + LINK_CHAIN] = after;
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
    for (let link = ticket.firstLink; link !== NONE; link = this.#links.rows[link + LINK_CHAIN]!) {
      has.add(this.#links.rows[link + LINK_ACCOUNT]!);
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
    const priorityClass = parent !== undefined ? REGAIN_CLASS : front ? FRONT_CLASS : priority;
    // The class in the last four bits keeps keys of different classes apart.
    const key = this.#orderOf(priorityClass) * 16 + (REGAIN_CLASS - priorityClass);
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

  #orderOf(priorityClass: number): number {
    if (priorityClass === REGAIN_CLASS) return REGAIN_ORDER_ORIGIN + this.#sequence;
    if (priorityClass === FRONT_CLASS) return FRONT_ORDER_ORIGIN + this.#sequence;
    return this.#sequence + (9 - priorityClass) * this.#headStart;
  }

  #allocateSlot(ticket: Ticket): number {
    let slot = this.#freeSlots.pop();
    if (slot === undefined) {
      slot = this.#tickets.length;
      if (slot >= MAX_TICKETS) throw new HotslotError('QUEUE_FULL', { context: { limit: MAX_TICKETS } });
      if (slot >= this.#blockers.length) {
        const blockers = new Int32Array(slot * 2);
        blockers.set(this.#blockers);
        this.#blockers = blockers;
      }
    }
    this.#tickets[slot] = ticket;
    this.#blockers[slot] = 0;
    return slot;
  }

  #passesEverywhere(set: LockSet, key: number): boolean {
    for (let index = 0; index < set.accounts.length; index += 1) {
      const account = set.accounts[index]!;
      this.#accounts.ensure(account);
      if (!this.#passes(account, set.writable[index]!, key)) return false;
    }
    return true;
  }

  /** Whether nothing at this account holds against, or goes before, a request with this key. */
  #passes(account: number, mode: number, key: number): boolean {
    const { rows } = this.#accounts;
    const row = accountIndex(account);
    if (rows[row + WRITER_HOLDS] !== 0 || key >= this.#firstKey(account, WRITE)) return false;
    return mode === READ || (rows[row + READERS_HOLD] === 0 && key < this.#firstKey(account, READ));
  }

  /** The link that goes first among the waiters of a mode, or NONE. */
  #firstLink(account: number, mode: number): number {
    const { rows } = this.#accounts;
    let first = NONE;
    let least = Number.POSITIVE_INFINITY;
    for (let classes = rows[accountIndex(account) + WAITING_CLASSES + mode]!; classes !== 0; ) {
      const priorityClass = 31 - Math.clz32(classes);
      classes &= ~(1 << priorityClass);
      const head = rows[headIndex(account, priorityClass, mode)]!;
      const key = this.#keyOf(head);
      if (key < least) {
        least = key;
        first = head;
      }
    }
    return first;
  }

  #firstKey(account: number, mode: number): number {
    const first = this.#firstLink(account, mode);
    return first === NONE ? Number.POSITIVE_INFINITY : this.#keyOf(first);
  }

  #keyOf(link: number): number {
    return this.#links.keys[keyIndex(link)]!;
  }

  /** Makes a ticket's links; `queued` puts them into the accounts' waiting lists, else they hold at once. */
  #linkAll(ticket: Ticket, queued: boolean): void {
    const { accounts, writable, venue } = ticket.set;
    for (let index = accounts.length - 1; index >= 0; index -= 1) {
      const account = accounts[index]!;
      const mode = writable[index]!;
      this.#accounts.ensure(account);
      const link = this.#links.allocate();
      const { rows, keys } = this.#links;
      rows[link + LINK_TICKET_SLOT] = ticket.slot;
      rows[link + LINK_ACCOUNT] = account;
      rows[link + LINK_FLAGS] = (mode === WRITE ? FLAG_WRITE : 0) | (venue[index] === 1 ? FLAG_VENUE : 0);
      rows[link + LINK_CHAIN] = ticket.firstLink;
      keys[keyIndex(link)] = ticket.key;
      ticket.firstLink = link;
      const passes = !queued || this.#passes(account, mode, ticket.key);
      this.#blockThoseAfter(account, mode, ticket.key);
      if (queued) this.#append(link, account, ticket.priorityClass, mode, passes);
      else this.#setHolder(account, mode);
    }
  }

  #append(link: number, account: number, priorityClass: number, mode: number, passes: boolean): void {
    const { rows } = this.#accounts;
    const head = headIndex(account, priorityClass, mode);
    const last = rows[head + TAIL_AFTER_HEAD]!;
    this.#links.rows[link + LINK_PREVIOUS] = last;
    this.#links.rows[link + LINK_NEXT] = NONE;
    if (last === NONE) rows[head] = link;
    else this.#links.rows[last + LINK_NEXT] = link;
    rows[head + TAIL_AFTER_HEAD] = link;
    rows[accountIndex(account) + WAITING_CLASSES + mode]! |= 1 << priorityClass;
    if (!passes) this.#block(link);
    else if (mode === READ) rows[lastFreeReaderIndex(account, priorityClass)] = link;
  }

  #setHolder(account: number, mode: number): void {
    if (mode === WRITE) this.#accounts.rows[accountIndex(account) + WRITER_HOLDS] = 1;
    else this.#accounts.rows[accountIndex(account) + READERS_HOLD]! += 1;
  }

  /** A request with this key comes between: those after it that it conflicts with lose their clear way. */
  #blockThoseAfter(account: number, mode: number, key: number): void {
    const { rows } = this.#accounts;
    const writer = this.#firstLink(account, WRITE);
    if (writer !== NONE && !this.#isBlocked(writer) && this.#keyOf(writer) > key) this.#block(writer);
    if (mode === READ) return;
    for (let classes = rows[accountIndex(account) + WAITING_CLASSES + READ]!; classes !== 0; ) {
      const priorityClass = 31 - Math.clz32(classes);
      classes &= ~(1 << priorityClass);
      const free = lastFreeReaderIndex(account, priorityClass);
      let reader = rows[free]!;
      while (reader !== NONE && this.#keyOf(reader) > key) {
        this.#block(reader);
        reader = this.#links.rows[reader + LINK_PREVIOUS]!;
      }
      rows[free] = reader;
    }
  }

  /** Something left this account: whoever has a clear way now (a run of readers, or one writer) gets it. */
  #clearWay(account: number): void {
    const { rows } = this.#accounts;
    const row = accountIndex(account);
    if (rows[row + WRITER_HOLDS] !== 0) return;
    const writer = this.#firstLink(account, WRITE);
    const firstWriterKey = writer === NONE ? Number.POSITIVE_INFINITY : this.#keyOf(writer);
    let readerFirst = false;
    for (let classes = rows[row + WAITING_CLASSES + READ]!; classes !== 0; ) {
      const priorityClass = 31 - Math.clz32(classes);
      classes &= ~(1 << priorityClass);
      const free = lastFreeReaderIndex(account, priorityClass);
      const last = rows[free]!;
      let reader =
        last === NONE ? rows[headIndex(account, priorityClass, READ)]! : this.#links.rows[last + LINK_NEXT]!;
      while (reader !== NONE && this.#keyOf(reader) < firstWriterKey) {
        this.#unblock(reader);
        rows[free] = reader;
        reader = this.#links.rows[reader + LINK_NEXT]!;
      }
      readerFirst ||= rows[free] !== NONE;
    }
    if (readerFirst || writer === NONE || rows[row + READERS_HOLD] !== 0) return;
    if (this.#isBlocked(writer)) this.#unblock(writer);
  }

  #isBlocked(link: number): boolean {
    return (this.#links.rows[link + LINK_FLAGS]! & FLAG_BLOCKED) !== 0;
  }

  #block(link: number): void {
    this.#links.rows[link + LINK_FLAGS]! |= FLAG_BLOCKED;
    const slot = this.#links.rows[link + LINK_TICKET_SLOT]!;
    this.#blockers[slot]! += 1;
    const ticket = this.#tickets[slot]!;
    if (ticket.state === 'ready') {
      ticket.state = 'waiting';
      this.#changed.push(ticket);
    }
  }

  #unblock(link: number): void {
    this.#links.rows[link + LINK_FLAGS]! &= ~FLAG_BLOCKED;
    const slot = this.#links.rows[link + LINK_TICKET_SLOT]!;
    this.#blockers[slot]! -= 1;
    if (this.#blockers[slot] === 0) {
      const ticket = this.#tickets[slot]!;
      ticket.state = 'ready';
      this.#changed.push(ticket);
    }
  }

  #unlink(link: number, priorityClass: number): void {
    const { rows } = this.#accounts;
    const links = this.#links.rows;
    const account = links[link + LINK_ACCOUNT]!;
    const mode = (links[link + LINK_FLAGS]! & FLAG_WRITE) === 0 ? READ : WRITE;
    const head = headIndex(account, priorityClass, mode);
    const previous = links[link + LINK_PREVIOUS]!;
    const next = links[link + LINK_NEXT]!;
    if (previous === NONE) rows[head] = next;
    else links[previous + LINK_NEXT] = next;
    if (next === NONE) rows[head + TAIL_AFTER_HEAD] = previous;
    else links[next + LINK_PREVIOUS] = previous;
    if (rows[head] === NONE) rows[accountIndex(account) + WAITING_CLASSES + mode]! &= ~(1 << priorityClass);
    const free = lastFreeReaderIndex(account, priorityClass);
    if (rows[free] === link) rows[free] = previous;
  }

  #take(ticket: Ticket): void {
    const { rows } = this.#links;
    for (let link = ticket.firstLink; link !== NONE; link = rows[link + LINK_CHAIN]!) {
      this.#unlink(link, ticket.priorityClass);
      this.#setHolder(
        rows[link + LINK_ACCOUNT]!,
        (rows[link + LINK_FLAGS]! & FLAG_WRITE) === 0 ? READ : WRITE,
      );
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
    const account = this.#links.rows[link + LINK_ACCOUNT]!;
    if ((this.#links.rows[link + LINK_FLAGS]! & FLAG_WRITE) !== 0)
      this.#accounts.rows[accountIndex(account) + WRITER_HOLDS] = 0;
    else this.#accounts.rows[accountIndex(account) + READERS_HOLD]! -= 1;
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
      const after = this.#links.rows[link + LINK_CHAIN]!;
      if (held) {
        this.#letGo(link);
      } else {
        const account = this.#links.rows[link + LINK_ACCOUNT]!;
        this.#unlink(link, ticket.priorityClass);
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
