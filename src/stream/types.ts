/** What the stream stage hands on. It knows Yellowstone and nothing of markets or trades. */
import type { Address, BlockHeight, Blockhash, Signature, Slot } from '../model/brands.js';

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
  /** Told by a stream from which no accounts are taken: those of this slot may still be on their way. */
  readonly accountsPending?: true;
}

export interface BlockMetaUpdate {
  readonly slot: Slot;
  readonly parentSlot: Slot;
  readonly blockhash: Blockhash;
  readonly blockHeight: BlockHeight;
  /** Epoch milliseconds (whole seconds on the wire); 0 where the node does not say. */
  readonly blockTimeMs: number;
  readonly receivedUs: number;
  /** As in SlotUpdate. */
  readonly accountsPending?: true;
}

export interface AccountUpdate {
  readonly address: Address;
  readonly slot: Slot;
  /** The node's own count: it orders writes of one slot that came from one node. */
  readonly writeVersion: bigint;
  /** How often accounts had moved to another stream when this came; absent: 0. Goes before `writeVersion`. */
  readonly term?: number;
  readonly lamports: bigint;
  readonly owner: Address;
  /** The account's bytes: a view into the received message. Whoever keeps it copies it, or keeps the message alive. */
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
  /** Of a transaction that failed; empty for one that did not, whatever it logged. */
  readonly logMessages: readonly string[];
  readonly receivedUs: number;
}

export type StreamStatus = 'connecting' | 'live' | 'down';

/**
 * The stream was not complete between these slots: what is held may be stale until it is fetched again.
 * One interruption may be reported several times, each report replacing the one before it: first `open`,
 * as soon as it is noticed, then with its final `repairFrom`.
 */
export interface StreamGap {
  /** Last slot for which the stream is known to be complete; 0 at the start. */
  readonly completeThrough: Slot;
  /** First slot seen whole after it; while `open`, the first slot that may have been missed. */
  readonly resumedAt: Slot;
  readonly reason: 'reconnect' | 'missingSlot' | 'lagged' | 'start' | 'resubscribe' | 'switch';
  /** A state fetched at this slot or a later one makes up for what was missed. Absent: `resumedAt`. */
  readonly repairFrom?: Slot;
  /** True while no slot was seen whole since: `repairFrom` is not final and nothing may be taken for repaired. */
  readonly open?: boolean;
  /**
   * True where another stream is known to have brought what this one may have missed: what is held stays usable,
   * and is fetched again all the same, at `repairFrom` or later.
   */
  readonly covered?: boolean;
  /**
   * True where nothing more was missed than was told before, and less of it: a replay has brought the rest, so that a
   * state from an earlier slot on makes up for what is suspect still. It makes nothing suspect.
   */
  readonly eased?: boolean;
  /** Present where only these accounts are concerned; absent: all of them. */
  readonly accounts?: readonly Address[];
}

/** Receives everything, in stream order, synchronously. Implementations do bookkeeping only. */
export interface StreamSink {
  onSlot(update: SlotUpdate): void;
  onBlockMeta(update: BlockMetaUpdate): void;
  onAccount(update: AccountUpdate): void;
  /** After a reconnect a transaction may come a second time: replay overlaps. */
  onTransaction(update: TransactionUpdate): void;
  onGap(gap: StreamGap): void;
  onStatus(status: StreamStatus, detail: string): void;
  /** Something arrived at all (pings and pongs too): the liveness that L5 measures. */
  onActivity(receivedUs: number): void;
  /**
   * A burst is being read: what is told until `false` may be joined by whoever tells it on. `false` follows within
   * the turn of the event loop, whatever happens to the stream.
   */
  onBehind?(isBehind: boolean): void;
}

/** What to subscribe to; replaced whole when pools or wallets change. */
export interface StreamSubscription {
  /** Accounts of configured pools and our wallets' accounts. */
  readonly accounts: readonly Address[];
  /** Our wallets: every transaction that mentions one of them. */
  readonly wallets: readonly Address[];
}
