/**
 * Account states by slot, chosen along the head's ancestry and kept back to the root (L7): what a dead slot or a
 * lost fork wrote falls away because its slot does not count any more. Within a slot the highest write_version
 * is the state; along one chain the higher slot is the newer one. A write_version is one node's own count: where
 * accounts moved to another stream inside a slot, what the later stream brought goes before (`term`).
 *
 * A fetched state stands for the whole of its slot, later than any write in it. It is fetched at confirmed, so
 * that it lies on the one chain that confirmed slots form (see refetcher.ts).
 */
import { type Address, type Slot, U64_MAX } from '../model/brands.js';
import type { AccountUpdate } from '../stream/types.js';
import { HISTORY_SLOTS, type SlotTree, type TreeChange } from './slot-tree.js';
import type { AccountVersion } from './types.js';

/** Versions kept for one account, one a slot: reached only where no root comes. */
export const MAX_VERSIONS_AN_ACCOUNT = 1_024;
/** Accounts that may be tracked at all. */
export const MAX_TRACKED_ACCOUNTS = 65_536;

export interface FetchedState {
  readonly lamports: bigint;
  readonly owner: Address;
  readonly data: Uint8Array;
}

export interface AccountChange {
  readonly address: Address;
  readonly version: AccountVersion | undefined;
}

interface Version extends AccountVersion {
  /** Of the stream's accounts; a fetched state stands above every one. */
  readonly term: number;
  readonly fetched: boolean;
  /** Rooted: it counts for good, also when its slot is forgotten. */
  settled: boolean;
}

interface Entry {
  readonly address: Address;
  /** By rising slot, one a slot. */
  readonly versions: Version[];
  current: Version | undefined;
}

const SYSTEM_PROGRAM = '11111111111111111111111111111111' as Address;

export class AccountCache {
  readonly #tree: SlotTree;
  readonly #entries = new Map<Address, Entry>();
  /** Entries with an unsettled version in a slot. */
  readonly #bySlot = new Map<Slot, Set<Entry>>();
  /** Of those slots, the ones in which something was fetched: they count as soon as they are confirmed. */
  readonly #fetchedSlots = new Set<Slot>();

  constructor(tree: SlotTree) {
    this.#tree = tree;
  }

  get tracked(): ReadonlyMap<Address, unknown> {
    return this.#entries;
  }

