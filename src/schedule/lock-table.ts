import { HotslotError } from '../errors/hotslot-error.js';
import { LockLines } from './lock-lines.js';
import { FRONT_CLASS, LINK_ACCOUNT, LINK_CHAIN, MAX_TICKETS, NONE, REGAIN_CLASS } from './lock-memory.js';
import type { LockSet } from './lock-set.js';
import { type LockListener, type LockMode, type LockTicket, Ticket } from './lock-ticket.js';

export type { LockListener, LockMode, LockState, LockTicket } from './lock-ticket.js';

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
 * Read and write locks over accounts. All requests have one order (priority with a head start, then first
 * come first served), the same at every account; a ticket is ready when at none of its accounts a
 * conflicting one holds or goes before it. Since the order is one, there is no deadlock; since it ages, no
 * starvation. Each step costs what the ticket's own accounts cost, whatever the number that wait.
 * Everything is synchronous; listeners are called after the table is consistent and may call back into it.
 */
export class LockTable {
  readonly #lines: LockLines;
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
    this.#lines = new LockLines({
      onBlocked: (slot) => this.#onBlocked(slot),
      onUnblocked: (slot) => this.#onUnblocked(slot),
    });
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
      const { rows } = this.#lines.links;
      const after = rows[link + LINK_CHAIN]!;
      if (!this.#lines.isOfVenue(link)) {
        before = link;
      } else {
        if (before === NONE) ticket.firstLink = after;
        else rows[before + LINK_CHAIN] = after;
        this.#lines.letGo(link);
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
    const { rows } = this.#lines.links;
    for (let link = ticket.firstLink; link !== NONE; link = rows[link + LINK_CHAIN]!) {
      has.add(rows[link + LINK_ACCOUNT]!);
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
      this.#lines.ensure(account);
      if (!this.#lines.passes(account, set.writable[index]!, key)) return false;
    }
    return true;
  }

  /** Makes a ticket's links; `queued` puts them into the accounts' waiting lists, else they hold at once. */
  #linkAll(ticket: Ticket, queued: boolean): void {
    const { accounts, writable, venue } = ticket.set;
    for (let index = accounts.length - 1; index >= 0; index -= 1) {
      const account = accounts[index]!;
      const mode = writable[index]!;
      this.#lines.ensure(account);
      const link = this.#lines.makeLink(ticket.slot, account, mode, venue[index] === 1, ticket.key);
      this.#lines.links.rows[link + LINK_CHAIN] = ticket.firstLink;
      ticket.firstLink = link;
      const passes = !queued || this.#lines.passes(account, mode, ticket.key);
      this.#lines.blockThoseAfter(account, mode, ticket.key);
      if (queued) this.#lines.append(link, account, ticket.priorityClass, mode, passes);
      else this.#lines.setHolder(account, mode);
    }
  }

  #onBlocked(slot: number): void {
    this.#blockers[slot]! += 1;
    const ticket = this.#tickets[slot]!;
    if (ticket.state === 'ready') {
      ticket.state = 'waiting';
      this.#changed.push(ticket);
    }
  }

  #onUnblocked(slot: number): void {
    this.#blockers[slot]! -= 1;
    if (this.#blockers[slot] === 0) {
      const ticket = this.#tickets[slot]!;
      ticket.state = 'ready';
      this.#changed.push(ticket);
    }
  }

  #take(ticket: Ticket): void {
    const { rows } = this.#lines.links;
    for (let link = ticket.firstLink; link !== NONE; link = rows[link + LINK_CHAIN]!) {
      this.#lines.unlink(link, ticket.priorityClass);
      this.#lines.setHolder(rows[link + LINK_ACCOUNT]!, this.#lines.modeOf(link));
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

  #release(ticket: Ticket): void {
    if (ticket.state === 'released') return;
    const held = ticket.state === 'held';
    ticket.state = 'released';
    if (ticket.parent !== undefined) ticket.parent.heldCount -= held ? 1 : 0;
    else if (held) this.#held -= 1;
    else this.#waiting -= 1;
    for (let link = ticket.firstLink; link !== NONE; ) {
      const after = this.#lines.links.rows[link + LINK_CHAIN]!;
      if (held) this.#lines.letGo(link);
      else this.#lines.leave(link, ticket.priorityClass);
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
