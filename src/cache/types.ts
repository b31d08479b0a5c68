/** What later stages read from the cache, and how they hear of changes. Everything is in memory and synchronous. */
import type { Address, Blockhash, BlockHeight, Commitment, Slot } from '../model/brands.js';

export interface AccountVersion {
  readonly address: Address;
  readonly slot: Slot;
  readonly writeVersion: bigint;
  readonly lamports: bigint;
  readonly owner: Address;
  readonly data: Uint8Array;
  /** Base58; undefined for a fetched state or a write without a transaction. */
  readonly txnSignature: string | undefined;
}

export interface BlockhashEntry {
  readonly blockhash: Blockhash;
  readonly slot: Slot;
  readonly blockHeight: BlockHeight;
  /** blockHeight + 150. */
  readonly lastValidBlockHeight: BlockHeight;
}

/** Slots and forks. */
export interface SlotView {
  /** Newest processed slot on the chosen fork. */
  head(): Slot;
  slot(commitment: Commitment): Slot;
  /** Block height at that commitment, or undefined before the first block. */
  blockHeight(commitment: Commitment): BlockHeight | undefined;
  /** Whether a slot is on the head's ancestry (rooted slots below the window count as such). */
  isOnHeadFork(slot: Slot): boolean;
  statusOf(slot: Slot): Commitment | 'dead' | 'lost' | 'unknown';
  /** First block above a height that has reached the commitment: its slot (solana.md, point 3). */
  firstSlotAboveHeight(height: BlockHeight, commitment: Commitment): Slot | undefined;
  /** Milliseconds a block, observed lately. */
  observedBlockMs(): number;
}

/** Confirmed blockhashes. */
export interface BlockhashView {
  /** Newest hash whose slot is reported confirmed. */
  newest(): BlockhashEntry | undefined;
  /** Newest confirmed hash with at most `validityBlocks` of life left at the confirmed height. */
  withValidity(validityBlocks: number): BlockhashEntry | undefined;
}

export interface AccountView {
  /** Newest version along the head's ancestry. */
  get(address: Address): AccountVersion | undefined;
  /** Newest version at or below the confirmed slot on its ancestry. */
  getConfirmed(address: Address): AccountVersion | undefined;
  /** Slots since the stream was last complete for it; Infinity while it is suspect (L5). */
  ageSlots(address: Address): number;
}

/** Listener methods are called synchronously, in stream order, after the cache is updated. */
export interface CacheListener {
  /** The head's view of an account changed: by a write, or by a roll-back (`version` undefined: nothing is known now). */
  onAccountChanged?(address: Address, version: AccountVersion | undefined, cause: 'write' | 'rollback' | 'fetch'): void;
  /** The last update of a slot at processed was received (its BlockMeta or Slot PROCESSED). */
  onSlotComplete?(slot: Slot): void;
  onHead?(head: Slot): void;
  /** Slots at these numbers left the head's ancestry or died. */
  onSlotsLost?(slots: readonly Slot[]): void;
  onConfirmed?(slot: Slot): void;
  onFinalized?(slot: Slot): void;
  /** A newer confirmed blockhash is usable. */
  onBlockhash?(entry: BlockhashEntry): void;
  /** Everything held may be stale; re-fetching has begun. */
  onSuspect?(addresses: readonly Address[]): void;
}
