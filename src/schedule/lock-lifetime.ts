import type { Address, Slot, TradeId } from '../model/brands.js';
import type { LockTable, LockTicket } from './lock-table.js';

/**
 * LOCK_RELEASE: when a started trade's locks end. `sent`: as soon as its bytes are out (most trades a
 * second; quotes do not know of it). `processed` (default): when the pool that others would quote on holds
 * it. `confirmed`: when its fork has two thirds of the votes (fewest surprises, least speed).
 */
export type LockRelease = 'sent' | 'processed' | 'confirmed';

/** Default of VENUE_LOCK_SLOTS. */
export const DEFAULT_VENUE_LOCK_SLOTS = 4;

interface Life {
  readonly id: TradeId;
  readonly ticket: LockTicket;
  readonly pool: Address;
  /** Venue accounts are let go once the head is here; undefined while the trade is not sent or seen landed. */
  venueUntilSlot: number | undefined;
  /** Whether the pool as we see it holds the trade, or the trade failed and never will touch it. */
  reflected: boolean;
}

/**
 * Ends the locks of started trades at the right moments: at the point of LOCK_RELEASE; or, for the venue's
 * accounts only, VENUE_LOCK_SLOTS after the first send, so that a lost transaction does not hold a pool for
 * a minute. `finish` at the proven end lets go of whatever is left.
 */
export class LockLifetime {
  readonly #locks: LockTable;
  readonly #release: LockRelease;
  readonly #venueLockSlots: number;
  readonly #lives = new Map<TradeId, Life>();

  constructor(options: { locks: LockTable; release?: LockRelease; venueLockSlots?: number }) {
    this.#locks = options.locks;
    this.#release = options.release ?? 'processed';
    this.#venueLockSlots = options.venueLockSlots ?? DEFAULT_VENUE_LOCK_SLOTS;
  }

  /** Started trades whose end is not proven. */
  get size(): number {
    return this.#lives.size;
  }

  /** A trade was started with these locks. */
  start(id: TradeId, ticket: LockTicket, pool: Address): void {
    if (this.#lives.has(id)) throw new Error(`trade ${id} has locks already`);
    this.#lives.set(id, { id, ticket, pool, venueUntilSlot: undefined, reflected: false });
  }

  /** Its bytes left for the first time, at this head slot. */
  sent(id: TradeId, headSlot: Slot): void {
    const life = this.#lives.get(id);
    if (life === undefined || life.reflected) return;
    if (this.#release === 'sent') this.#locks.release(life.ticket);
    else life.venueUntilSlot ??= headSlot + this.#venueLockSlots;
  }

  /**
   * Pool updates that bear the trade's own signature, or later ones, have arrived; or the transaction
   * update of its failed landing, which updates no pool.
   */
  reflected(id: TradeId): void {
    const life = this.#lives.get(id);
    if (life === undefined) return;
    life.reflected = true;
    life.venueUntilSlot = undefined;
    if (this.#release !== 'confirmed') this.#locks.release(life.ticket);
  }

  /** It is confirmed: under any setting nothing is held any longer. */
  confirmed(id: TradeId): void {
    const life = this.#lives.get(id);
    if (life === undefined) return;
    life.reflected = true;
    life.venueUntilSlot = undefined;
    this.#locks.release(life.ticket);
  }

  /** The fork that held it was lost: it may land again, so it takes back what it let go (LockTable.regain). */
  forkLost(id: TradeId, headSlot: Slot): void {
    const life = this.#lives.get(id);
    if (life === undefined) return;
    life.reflected = false;
    if (this.#release === 'sent') return;
    life.venueUntilSlot = headSlot + this.#venueLockSlots;
    this.#locks.regain(life.ticket);
  }

  /** The head moved on: venues held too long are let go. */
  head(slot: Slot): void {
    for (const life of this.#lives.values()) {
      if (life.venueUntilSlot === undefined || slot < life.venueUntilSlot) continue;
      life.venueUntilSlot = undefined;
      this.#locks.releaseVenue(life.ticket);
    }
  }

  /** Its end is proven, or nothing of it was ever signed. */
  finish(id: TradeId): void {
    const life = this.#lives.get(id);
    if (life === undefined) return;
    this.#lives.delete(id);
    this.#locks.release(life.ticket);
  }

  /**
   * Started trades on a pool that the pool as we see it does not hold: a quote takes the worse of with and
   * without each of them.
   */
  unreflectedOn(pool: Address, besides?: TradeId): TradeId[] {
    const ids: TradeId[] = [];
    for (const life of this.#lives.values()) {
      if (life.pool === pool && !life.reflected && life.id !== besides) ids.push(life.id);
    }
    return ids;
  }
}
