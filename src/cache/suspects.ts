/**
 * Which accounts may be stale, since when, and what repairs them. A gap makes accounts suspect with the slot at
 * which a fetched state makes up for it; a state fetched at that slot or later, once it is in the head's view,
 * arms the account again. Should the slot of that state then be lost, the account is suspect as before.
 */
import type { Address, Slot } from '../model/brands.js';
import type { StreamGap } from '../stream/types.js';

interface Repair {
  readonly slot: Slot;
  readonly requirement: number;
}

export class Suspects {
  /** Suspect accounts with the requirement that is their own; the gap of all accounts comes on top. */
  readonly #own = new Map<Address, number>();
  /** Suspect accounts that were fetched at a slot which is not in the head's view yet. */
  readonly #waiting = new Map<Address, Slot>();
  /** Armed by a fetch whose slot may still be lost. */
  readonly #repairs = new Map<Address, Repair>();
  /** Trusted accounts that are fetched again all the same, with the slot from which an answer is of use. */
  readonly #doubts = new Map<Address, number>();
  #allRequirement = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#own.size;
  }

  has(address: Address): boolean {
    return this.#own.has(address);
  }

  /** A newly tracked account: suspect until a gap report covers it and a fetch repairs it. */
  add(address: Address): void {
    this.#own.set(address, Number.POSITIVE_INFINITY);
  }

  remove(address: Address): void {
    this.#own.delete(address);
    this.#waiting.delete(address);
    this.#repairs.delete(address);
    this.#doubts.delete(address);
  }

  /**
   * Takes a gap report.
   * @param tracked every tracked account
   * @returns the accounts that were not suspect before
   */
  gap(gap: StreamGap, tracked: Iterable<Address>): Address[] {
    const requirement = gap.open ? Number.POSITIVE_INFINITY : (gap.repairFrom ?? gap.resumedAt);
    const fresh: Address[] = [];
    if (gap.covered === true) {
      for (const address of gap.accounts ?? tracked) this.#doubts.set(address, requirement);
      return fresh;
    }
    if (gap.eased === true) {
      this.#allRequirement = Math.min(this.#allRequirement, requirement);
      return fresh;
    }
    if (gap.accounts === undefined) this.#allRequirement = this.#widened(gap, requirement);
    for (const address of gap.accounts ?? tracked) {
      const own = this.#own.get(address);
      if (own === undefined) fresh.push(address);
      if (gap.accounts !== undefined) this.#own.set(address, requirement);
      else if (own === undefined || gap.reason !== 'missingSlot') this.#own.set(address, 0);
      this.#waiting.delete(address);
      this.#repairs.delete(address);
    }
    return fresh;
  }

  /**
   * A session's gap takes in whatever was open and replaces what it asked for. A hole inside a session does not: it may
   * lie below one that is open still, and what that one missed is no older for it.
   */
  #widened(gap: StreamGap, requirement: number): number {
    return gap.reason === 'missingSlot' ? Math.max(this.#allRequirement, requirement) : requirement;
  }

  /**
   * Makes accounts suspect until they are fetched at this slot or later, whatever else they wait for.
   * @returns the accounts that were not suspect before
   */
  raise(addresses: Iterable<Address>, requirement: Slot): Address[] {
    const fresh: Address[] = [];
    for (const address of addresses) {
      const own = this.#own.get(address);
      if (own === undefined) fresh.push(address);
      this.#own.set(address, Math.max(own ?? 0, requirement));
      this.#waiting.delete(address);
      this.#repairs.delete(address);
    }
    return fresh;
  }

  /** Slot from which a fetched state repairs the account; Infinity while that is not known. */
  requirement(address: Address): number {
    return Math.max(this.#own.get(address) ?? 0, this.#allRequirement);
  }

  /** Accounts to fetch now that this slot is confirmed, and the slot that the answer must have reached. */
  due(confirmed: Slot): { readonly addresses: Address[]; readonly minContextSlot: Slot } | undefined {
    const addresses: Address[] = [];
    let minContextSlot = 0;
    for (const address of this.#own.keys()) {
      const requirement = this.requirement(address);
      if (requirement > confirmed || this.#waiting.has(address)) continue;
      addresses.push(address);
      minContextSlot = Math.max(minContextSlot, requirement);
    }
    for (const [address, requirement] of this.#doubts) {
      if (requirement > confirmed || this.#own.has(address)) continue;
      addresses.push(address);
      minContextSlot = Math.max(minContextSlot, requirement);
    }
    return addresses.length === 0 ? undefined : { addresses, minContextSlot: minContextSlot as Slot };
  }

  /** Whether a state fetched at this slot is new enough to be taken at all. */
  accepts(address: Address, slot: Slot): boolean {
    if (this.#own.has(address)) return slot >= this.requirement(address);
    return slot >= (this.#doubts.get(address) ?? Number.POSITIVE_INFINITY);
  }

  /** The account was fetched at this slot; whether that arms a suspect one, `arm` decides. */
  fetched(address: Address, slot: Slot): void {
    if (slot >= (this.#doubts.get(address) ?? 0)) this.#doubts.delete(address);
    if (this.#own.has(address)) this.#waiting.set(address, slot);
  }

  /** Arms what was fetched at a slot that counts in the head's view; answers the armed accounts. */
  arm(counts: (slot: Slot) => boolean): Address[] {
    const armed: Address[] = [];
    for (const [address, slot] of this.#waiting) {
      if (!counts(slot)) continue;
      this.#waiting.delete(address);
      this.#repairs.set(address, { slot, requirement: this.requirement(address) });
      this.#own.delete(address);
      armed.push(address);
    }
    return armed;
  }

  /** Slots fell out of the head's view: what was repaired by a state fetched there is suspect again. */
  slotsRemoved(removed: readonly Slot[]): Address[] {
    if (removed.length === 0 || this.#repairs.size === 0) return [];
    const gone = new Set(removed);
    const fresh: Address[] = [];
    for (const [address, repair] of this.#repairs) {
      if (!gone.has(repair.slot)) continue;
      this.#repairs.delete(address);
      this.#own.set(address, repair.requirement);
      fresh.push(address);
    }
    return fresh;
  }

  /** A fetched state at or below the root cannot be lost any more; one that waits for a lost slot is dropped. */
  rooted(root: Slot, isLost: (slot: Slot) => boolean): void {
    for (const [address, repair] of this.#repairs) if (repair.slot <= root) this.#repairs.delete(address);
    for (const [address, slot] of this.#waiting) if (isLost(slot)) this.#waiting.delete(address);
  }
}
