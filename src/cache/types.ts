/** What later stages read from the cache, and how they hear of changes. Everything is in memory and synchronous. */
import type { Address, BlockHeight, Blockhash, Commitment, Slot } from '../model/brands.js';

export interface AccountVersion {
  readonly address: Address;
  readonly slot: Slot;
  /** One node's own count; U64_MAX for a fetched state, which stands for the whole of its slot. */
  readonly writeVersion: bigint;
  readonly lamports: bigint;
  readonly owner: Address;
  readonly data: Uint8Array;
  /** Base58; undefined for a fetched state that differs from the one held, or a write without a transaction. */
  readonly txnSignature: string | undefined;
}

export interface BlockhashEntry {
  readonly blockhash: Blockhash;
  readonly slot: Slot;
  readonly blockHeight: BlockHeight;
  /** blockHeight + 150. */
  readonly lastValidBlockHeight: BlockHeight;
}

/** What became of a slot; `unknown` where the stream did not tell of it. */
export type SlotFate = Commitment | 'dead' | 'lost' | 'unknown';

/** Slots and forks. */
export interface SlotView {
  /** Newest processed slot on the chosen fork. */
  head(): Slot;
  slot(commitment: Commitment): Slot;
  /** Block height at that commitment, or undefined before the first block. */
  blockHeight(commitment: Commitment): BlockHeight | undefined;
  /** Whether a slot is on the head's ancestry (rooted slots below the window count as such). */
  isOnHeadFork(slot: Slot): boolean;
  statusOf(slot: Slot): SlotFate;
  /** First block above a height that has reached the commitment: its slot. */
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
  /** Newest version along the head's ancestry, the slot in progress on top of it included. An account that is
   * known not to exist has 0 lamports and no data. */
  get(address: Address): AccountVersion | undefined;
  /** Newest version at or below the confirmed slot on its ancestry. */
  getConfirmed(address: Address): AccountVersion | undefined;
  /** Slots since the stream was last complete for it; Infinity while it is suspect (L5). */
  ageSlots(address: Address): number;
  /** Whether everything that was written up to a slot of the head's view has come; false while it is in progress. */
  isSlotComplete(slot: Slot): boolean;
}

/**
 * Listener methods are called synchronously, in stream order, after the cache is updated. Of one message: suspicion,
 * accounts, lost slots, head, completed slot, confirmed, blockhash, finalized, armed, in this order.
 */
export interface CacheListener {
  /** The head's view of an account changed: by a write, or by a roll-back (`version` undefined: nothing is known now). */
  onAccountChanged?(
    address: Address,
    version: AccountVersion | undefined,
    cause: 'write' | 'rollback' | 'fetch',
  ): void;
  /** The last update of a slot at processed was received (its BlockMeta or Slot PROCESSED). */
  onSlotComplete?(slot: Slot): void;
  onHead?(head: Slot): void;
  /** Slots at these numbers left the head's ancestry or died. */
  onSlotsLost?(slots: readonly Slot[]): void;
  onConfirmed?(slot: Slot): void;
  onFinalized?(slot: Slot): void;
  /** A newer confirmed blockhash is usable. */
  onBlockhash?(entry: BlockhashEntry): void;
  /** What is held of these accounts may be stale; it is fetched again as soon as that can help. */
  onSuspect?(addresses: readonly Address[]): void;
  /** These accounts are complete again. */
  onArmed?(addresses: readonly Address[]): void;
  /** As StreamSink's: what is told until `false` may be joined. */
  onBehind?(isBehind: boolean): void;
}
