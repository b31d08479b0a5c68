/**
 * When locks end. Their purpose: no two of our transactions that write one account are under way unprocessed at
 * once, and every quote is made on a state that already holds our own last trade on that pool. So a processed
 * trade's locks end when the pool as it was left by it, or later, has been published, or when its slot is complete.
 */
import type { CacheListener } from '../cache/types.js';
import type { PoolListener } from '../market/pool-book.js';
import type { PoolNews } from '../market/types.js';
import type { Address, Signature, Slot } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { TradeState } from '../model/trade-state.js';
import type { LockSet } from '../schedule/lock-set.js';
import type { Scheduler } from '../schedule/scheduler.js';
import type { BuildRequest } from '../threads/types.js';
import type { DeskPorts } from './ports.js';
import type { LiveTrade, TradeStore } from './trade-store.js';

const NO_LOCKS: LockSet = {
  accounts: new Int32Array(0),
  writable: new Uint8Array(0),
  venue: new Uint8Array(0),
};

/** States of attempts that are out and were not seen on the chain: theirs are the locks that count. */
const WITHOUT_NEWS: ReadonlySet<TradeState> = new Set<TradeState>(['signed', 'sent', 'unknown']);

export class LockKeeper implements CacheListener, PoolListener {
  readonly #ports: DeskPorts;
  readonly #scheduler: Scheduler;
  readonly #store: TradeStore;
  /** Landed trades whose pool has not caught up, by pool. */
  readonly #catchingUp = new Map<Address, Set<LiveTrade>>();
  /** Sent trades whose venue locks are still held, with the slot at which they are let go. */
  readonly #venueDue = new Map<LiveTrade, number>();
  /** Trades whose venue locks were let go without news of them, by pool. */
  readonly #pending = new Map<Address, Set<LiveTrade>>();

  constructor(ports: DeskPorts, scheduler: Scheduler, store: TradeStore) {
    this.#ports = ports;
    this.#scheduler = scheduler;
    this.#store = store;
  }

  /** A trade that sends nothing stands in nobody's way. */
  lockSetOf(trade: Trade): LockSet {
    const sendsNothing = trade.intent.dryRun || !this.#ports.settings.mayTradeLive;
    return sendsNothing ? NO_LOCKS : this.#ports.lockSet(trade);
  }

  isZeroForOne(trade: Trade): boolean {
    return this.#ports.poolKeys(trade.pool)?.mint0 === trade.intent.inputMint;
  }

  /** Our own trades on the pool whose outcome is not seen: quotes take the worse of with and without them. */
  pendingOn(trade: Trade): BuildRequest['pending'] {
    const pending = this.#pending.get(trade.pool);
    if (pending === undefined) return [];
    return [...pending].flatMap((live) => {
      const attempt = live.trade.attempts.at(-1);
      if (attempt === undefined || live.trade === trade) return [];
      return [
        {
          zeroForOne: this.isZeroForOne(live.trade),
          amountIn: attempt.quotedIn,
          amountOut: attempt.quotedOut,
        },
      ];
    });
  }

  /** The first bytes left, or none will: no more is known of it than of one that nobody sees again. */
  sent(live: LiveTrade): void {
    if (this.#ports.settings.lockRelease === 'sent') {
      this.#releaseTicket(live);
      return;
    }
    if (live.landedSlot === undefined) this.#holdVenue(live);
  }

