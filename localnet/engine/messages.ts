/**
 * What crosses the boundary between the engine's thread (LiteSVM, slots, forks) and the cluster's main
 * thread (ledger, JSON-RPC, Yellowstone). Plain data only: every value survives structured cloning.
 */

/** The three commitments that clients can ask for, weakest first. */
export type Commitment = 'processed' | 'confirmed' | 'finalized';

/** A transaction error in the JSON form that RPC nodes use, e.g. `{ InstructionError: [2, { Custom: 6005 }] }`. */
export type TransactionErrorJson = string | { readonly [variant: string]: unknown };

/** One account as it stands after a write. An account that was drained away has `lamports` 0 and empty data. */
export interface AccountState {
  readonly lamports: bigint;
  /** Base58 address of the owning program. */
  readonly owner: string;
  readonly executable: boolean;
  readonly rentEpoch: bigint;
  readonly data: Uint8Array;
}

/** One account written by a transaction (or by the cluster itself: genesis, airdrop-free edits). */
export interface AccountWrite {
  readonly address: string;
  readonly account: AccountState;
  /** Node-wide, strictly increasing, never runs back, also not across roll-backs and restarts. */
  readonly writeVersion: bigint;
}

export interface CompiledInstructionInfo {
  readonly programIdIndex: number;
  readonly accounts: Uint8Array;
  readonly data: Uint8Array;
  readonly stackHeight?: number;
}

export interface TokenBalanceInfo {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  readonly programId: string;
  readonly amount: bigint;
  readonly decimals: number;
}

/** Everything that a node knows of one executed transaction; the source of RPC's and Yellowstone's metas. */
export interface ExecutedTransaction {
  readonly signature: string;
  readonly slot: number;
  /** Position in the block, from 0. */
  readonly index: number;
  /** The wire bytes (signatures and message). */
  readonly wire: Uint8Array;
  readonly isVote: boolean;
  /** Null on success. */
  readonly err: TransactionErrorJson | null;
  /** Lamports: base plus priority fee. */
  readonly fee: bigint;
  readonly computeUnitsConsumed: bigint;
  readonly logMessages: readonly string[];
  readonly innerInstructions: readonly {
    readonly index: number;
    readonly instructions: readonly CompiledInstructionInfo[];
  }[];
  /** Static keys, then looked-up writable, then looked-up read-only: the order of the indices everywhere. */
  readonly accountKeys: readonly string[];
  readonly loadedWritable: readonly string[];
  readonly loadedReadonly: readonly string[];
  readonly preBalances: readonly bigint[];
  readonly postBalances: readonly bigint[];
  readonly preTokenBalances: readonly TokenBalanceInfo[];
  readonly postTokenBalances: readonly TokenBalanceInfo[];
  readonly returnData?: { readonly programId: string; readonly data: Uint8Array };
  /** Writes in write_version order. On success every writable account, changed or not; on failure the fee payer (and nonce). */
  readonly writes: readonly AccountWrite[];
  /** When the engine executed it, epoch milliseconds with a fraction. */
  readonly executedAtMs: number;
  /** The client's transaction, as opposed to one of the background market's own. */
  readonly external: boolean;
}

/** A slot's life, as Yellowstone names it. A lost fork is PROCESSED and then silence; a dead slot is never PROCESSED. */
export type SlotLifeStatus =
  | 'firstShred'
  | 'createdBank'
  | 'completed'
  | 'processed'
  | 'confirmed'
  | 'finalized'
  | 'dead';

export interface SlotEvent {
  readonly type: 'slot';
  readonly slot: number;
  readonly parent: number | null;
  readonly status: SlotLifeStatus;
  readonly atMs: number;
  readonly deadError?: string;
}

