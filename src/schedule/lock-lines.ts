/**
 * The lines at accounts: who holds each, and who waits for it in which order. A waiting link that something at its
 * account holds against, or goes before, is blocked. Every step costs what the links concerned cost.
 */
import {
  AccountRows,
  accountIndex,
  FLAG_BLOCKED,
  FLAG_VENUE,
  FLAG_WRITE,
  headIndex,
  keyIndex,
  LINK_ACCOUNT,
  LINK_FLAGS,
  LINK_NEXT,
  LINK_PREVIOUS,
  LINK_TICKET_SLOT,
  LinkRows,
  lastFreeReaderIndex,
  NONE,
  READ,
  READERS_HOLD,
  TAIL_AFTER_HEAD,
  WAITING_CLASSES,
  WRITE,
  WRITER_HOLDS,
} from './lock-memory.js';

/** Hears which tickets' links are blocked and which are free again, by the tickets' slots. */
export interface LinkListener {
  onBlocked(ticketSlot: number): void;
  onUnblocked(ticketSlot: number): void;
}

export class LockLines {
  readonly #accounts = new AccountRows();
  readonly links = new LinkRows();
  readonly #listener: LinkListener;

  constructor(listener: LinkListener) {
    this.#listener = listener;
  }

  /** Makes room for an account. */
  ensure(account: number): void {
    this.#accounts.ensure(account);
  }

  /** A link of a ticket to an account, in no line yet. */
  makeLink(ticketSlot: number, account: number, mode: number, isVenue: boolean, key: number): number {
    const link = this.links.allocate();
    const { rows, keys } = this.links;
    rows[link + LINK_TICKET_SLOT] = ticketSlot;
    rows[link + LINK_ACCOUNT] = account;
    rows[link + LINK_FLAGS] = (mode === WRITE ? FLAG_WRITE : 0) | (isVenue ? FLAG_VENUE : 0);
    keys[keyIndex(link)] = key;
    return link;
  }

  modeOf(link: number): number {
    return (this.links.rows[link + LINK_FLAGS]! & FLAG_WRITE) === 0 ? READ : WRITE;
  }

  isOfVenue(link: number): boolean {
    return (this.links.rows[link + LINK_FLAGS]! & FLAG_VENUE) !== 0;
  }

  /** Frees a link that waits. */
  leave(link: number, priorityClass: number): void {
    const account = this.links.rows[link + LINK_ACCOUNT]!;
    this.unlink(link, priorityClass);
    this.links.free(link);
    this.clearWay(account);
  }

  /** Whether nothing at this account holds against, or goes before, a request with this key. */
  passes(account: number, mode: number, key: number): boolean {
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
    return this.links.keys[keyIndex(link)]!;
  }

  append(link: number, account: number, priorityClass: number, mode: number, passes: boolean): void {
    const { rows } = this.#accounts;
    const head = headIndex(account, priorityClass, mode);
    const last = rows[head + TAIL_AFTER_HEAD]!;
    this.links.rows[link + LINK_PREVIOUS] = last;
    this.links.rows[link + LINK_NEXT] = NONE;
    if (last === NONE) rows[head] = link;
    else this.links.rows[last + LINK_NEXT] = link;
    rows[head + TAIL_AFTER_HEAD] = link;
    rows[accountIndex(account) + WAITING_CLASSES + mode]! |= 1 << priorityClass;
    if (!passes) this.#block(link);
    else if (mode === READ) rows[lastFreeReaderIndex(account, priorityClass)] = link;
  }

  setHolder(account: number, mode: number): void {
    if (mode === WRITE) this.#accounts.rows[accountIndex(account) + WRITER_HOLDS] = 1;
    else this.#accounts.rows[accountIndex(account) + READERS_HOLD]! += 1;
  }

  /** A request with this key comes between: those after it that it conflicts with lose their clear way. */
  blockThoseAfter(account: number, mode: number, key: number): void {
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
        reader = this.links.rows[reader + LINK_PREVIOUS]!;
      }
      rows[free] = reader;
    }
  }

  /** Something left this account: whoever has a clear way now (a run of readers, or one writer) gets it. */
  clearWay(account: number): void {
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
        last === NONE ? rows[headIndex(account, priorityClass, READ)]! : this.links.rows[last + LINK_NEXT]!;
      while (reader !== NONE && this.#keyOf(reader) < firstWriterKey) {
        this.#unblock(reader);
        rows[free] = reader;
        reader = this.links.rows[reader + LINK_NEXT]!;
      }
      readerFirst ||= rows[free] !== NONE;
    }
    if (readerFirst || writer === NONE || rows[row + READERS_HOLD] !== 0) return;
    if (this.#isBlocked(writer)) this.#unblock(writer);
  }

  unlink(link: number, priorityClass: number): void {
    const { rows } = this.#accounts;
    const links = this.links.rows;
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

  /** Frees a held link and clears the way at its account. */
  letGo(link: number): void {
    const account = this.links.rows[link + LINK_ACCOUNT]!;
    if ((this.links.rows[link + LINK_FLAGS]! & FLAG_WRITE) !== 0)
      this.#accounts.rows[accountIndex(account) + WRITER_HOLDS] = 0;
    else this.#accounts.rows[accountIndex(account) + READERS_HOLD]! -= 1;
    this.links.free(link);
    this.clearWay(account);
  }

  #isBlocked(link: number): boolean {
    return (this.links.rows[link + LINK_FLAGS]! & FLAG_BLOCKED) !== 0;
  }

  #block(link: number): void {
    this.links.rows[link + LINK_FLAGS]! |= FLAG_BLOCKED;
    this.#listener.onBlocked(this.links.rows[link + LINK_TICKET_SLOT]!);
  }

  #unblock(link: number): void {
    this.links.rows[link + LINK_FLAGS]! &= ~FLAG_BLOCKED;
    this.#listener.onUnblocked(this.links.rows[link + LINK_TICKET_SLOT]!);
  }
}
