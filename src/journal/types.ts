/** The journal: an append-only record of everything that must survive the process (L1). */

import type { Address, BlockHeight, Blockhash, Signature, Slot, TradeId } from '../model/brands.js';
import type { Denial, StateChange, TradeOutcome } from '../model/trade.js';
import type { TradeIntent } from '../model/trade-intent.js';

export type JournalRecord =
  | { readonly kind: 'chain'; readonly genesisHash: string; readonly atMs: number }
  | {
      readonly kind: 'intent';
      readonly tradeId: TradeId;
      readonly intent: TradeIntent;
      readonly wallet: Address;
      readonly pool: Address;
      readonly limit: bigint;
      readonly quotedIn: bigint;
      readonly quotedOut: bigint;
      readonly quoteSlot: Slot;
      readonly intentSlot: Slot;
      readonly acceptedAtMs: number;
      /**
       * Stops of the kill switch until then: whether one came later is told by their count, since the clock may be
       * set back between two processes. Absent in records of older versions, where only the time tells.
       */
      readonly stopCount?: number;
      readonly deadlineAtMs: number;
      /** `fingerprintOf` the client's body, for idempotency; the intent's own is taken where it is absent. */
      readonly fingerprint?: string;
    }
  | {
      readonly kind: 'attempt';
      readonly tradeId: TradeId;
      readonly number: number;
      readonly signature: Signature;
      readonly blockhash: Blockhash;
      readonly lastValidBlockHeight: BlockHeight;
      readonly signedSlot: Slot;
      readonly signedAtMs: number;
      readonly poolSlot: Slot;
      readonly quotedIn: bigint;
      readonly quotedOut: bigint;
      readonly limit: bigint;
      readonly computeUnitLimit: number;
      readonly computeUnitPriceMicroLamports: bigint;
      readonly wire: Uint8Array;
    }
  | {
      readonly kind: 'state';
      readonly tradeId: TradeId;
      readonly change: StateChange;
      readonly denial?: Denial;
      readonly outcome?: TradeOutcome;
    }
  /** A signed trade is to be sent no more; it may still land. */
  | { readonly kind: 'cancel'; readonly tradeId: TradeId; readonly atMs: number }
  /** What these stretches may have hidden was looked for on the chain, and is settled. Damage that comes later is not. */
  | { readonly kind: 'searched'; readonly stretches: readonly JournalStretch[]; readonly atMs: number }
  /** First in a segment that compaction wrote: what earlier segments say is void. */
  | { readonly kind: 'compacted'; readonly throughSegment: number; readonly atMs: number };

/** Bytes of a segment. */
export interface JournalStretch {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

export interface Journal {
  /**
   * Writes one record before it returns (`writeSync`); under JOURNAL_SYNC=always use `appendDurable`.
   * While the journal cannot be written, `state` records are kept in memory (bounded) and written when it
   * can be again: they are re-learned from the chain after a crash. Intents and attempts are refused.
   * @throws HotslotError JOURNAL_UNWRITABLE
   */
  append(record: JournalRecord): void;
  /** Resolves when the record is written and, under JOURNAL_SYNC=always, on disk. */
  appendDurable(record: JournalRecord): Promise<void>;
  /** False after a failed write: new trades are denied, live ones go on being confirmed. */
  readonly writable: boolean;
  /** Part of what was written before could not be read: nothing new is taken, since it may have been taken already. */
  readonly isUnreadable?: boolean;
  close(): Promise<void>;
}
