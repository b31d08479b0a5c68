/** Slots, blockhashes and accounts of one stream, in memory and synchronous: the sink of `stream/`. */
import { type Address, type Slot, U64_MAX } from '../model/brands.js';
import type {
  AccountUpdate,
  BlockMetaUpdate,
  SlotUpdate,
  StreamGap,
  StreamSink,
  StreamStatus,
  TransactionUpdate,
} from '../stream/types.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { AccountCache, type AccountChange, type FetchedState } from './account-cache.js';
import { BlockPace } from './block-pace.js';
import { BlockhashCache } from './blockhash-cache.js';
import { LookupTableCache } from './lookup-table-cache.js';
import { type FetchAccounts, Refetcher, type RefetchSource } from './refetcher.js';
import { SlotTree, type TreeChange } from './slot-tree.js';
import { TreeSlotView } from './slot-view.js';
import { Suspects } from './suspects.js';
import type { AccountVersion, AccountView, BlockhashView, CacheListener, SlotView } from './types.js';

export interface HotCacheOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** getMultipleAccounts at confirmed. Absent: nothing suspect is ever armed again (tests, players). */
  readonly fetch?: FetchAccounts;
  /** Fetching failed a whole round long; it goes on. */
  readonly onFetchError?: (error: unknown) => void;
}

export class HotCache implements StreamSink, AccountView, RefetchSource {
  readonly slots: SlotView;
  readonly blockhashes: BlockhashView;
  /** Confirmed, active lookup tables among the tracked accounts. */
  readonly lookupTables: LookupTableCache;
  readonly #clock: Clock;
  readonly #tree = new SlotTree();
  readonly #pace = new BlockPace();
  readonly #accounts = new AccountCache(this.#tree);
  readonly #blockhashes = new BlockhashCache(this.#tree);
  readonly #suspects = new Suspects();
  readonly #refetcher: Refetcher | undefined;
  #listeners: readonly CacheListener[] = [];
  #lastActivityUs = Number.NEGATIVE_INFINITY;
  #status: StreamStatus = 'down';

  constructor(options: HotCacheOptions) {
    this.#clock = options.clock;
    this.slots = new TreeSlotView(this.#tree, this.#pace);
    this.blockhashes = this.#blockhashes;
    this.lookupTables = new LookupTableCache(this, () => this.#tree.confirmed);
    if (options.fetch !== undefined) {
      this.#refetcher = new Refetcher({
        fetch: options.fetch,
        source: this,
        clock: options.clock,
        random: options.random,
        onError: options.onFetchError ?? (() => {}),
      });
    }
  }

  /** Accounts as later stages read them; the cache itself. */
  get accounts(): AccountView {
    return this;
  }

  get streamStatus(): StreamStatus {
    return this.#status;
  }

  /** Tracked accounts that may be stale. */
  get suspectCount(): number {
    return this.#suspects.size;
  }