  /** Seen processed. A failed landing updates no pool, so there is nothing to wait for. */
  processed(live: LiveTrade, slot: Slot, failed: boolean): void {
    this.#venueDue.delete(live);
    drop(this.#pending, live.trade.pool, live);
    if (this.#ports.settings.lockRelease === 'confirmed') return;
    // The pool's update often comes before the transaction's own.
    if (failed || live.poolSeenSlot === slot || this.#ports.slots.head() > slot) this.#releaseTicket(live);
    else add(this.#catchingUp, live.trade.pool, live);
  }

  confirmed(live: LiveTrade): void {
    this.release(live);
  }

  /** Its fork was lost: it may land again, so it takes its locks and its concurrency slot back. */
  lost(live: LiveTrade): void {
    live.poolSeenSlot = undefined;
    drop(this.#catchingUp, live.trade.pool, live);
    this.#scheduler.occupySlot(live.trade.id);
    if (live.ticket === undefined || this.#ports.settings.lockRelease === 'sent') return;
    this.#ports.locks.regain(live.ticket);
    this.#holdVenue(live);
  }

  /** A trade from before a restart holds its locks like one that was just sent. */
  resume(live: LiveTrade): void {
    const { trade } = live;
    const { locks } = this.#ports;
    live.ticket = locks.request(this.lockSetOf(trade), trade.intent.priority, trade.id, 'hold-front');
    if (live.ticket.state !== 'held') {
      // Another one that is out has some of them. Its bytes left long ago: it takes what is free and the rest
      // as that comes free, like one whose fork was lost.
      locks.release(live.ticket);
      locks.regain(live.ticket);
    }
    this.#scheduler.occupySlot(trade.id);
    this.sent(live);
  }

  /**
   * Locks anew from what is live: attempts without news take theirs as after a restart, and what no live trade holds
   * is let go.
   * @returns trades that have their locks anew, and locks that nobody accounted for
   */
  rebuild(): { rebuilt: number; strays: number; held: number } {
    const { locks } = this.#ports;
    const known = new Set([...this.#store.live()].map((live) => live.ticket));
    const strays = locks.heldTickets().filter((ticket) => !known.has(ticket));
    for (const ticket of strays) locks.release(ticket);
    const out = [...this.#store.live()].filter(({ trade }) => WITHOUT_NEWS.has(trade.state));
    // Between the letting go and the taking a queued trade could slip in.
    this.#scheduler.withoutStarts(() => {
      for (const live of out) this.release(live);
      for (const live of out) this.resume(live);
    });
    return { rebuilt: out.length, strays: strays.length, held: locks.heldCount };
  }

  /** Everything is over. */
  release(live: LiveTrade): void {
    this.#venueDue.delete(live);
    drop(this.#catchingUp, live.trade.pool, live);
    drop(this.#pending, live.trade.pool, live);
    this.#releaseTicket(live);
  }

  // --- news --------------------------------------------------------------------------------------------------

  onPool({ keys, slot, txnSignature, passedSignatures }: Omit<PoolNews, 'numbers'>): void {
    for (const signature of passedSignatures) this.#sawOnPool(signature, slot);
    if (txnSignature !== undefined) this.#sawOnPool(txnSignature, slot);
    for (const live of [...(this.#catchingUp.get(keys.pool) ?? [])]) {
      if (live.landedSlot !== undefined && slot > live.landedSlot) this.#caughtUp(live);
    }
  }

  #sawOnPool(signature: string, slot: Slot): void {
    const author = this.#store.bySignature(signature as Signature);
    if (author === undefined) return;
    author.poolSeenSlot = slot;
    if (this.#catchingUp.get(author.trade.pool)?.has(author) === true) this.#caughtUp(author);
  }

  onSlotComplete(slot: Slot): void {
    for (const waiting of [...this.#catchingUp.values()]) {
      for (const live of [...waiting]) {
        if (live.landedSlot !== undefined && live.landedSlot <= slot) this.#caughtUp(live);
      }
    }
  }

  onHead(head: Slot): void {
    for (const [live, dueSlot] of this.#venueDue) {
      if (head < dueSlot) continue;
      this.#venueDue.delete(live);
      add(this.#pending, live.trade.pool, live);
      if (live.ticket !== undefined) this.#ports.locks.releaseVenue(live.ticket);
    }
  }

  #holdVenue(live: LiveTrade): void {
    this.#venueDue.set(live, this.#ports.slots.head() + this.#ports.settings.venueLockSlots);
  }

  #caughtUp(live: LiveTrade): void {
    drop(this.#catchingUp, live.trade.pool, live);
    this.#releaseTicket(live);
  }

  #releaseTicket(live: LiveTrade): void {
    if (live.ticket !== undefined) this.#ports.locks.release(live.ticket);
  }
}

function add(sets: Map<Address, Set<LiveTrade>>, pool: Address, live: LiveTrade): void {
  const set = sets.get(pool);
  if (set) set.add(live);
  else sets.set(pool, new Set([live]));
}

function drop(sets: Map<Address, Set<LiveTrade>>, pool: Address, live: LiveTrade): void {
  const set = sets.get(pool);
  if (set?.delete(live) && set.size === 0) sets.delete(pool);
}
