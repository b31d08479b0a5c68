/** What the stream stage hands on. It knows Yellowstone and nothing of markets or trades. */
import type { Address, Blockhash, BlockHeight, Signature, Slot } from '../model/brands.js';

export type SlotStatus =
  | 'firstShred'
  | 'createdBank'
  | 'completed'
  | 'processed'
  | 'confirmed'
  | 'finalized'
  | 'dead';

export interface SlotUpdate {
  readonly slot: Slot;
  readonly parent: Slot | undefined;
  readonly status: SlotStatus;
  readonly receivedUs: number;
}

export interface BlockMetaUpdate {
  readonly slot: Slot;
  readonly parentSlot: Slot;
  readonly blockhash: Blockhash;
  readonly blockHeight: BlockHeight;
  readonly blockTimeMs: number;
  readonly receivedUs: number;
}

export interface AccountUpdate {
  readonly address: Address;
  readonly slot: Slot;
  readonly writeVersion: bigint;
  readonly lamports: bigint;
  readonly owner: Address;
  /** The account's bytes; valid after the callback only if copied when `volatileData`. */
  readonly data: Uint8Array;
  /** The signature of the transaction that wrote it; undefined where none did. */
  readonly txnSignature: Signature | undefined;
  readonly receivedUs: number;
}

export interface TokenBalance {
  readonly accountIndex: number;
  readonly mint: Address;
  readonly owner: Address;
  readonly amount: bigint;
}

export interface TransactionUpdate {
  readonly signature: Signature;
  readonly slot: Slot;
  readonly index: number;
  /** Undefined on success; else the decoded TransactionError in RPC's JSON form. */
  readonly error: unknown;
  readonly feeLamports: bigint;
  readonly computeUnitsConsumed: bigint | undefined;
  /** Static keys, then loaded writable, then loaded read-only. */
  readonly accountKeys: readonly Address[];
  readonly preBalances: readonly bigint[];
  readonly postBalances: readonly bigint[];
  readonly preTokenBalances: readonly TokenBalance[];
  readonly postTokenBalances: readonly TokenBalance[];
  readonly logMessages: readonly string[];
  readonly receivedUs: number;
}

export type StreamStatus = 'connecting' | 'live' | 'down';

/** The stream was not complete between these slots: what is held may be stale until it is fetched again. */
export interface StreamGap {
  /** Last slot for which the stream is known to be complete. */
  readonly completeThrough: Slot;
  /** First slot seen after. */
  readonly resumedAt: Slot;
  readonly reason: 'reconnect' | 'missingSlot' | 'lagged' | 'start';
}

/** Receives everything, in stream order, synchronously. Implementations do bookkeeping only. */
export interface StreamSink {
  onSlot(update: SlotUpdate): void;
  onBlockMeta(update: BlockMetaUpdate): void;
  onAccount(update: AccountUpdate): void;
  onTransaction(update: TransactionUpdate): void;
  onGap(gap: StreamGap): void;
  onStatus(status: StreamStatus, detail: string): void;
  /** Something arrived at all (pings and pongs too): the liveness that L5 measures. */
  onActivity(receivedUs: number): void;
}

/** What to subscribe to; replaced whole when pools or wallets change. */
export interface StreamSubscription {
  /** Accounts of configured pools and our wallets' accounts. */
  readonly accounts: readonly Address[];
  /** Our wallets: every transaction that mentions one of them. */
  readonly wallets: readonly Address[];
}