/** A frozen block. Sent before its `processed` SlotEvent. */
export interface BlockEvent {
  readonly type: 'block';
  readonly slot: number;
  readonly parentSlot: number;
  readonly blockhash: string;
  readonly parentBlockhash: string;
  readonly blockHeight: number;
  /** Unix seconds. */
  readonly blockTime: number;
  readonly leader: string;
  readonly transactionCount: number;
  readonly entryCount: number;
}

export interface TransactionEvent {
  readonly type: 'transaction';
  readonly transaction: ExecutedTransaction;
}

/** Account writes of the cluster itself, outside any transaction (sysvars are not sent). */
export interface AccountsEvent {
  readonly type: 'accounts';
  readonly slot: number;
  readonly writes: readonly AccountWrite[];
}

/** Slots whose effects were undone in the engine. For the ledger only: no client is told of a lost fork. */
export interface RollbackEvent {
  readonly type: 'rollback';
  readonly slots: readonly number[];
}

/** What was done with transaction bytes that never executed; for the admin record, never for clients. */
export interface DroppedEvent {
  readonly type: 'dropped';
  readonly signature: string;
  readonly reason:
    | 'expired'
    | 'duplicate'
    | 'unpayable'
    | 'forked'
    | 'invalid'
    /** No place in the network or in the leader's buffer. */
    | 'overload'
    /** It found no room with one leader, and the next one never got it. */
    | 'leaderChange';
  readonly atMs: number;
}

export type EngineEvent =
  | SlotEvent
  | BlockEvent
  | TransactionEvent
  | AccountsEvent
  | RollbackEvent
  | DroppedEvent;

export interface SimulationRequest {
  readonly wire: Uint8Array;
  readonly sigVerify: boolean;
  readonly replaceRecentBlockhash: boolean;
  /** Addresses whose state after the simulation is wanted. */
  readonly accounts: readonly string[];
}

export interface SimulationResult {
  readonly err: TransactionErrorJson | null;
  readonly logs: readonly string[];
  readonly unitsConsumed: bigint;
  readonly fee: bigint;
  readonly accounts: readonly (AccountState | null)[];
  readonly innerInstructions: ExecutedTransaction['innerInstructions'];
  readonly returnData?: ExecutedTransaction['returnData'];
  readonly replacementBlockhash?: { readonly blockhash: string; readonly lastValidBlockHeight: number };
  /** The slot on which it was simulated. */
  readonly slot: number;
}

/** Slot behaviour that can be changed while the cluster runs. Rates are probabilities from 0 to 1. */
export interface SlotConditions {
  /** Milliseconds a slot. */
  readonly slotMs: number;
  /** A slot of an otherwise present leader makes no block. */
  readonly skipRate: number;
  /** A leader is absent for its whole window of four slots. */
  readonly leaderSkipRate: number;
  /** A block was PROCESSED and is then lost with its effects; a later block names an earlier parent. */
  readonly forkRate: number;
  /** A slot starts, streams account writes, and is then declared dead; it never was PROCESSED. */
  readonly deadRate: number;
  /** Slots from processed to confirmed. */
  readonly confirmSlots: number;
  /** Slots from processed to finalized. */
  readonly finalizeSlots: number;
  /** Milliseconds from sendTransaction to the leader: mean and the most that is added or taken at random. */
  readonly leaderDelayMs: number;
  readonly leaderDelayJitterMs: number;
  /** Compute units of a block, by the cost model; a transaction that finds no room waits for the next one. */
  readonly blockCostLimit: number;
  /** Compute units in a block of all transactions that write the same account. */
  readonly accountCostLimit: number;
  /** Transactions that wait with a leader at once; the worst paid makes room. */
  readonly bufferTransactions: number;
  /** Background load offered in every slot, as a multiple of the block's cost limit; 0: none. */
  readonly loadRate: number;
  /** What the load pays, micro-lamports a compute unit: the middle of a range from a quarter to four times it. */
  readonly loadPriceMicroLamports: number;
  /** Part of the load that writes the accounts of a pool, the first pools' most. */
  readonly loadPoolRate: number;
}
