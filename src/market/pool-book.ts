/**
 * Groups the accounts of each pool and publishes them whole, at transaction boundaries: a swap writes the pool's
 * state and both vaults, and a price made from one of them alone is wrong ("half a swap").
 */
import type { AccountVersion, AccountView, CacheListener } from '../cache/types.js';
import type { Address, Slot } from '../model/brands.js';
import {
  AMM_STATE_PARTS,
  decodeNumbers,
  isOneState,
  newPoolEntry,
  PART,
  POOL_PARTS,
  type PoolEntry,
  partAddresses,
  snapshotOf,
} from './pool-entry.js';
import { decodePoolKeys, isPoolState } from './raydium-cpmm-layout.js';
import { RAYDIUM_CPMM_PROGRAM } from './raydium-cpmm-program.js';
import { TOKEN_2022_PROGRAM } from './transfer-fee.js';
import type { PoolKeys, PoolNews, PoolSnapshot } from './types.js';

export interface PoolListener {
  /** A pool as it stands between two transactions. What is told is overwritten by the next publication. */
  onPool(news: PoolNews): void;
  /** Nothing is known of the pool any more (rolled back to before it, or an account vanished). */
  onPoolLost?(pool: Address, keys: PoolKeys): void;
  /** The last snapshot may not stand any more, and the next one is not whole yet: the age is Infinity until it comes. */
  onPoolUnsettled?(pool: Address): void;
}

export interface PoolBookOptions {
  readonly accounts: AccountView;
  /** Epoch of a slot: decides which Token-2022 transfer fee is in force. */
  readonly epochOf: (slot: Slot) => bigint;
}

/** Most pools that one executor follows. */
export const MAX_POOLS = 1024;
/** Most states of one pool that one publication stands for. */
export const MAX_JOINED_STATES = 64;

interface PartReference {
  readonly entry: PoolEntry;
  readonly part: number;
}

export class PoolBook implements CacheListener {
  readonly #accounts: AccountView;
  readonly #epochOf: (slot: Slot) => bigint;
  readonly #entries = new Map<Address, PoolEntry>();
  readonly #references = new Map<Address, PartReference[]>();
  /** Entries with something to settle when the slot is complete; bounded by MAX_POOLS. */
  readonly #unsettled = new Set<PoolEntry>();
  /** Entries whose newest whole state is not published yet; empty unless the reader is behind. */
  readonly #late = new Set<PoolEntry>();
  #isBehind = false;
  readonly #listeners: PoolListener[] = [];
  readonly #isSlotComplete = (slot: Slot): boolean => this.#accounts.isSlotComplete(slot);
  #epoch = -1n;

  constructor(options: PoolBookOptions) {
    this.#accounts = options.accounts;
    this.#epochOf = options.epochOf;
  }

  listen(listener: PoolListener): void {
    this.#listeners.push(listener);
    for (const entry of this.#entries.values()) {
      if (entry.isPublished) listener.onPool(entry);
    }
  }

  /**
   * Follows a pool whose state account was read (by RPC, at start).
   * @returns its keys, or undefined where the account is not a pool of a known venue
   */
  addPoolFromAccount(pool: Address, owner: Address, data: Uint8Array): PoolKeys | undefined {
    if (owner !== RAYDIUM_CPMM_PROGRAM || !isPoolState(data)) return undefined;
    const keys = decodePoolKeys(pool, data);
    this.addPool(keys);
    return keys;
  }