  /** Milliseconds since anything came on the stream, pongs included; Infinity before the first. */
  streamAgeMs(): number {
    return (this.#clock.monotonicUs() - this.#lastActivityUs) / 1_000;
  }

  /** Calls it for every change from now on; the answer ends that. */
  addListener(listener: CacheListener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /**
   * Keeps these accounts from now on. Call before the stream is told to subscribe to them: they are suspect until
   * the gap that it then reports is repaired. Updates of accounts that are not tracked are dropped.
   * @throws RangeError past MAX_TRACKED_ACCOUNTS
   */
  track(addresses: readonly Address[]): void {
    for (const address of addresses) if (this.#accounts.track(address)) this.#suspects.add(address);
  }

  untrack(addresses: readonly Address[]): void {
    for (const address of addresses) {
      this.#accounts.untrack(address);
      this.#suspects.remove(address);
    }
  }

  get trackedCount(): number {
    return this.#accounts.tracked.size;
  }

  /** Makes every tracked account suspect until it has been read from the chain anew. */
  refetchAll(): void {
    this.#suspect(this.#suspects.raise(this.#accounts.tracked.keys(), this.#tree.confirmed));
    this.#refetcher?.wake();
  }

  get(address: Address): AccountVersion | undefined {
    return this.#accounts.get(address);
  }

  getConfirmed(address: Address): AccountVersion | undefined {
    return this.#accounts.getAt(address, this.#tree.confirmed);
  }

  /** Whether `getConfirmed` of a tracked account holds everything up to a slot: it is confirmed, and all of it came. */
  isConfirmedThrough(address: Address, slot: Slot): boolean {
    if (!this.#accounts.tracked.has(address) || this.#suspects.has(address)) return false;
    return slot <= this.#tree.confirmed && slot <= this.#tree.completeThrough;
  }

  /** Whether `getConfirmed` knows nothing of a tracked account yet: not even that it does not exist. */
  isUnread(address: Address): boolean {
    return this.#accounts.tracked.has(address) && this.getConfirmed(address) === undefined;
  }

  ageSlots(address: Address): number {
    if (!this.#accounts.tracked.has(address) || this.#suspects.has(address)) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#tree.head - this.#tree.completeThrough);
  }

  isSlotComplete(slot: Slot): boolean {
    return this.#tree.isComplete(slot);
  }

  /** Ends re-fetching. */
  close(): void {
    this.#refetcher?.close();
  }

  // --- the stream ---------------------------------------------------------------------------------------------

  onSlot(update: SlotUpdate): void {
    this.#apply(this.#tree.onSlot(update), update.slot, false);
  }

  onBlockMeta(update: BlockMetaUpdate): void {
    this.#pace.onBlock(update.blockHeight, update.receivedUs);
    this.#apply(this.#tree.onBlockMeta(update), update.slot, update.slot <= this.#tree.confirmed);
  }

  onAccount(update: AccountUpdate): void {
    const version = this.#accounts.write(update);
    if (version === undefined) return;
    for (const listener of this.#listeners) listener.onAccountChanged?.(version.address, version, 'write');
  }

  /** Not kept: whoever follows transactions stands beside the cache, behind it (stream/fan-out.ts). */
  onTransaction(_update: TransactionUpdate): void {}

  onGap(gap: StreamGap): void {
    // Replayed blocks come in a burst, and none came meanwhile.
    this.#pace.reset();
    this.#suspect(this.#suspects.gap(gap, this.#accounts.tracked.keys()));
    this.#refetcher?.wake();
  }

  onStatus(status: StreamStatus, _detail: string): void {
    this.#status = status;
  }

  onActivity(receivedUs: number): void {
    this.#lastActivityUs = receivedUs;
  }

  onBehind(isBehind: boolean): void {
    for (const listener of this.#listeners) listener.onBehind?.(isBehind);
  }

  // --- re-fetching --------------------------------------------------------------------------------------------

  due(): { readonly addresses: readonly Address[]; readonly minContextSlot: Slot } | undefined {
    return this.#suspects.due(this.#tree.confirmed);
  }

  accept(
    contextSlot: Slot,
    addresses: readonly Address[],
    states: readonly (FetchedState | undefined)[],
  ): void {
    const changes: AccountChange[] = [];
    addresses.forEach((address, index) => {
      if (!this.#suspects.accepts(address, contextSlot)) return;
      const change = this.#accounts.fetched(address, contextSlot, states[index]);
      if (change !== undefined) changes.push(change);
      this.#suspects.fetched(address, contextSlot);
    });
    const armed = this.#arm();
    for (const { address, version } of changes) {
      for (const listener of this.#listeners) listener.onAccountChanged?.(address, version, 'fetch');
    }
    if (armed.length > 0) for (const listener of this.#listeners) listener.onArmed?.(armed);
  }

  #arm(): Address[] {
    return this.#suspects.arm((slot) => this.#tree.countsFetched(slot));
  }

  #suspect(addresses: readonly Address[]): void {
    if (addresses.length === 0) return;
    for (const listener of this.#listeners) listener.onSuspect?.(addresses);
  }

  #apply(change: TreeChange, slot: Slot, lateMeta: boolean): void {
    const accounts = this.#accounts.slotsChanged(change);
    const suspect = this.#suspects.slotsRemoved(change.removed);
    if (change.rootMoved) this.#suspects.rooted(this.#tree.root, (at) => this.#tree.isLost(at));
    const armed = this.#arm();
    const newerBlockhash = (change.confirmedMoved || lateMeta) && this.#blockhashes.refresh();
    if (change.revived) {
      // Its updates from before it was declared dead are mixed with those after.
      suspect.push(...this.#suspects.raise(this.#accounts.tracked.keys(), slot));
    }
    this.#suspect(suspect);
    this.#tell(change, slot, accounts, newerBlockhash, armed);
    this.#refetcher?.wake();
  }

  #tell(
    change: TreeChange,
    slot: Slot,
    accounts: readonly AccountChange[],
    newerBlockhash: boolean,
    armed: readonly Address[],
  ): void {
    const blockhash = newerBlockhash ? this.#blockhashes.newest() : undefined;
    for (const listener of this.#listeners) {
      for (const { address, version } of accounts) {
        const written = version?.writeVersion === U64_MAX ? 'fetch' : 'write';
        listener.onAccountChanged?.(address, version, change.removed.length > 0 ? 'rollback' : written);
      }
      if (change.lost.length > 0) listener.onSlotsLost?.(change.lost);
      if (change.headMoved) listener.onHead?.(this.#tree.head);
      if (change.completed) listener.onSlotComplete?.(slot);
      if (change.confirmedMoved) listener.onConfirmed?.(this.#tree.confirmed);
      if (blockhash !== undefined) listener.onBlockhash?.(blockhash);
      if (change.rootMoved) listener.onFinalized?.(this.#tree.root);
      if (armed.length > 0) listener.onArmed?.(armed);
    }
  }
}