  /** @throws RangeError past MAX_TRACKED_ACCOUNTS */
  track(address: Address): boolean {
    if (this.#entries.has(address)) return false;
    if (this.#entries.size >= MAX_TRACKED_ACCOUNTS) throw new RangeError('too many tracked accounts');
    this.#entries.set(address, { address, versions: [], current: undefined });
    return true;
  }

  untrack(address: Address): void {
    const entry = this.#entries.get(address);
    if (entry === undefined) return;
    this.#entries.delete(address);
    for (const { slot } of entry.versions) this.#bySlot.get(slot)?.delete(entry);
  }

  get(address: Address): AccountVersion | undefined {
    return this.#entries.get(address)?.current;
  }

  /** Newest version that counts at or below a slot on the head's ancestry. */
  getAt(address: Address, slot: Slot): AccountVersion | undefined {
    const entry = this.#entries.get(address);
    return entry?.versions.findLast((version) => version.slot <= slot && this.#counts(version));
  }

  /** Takes a write of the stream; answers the account's new state in the head's view, if that changed. */
  write(update: AccountUpdate): AccountVersion | undefined {
    const entry = this.#entries.get(update.address);
    if (entry === undefined) return undefined;
    const version: Version = {
      address: update.address,
      slot: update.slot,
      writeVersion: update.writeVersion,
      term: update.term ?? 0,
      lamports: update.lamports,
      owner: update.owner,
      // The update's bytes are a view into its message; a copy does not hold the message in memory.
      data: new Uint8Array(update.data),
      txnSignature: update.txnSignature,
      fetched: false,
      settled: false,
    };
    if (!this.#insert(entry, version) || !this.#counts(version)) return undefined;
    if (entry.current !== undefined && entry.current.slot > version.slot) return undefined;
    entry.current = version;
    return version;
  }

  /** Takes a state fetched at confirmed; undefined where the account does not exist. */
  fetched(address: Address, slot: Slot, state: FetchedState | undefined): AccountChange | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return undefined;
    const known = entry.versions.findLast((version) => version.slot <= slot && this.#counts(version));
    const lamports = state?.lamports ?? 0n;
    const owner = state?.owner ?? SYSTEM_PROGRAM;
    const data = state?.data ?? new Uint8Array(0);
    const same =
      known !== undefined &&
      known.lamports === lamports &&
      known.owner === owner &&
      Buffer.compare(known.data, data) === 0;
    this.#fetchedSlots.add(slot);
    this.#insert(entry, {
      address,
      slot,
      writeVersion: U64_MAX,
      term: Number.POSITIVE_INFINITY,
      lamports,
      owner,
      data,
      txnSignature: same ? known.txnSignature : undefined,
      fetched: true,
      settled: false,
    });
    return this.#refresh(entry);
  }

  /** Looks again at every account that the change of slots can have touched. */
  slotsChanged(change: TreeChange): AccountChange[] {
    const touched = new Set<Entry>();
    const touch = (slot: Slot): void => {
      for (const entry of this.#bySlot.get(slot) ?? []) touched.add(entry);
    };
    change.removed.forEach(touch);
    change.added.forEach(touch);
    if (change.rootedMore) for (const slot of this.#bySlot.keys()) if (slot <= this.#tree.root) touch(slot);
    if (change.confirmedMoved) this.#fetchedSlots.forEach(touch);
    const changes: AccountChange[] = [];
    for (const entry of touched) {
      const changed = this.#refresh(entry);
      if (changed !== undefined) changes.push(changed);
    }
    if (change.rootedMore) this.#compact();
    return changes;
  }

  #counts(version: Version): boolean {
    if (version.settled) return true;
    return version.fetched ? this.#tree.countsFetched(version.slot) : this.#tree.counts(version.slot);
  }

  #refresh(entry: Entry): AccountChange | undefined {
    const newest = entry.versions.findLast((version) => this.#counts(version));
    if (newest === entry.current) return undefined;
    entry.current = newest;
    return { address: entry.address, version: newest };
  }

  /** False where what is held is newer already. */
  #insert(entry: Entry, version: Version): boolean {
    const { versions } = entry;
    let index = versions.length;
    while (index > 0 && versions[index - 1]!.slot > version.slot) index--;
    const before = versions[index - 1];
    if (before?.slot === version.slot) {
      if (before.term > version.term) return false;
      if (before.term === version.term && before.writeVersion >= version.writeVersion) return false;
      versions[index - 1] = version;
    } else {
      // Older than the rooted state: it can never count.
      if (index === 0 && versions[0]?.settled) return false;
      versions.splice(index, 0, version);
      if (versions.length > MAX_VERSIONS_AN_ACCOUNT) versions.shift();
    }
    let atSlot = this.#bySlot.get(version.slot);
    if (atSlot === undefined) {
      atSlot = new Set();
      this.#bySlot.set(version.slot, atSlot);
    }
    atSlot.add(entry);
    return true;
  }

  /** Settles what is rooted and forgets what it superseded, and what lies too far below the root to matter. */
  #compact(): void {
    const root = this.#tree.root;
    for (const [slot, entries] of this.#bySlot) {
      if (slot > root) continue;
      const forgotten = slot < root - HISTORY_SLOTS;
      const lost = this.#tree.isLost(slot);
      let unsettled = false;
      for (const entry of entries) {
        const index = entry.versions.findIndex((version) => version.slot === slot);
        const version = entry.versions[index];
        if (version === undefined) continue;
        if (this.#counts(version)) {
          version.settled = true;
          entry.versions.splice(0, index);
        } else if (forgotten || lost) {
          entry.versions.splice(index, 1);
        } else {
          unsettled = true;
        }
      }
      if (unsettled) continue;
      this.#bySlot.delete(slot);
      this.#fetchedSlots.delete(slot);
    }
  }
}