  /** Follows a pool. What the cache holds of it already is used at once. */
  addPool(keys: PoolKeys): void {
    if (this.#entries.has(keys.pool)) return;
    if (this.#entries.size >= MAX_POOLS) throw new RangeError(`more than ${MAX_POOLS} pools`);
    const entry = newPoolEntry(keys);
    this.#entries.set(keys.pool, entry);
    partAddresses(keys).forEach((address, part) => {
      const references = this.#references.get(address) ?? [];
      references.push({ entry, part });
      this.#references.set(address, references);
      entry.parts[part] = this.#accounts.get(address);
    });
    this.#resync(entry);
  }

  /** Every account that must be subscribed to, once each. */
  watchedAccounts(): Address[] {
    return [...this.#references.keys()];
  }

  pools(): PoolKeys[] {
    return [...this.#entries.values()].map((entry) => entry.keys);
  }

  keysOf(pool: Address): PoolKeys | undefined {
    return this.#entries.get(pool)?.keys;
  }

  snapshotOf(pool: Address): PoolSnapshot | undefined {
    this.catchUp(pool);
    const entry = this.#entries.get(pool);
    if (entry?.isPublished !== true) return undefined;
    entry.snapshot ??= snapshotOf(entry);
    return entry.snapshot;
  }

  /** Publishes a pool's newest whole state, where that waits for the end of a burst. */
  catchUp(pool: Address): void {
    if (this.#late.size === 0) return;
    const entry = this.#entries.get(pool);
    if (entry !== undefined) this.#catchUp(entry);
  }

  /**
   * Slots since the stream was last complete for the worst of the pool's accounts; Infinity while one is suspect, and
   * while what is known of them is not one state, so that the snapshot is an older one (L5).
   */
  ageSlots(pool: Address): number {
    const entry = this.#entries.get(pool);
    if (entry === undefined || entry.dirty) return Number.POSITIVE_INFINITY;
    let worst = 0;
    for (const address of entry.addresses) worst = Math.max(worst, this.#accounts.ageSlots(address));
    return worst;
  }

  onAccountChanged(
    address: Address,
    version: AccountVersion | undefined,
    cause: 'write' | 'rollback' | 'fetch',
  ): void {
    const references = this.#references.get(address);
    if (references === undefined) return;
    for (const { entry, part } of references) {
      // A fetch may have armed the pool before its accounts are told: the first one takes them all.
      if (entry.dirty || cause !== 'write' || version === undefined) this.#resync(entry);
      else if (part >= AMM_STATE_PARTS) this.#staticChanged(entry, part, version);
      else this.#written(entry, part, version);
    }
  }

  /** While the reader is behind, one publication stands for several states of a pool; the last one is the newest. */
  onBehind(isBehind: boolean): void {
    this.#isBehind = isBehind;
    if (!isBehind) for (const entry of this.#late) this.#catchUp(entry);
  }

  onSlotComplete(_slot: Slot): void {
    this.#settle();
  }

  onSlotsLost(_slots: readonly Slot[]): void {
    this.#settle();
  }

  /** At an epoch's first slot a transfer fee may change without any write. */
  onHead(head: Slot): void {
    // Of slots of which the end was not told, the head tells.
    this.#settle();
    const epoch = this.#epochOf(head);
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    for (const entry of this.#entries.values()) {
      // A dirty entry's parts make no state; it is published once they do, whatever was before.
      if (!entry.isPublished || entry.dirty) continue;
      this.#publish(entry, entry.txnSignature);
    }
  }

  /**
   * Settles what was written in slots that are at their end now. An entry of a slot in progress waits, whatever other
   * slot ended: the rest of its transaction may be still to come. It waits no longer than until a later slot of the
   * head's chain is complete, or until the slot is lost, which the cache tells as a roll-back.
   */
  #settle(): void {
    for (const entry of this.#unsettled) {
      if (entry.dirty) {
        this.#resync(entry);
        continue;
      }
      if (!entry.pending.every((version) => version === undefined || this.#isSlotComplete(version.slot)))
        continue;
      this.#unsettled.delete(entry);
      this.#flush(entry);
    }
  }

  /** A write of the stream joins the others of its transaction; the third completes a swap. */
  #written(entry: PoolEntry, part: number, version: AccountVersion): void {
    if (this.#takenTogether(entry, part, version)) return;
    const signature = version.txnSignature;
    if (entry.pendingCount > 0 && (signature === undefined || signature !== entry.pendingSignature)) {
      this.#flush(entry);
    }
    if (entry.pending[part] === undefined) entry.pendingCount++;
    entry.pending[part] = version;
    entry.pendingSignature = signature;
    if (signature !== undefined && entry.pendingCount === AMM_STATE_PARTS) this.#flush(entry);
    else this.#unsettled.add(entry);
  }

  /** The pending transaction is whole: its accounts replace the old ones together. */
  #flush(entry: PoolEntry): void {
    if (entry.pendingCount === 0) return;
    for (let part = 0; part < AMM_STATE_PARTS; part++) {
      entry.parts[part] = entry.pending[part] ?? entry.parts[part];
      entry.pending[part] = undefined;
    }
    entry.pendingCount = 0;
    if (this.#isBehind && entry.isPublished) this.#passOver(entry, entry.pendingSignature);
    else this.#publish(entry, entry.pendingSignature);
  }

  #passOver(entry: PoolEntry, txnSignature: string | undefined): void {
    this.#late.add(entry);
    if (txnSignature !== undefined) entry.passed.push(txnSignature);
    if (entry.passed.length >= MAX_JOINED_STATES) this.#catchUp(entry);
  }

  #catchUp(entry: PoolEntry): void {
    if (this.#late.has(entry)) this.#publish(entry, entry.passed.pop());
  }

  /**
   * A slot that joins the head's ancestry, and an answer to a fetch, change several accounts at once: they are told
   * one after the other, in no order, when the cache holds them all. Then the cache's view is taken as a whole.
   * @returns whether there is nothing more to do for this account
   */
  #takenTogether(entry: PoolEntry, part: number, version: AccountVersion): boolean {
    if (entry.parts[part] === version) return true;
    for (let other = 0; other < AMM_STATE_PARTS; other++) {
      if (other === part) continue;
      const told = entry.pending[other] ?? entry.parts[other];
      if (this.#accounts.get(entry.addresses[other]!) === told) continue;
      this.#resync(entry);
      return true;
    }
    return false;
  }

  #staticChanged(entry: PoolEntry, part: number, version: AccountVersion): void {
    entry.parts[part] = version;
    // A classic mint's writes (supply) say nothing that a quote needs.
    const matters = part === PART.config || version.owner === TOKEN_2022_PROGRAM || !entry.isPublished;
    if (matters) this.#publish(entry, entry.isPublished ? entry.txnSignature : undefined);
  }

  /**
   * Takes all accounts as the cache has them now along the head's ancestry, and publishes them once they are one state:
   * now, with a later write, or at a slot's end.
   */
  #resync(entry: PoolEntry): void {
    // Afterwards its parts may make no state.
    this.#catchUp(entry);
    const wasDirty = entry.dirty;
    entry.pending.fill(undefined);
    entry.pendingCount = 0;
    for (let part = 0; part < POOL_PARTS; part++) {
      entry.parts[part] = this.#accounts.get(entry.addresses[part]!);
    }
    entry.dirty = !isOneState(entry.parts, this.#isSlotComplete);
    if (entry.dirty) {
      this.#unsettled.add(entry);
      if (!wasDirty) for (const listener of this.#listeners) listener.onPoolUnsettled?.(entry.keys.pool);
      return;
    }
    this.#unsettled.delete(entry);
    const isPublished =
      entry.isPublished && entry.publishedParts.every((version, part) => version === entry.parts[part]);
    if (wasDirty || !isPublished) this.#publish(entry, entry.parts[PART.state]?.txnSignature);
  }

  #publish(entry: PoolEntry, txnSignature: string | undefined): void {
    this.#late.delete(entry);
    entry.snapshot = undefined;
    const slot = newestSlot(entry);
    if (!decodeNumbers(entry, this.#epoch < 0n ? this.#epochOf(slot) : this.#epoch)) {
      entry.passed.length = 0;
      if (!entry.isPublished) return;
      entry.isPublished = false;
      for (const listener of this.#listeners) listener.onPoolLost?.(entry.keys.pool, entry.keys);
      return;
    }
    for (let part = 0; part < POOL_PARTS; part++) entry.publishedParts[part] = entry.parts[part];
    const { passed } = entry;
    entry.passed = entry.passedSignatures;
    entry.passed.length = 0;
    entry.passedSignatures = passed;
    entry.isPublished = true;
    entry.slot = slot;
    entry.revision++;
    entry.txnSignature = txnSignature;
    for (const listener of this.#listeners) listener.onPool(entry);
  }
}

function newestSlot(entry: PoolEntry): Slot {
  let newest = 0 as Slot;
  for (let part = 0; part < AMM_STATE_PARTS; part++) {
    const slot = entry.parts[part]?.slot;
    if (slot !== undefined && slot > newest) newest = slot;
  }
  return newest;
}
