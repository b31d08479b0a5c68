/** A trade: an intent's life here, with its attempts and everything that was learned of it. */
import type { Address, BlockHeight, Blockhash, Commitment, Signature, Slot, TradeId } from './brands.js';
import type { TradeIntent } from './trade-intent.js';
import type { TradeState } from './trade-state.js';

/** What a state change rests on (L4). */
export interface Evidence {
  /** `stream:<endpoint>`, `rpc:<host>`, `local` (a decision of ours before anything was signed), `journal`. */
  readonly source: string;
  readonly slot?: Slot;
  readonly commitment?: Commitment;
  /** Free of secrets; e.g. the decoded program error's name or the heights that prove an expiry. */
  readonly detail?: string;
}

export interface StateChange {
  readonly state: TradeState;
  /** When it happened, epoch ms (for chain events the executor's best knowledge). */
  readonly atMs: number;
  /** When we learned of it, epoch ms. */
  readonly knownAtMs: number;
  readonly evidence: Evidence;
}

/** Why we refused, with a code from the error table. */
export interface Denial {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly context?: { readonly [key: string]: string | number | boolean };
}

/** One signed message of a trade. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly signature: Signature;
  readonly blockhash: Blockhash;
  readonly lastValidBlockHeight: BlockHeight;
  /** Head slot when it was signed. */
  readonly signedSlot: Slot;
  /** Epoch ms; what was signed before a stop stays stopped (L3). */
  readonly signedAtMs: number;
  /** Slot of the pool state that it was quoted on. */
  readonly poolSlot: Slot;
  readonly quotedIn: bigint;
  readonly quotedOut: bigint;
  /** The limit that is in the instruction: least out (exactIn) or most in (exactOut). */
  readonly limit: bigint;
  readonly computeUnitLimit: number;
  readonly computeUnitPriceMicroLamports: bigint;
  /** The signed transaction; resent as it is. Empty once the trade has ended. */
  wire: Uint8Array;
  /** Sends of these bytes so far, over all lanes. */
  sends: number;
}

/**
 * Monotonic microseconds at which each stage was done, relative to `received`. Absent where not reached, and where it was
 * reached before a restart; what is reached after one counts from `received` by the wall clock.
 */
export interface StageTimes {
  /** Epoch ms of receipt; the origin of the others. */
  readonly receivedAtMs: number;
  validatedUs?: number;
  queuedUs?: number;
  lockedUs?: number;
  quotedUs?: number;
  builtUs?: number;
  signedUs?: number;
  journalledUs?: number;
  sentUs?: number;
  firstSeenUs?: number;
  processedUs?: number;
  confirmedUs?: number;
  finalizedUs?: number;
}

/** What the chain says it did, from confirmed balances and meta, once landed. */
export interface TradeOutcome {
  readonly slot: Slot;
  /** Lamports, verbatim from meta; absent, like `spent` and `received`, until the transaction itself was read. */
  readonly feeLamports?: bigint;
  readonly spent?: bigint;
  readonly received?: bigint;
  /** Name of the on-chain error, for `failed`. */
  readonly error?: string;
  /** Landed slot minus the slot in which the intent came. */
  readonly slotDelta: number;
}

export interface Trade {
  readonly id: TradeId;
  readonly intent: TradeIntent;
  /** Of the request as the client sent it: the same `clientOrderId` with another one is another trade. */
  readonly fingerprint: string;
  state: TradeState;
  /** Chosen at acceptance. */
  readonly wallet: Address;
  readonly pool: Address;
  /** The binding limit: least out (exactIn) or most in (exactOut); later quotes may only tighten it. */
  readonly limit: bigint;
  /** Quote at acceptance. */
  readonly acceptedQuote: { readonly amountIn: bigint; readonly amountOut: bigint; readonly slot: Slot };
  /** Head slot when the intent came. */
  readonly intentSlot: Slot;
  readonly acceptedAtMs: number;
  /** Stops of the kill switch until it was accepted; undefined where an older version wrote it down. */
  readonly stopCount?: number;
  readonly deadlineAtMs: number;
  readonly attempts: Attempt[];
  readonly history: StateChange[];
  readonly times: StageTimes;
  denial?: Denial;
  /** Of the landing that it has; gone when that is undone. */
  outcome?: TradeOutcome;
  /** When a cancellation came that was too late to end it: its bytes leave no more and it is not signed anew. */
  cancelRequestedAtMs?: number;
}

/** Whether the change is the first news that it landed without an error: `confirmed`, or `finalized` without it. */
export function isLanding({ history }: Trade, change: StateChange): boolean {
  const { state } = change;
  if (state !== 'finalized') return state === 'confirmed';
  return history[history.lastIndexOf(change) - 1]?.state !== 'confirmed';
}

/** Whether the change took a confirmed landing back: its fork was lost. */
export function isUndone({ history }: Trade, change: StateChange): boolean {
  return change.state === 'sent' && history[history.lastIndexOf(change) - 1]?.state === 'confirmed';
}

/** Whether a trade ended on the chain and its transaction was not read. */
export function awaitsOutcome({ state, outcome }: Trade): boolean {
  const hasLanded = state === 'finalized' || state === 'failed';
  return hasLanded && outcome !== undefined && !isRead(outcome);
}

/** The transaction itself was read, by the stream or by a node. */
export function isRead(outcome: TradeOutcome): boolean {
  return outcome.feeLamports !== undefined;
}
