/**
 * The ledger as JSON-RPC, Yellowstone and the market read it. It lives in the cluster's main thread and is fed
 * by the engine's events; it keeps versions by slot along forks so that each commitment has its own view.
 */
import type {
  AccountState,
  BlockEvent,
  Commitment,
  EngineEvent,
  ExecutedTransaction,
  SimulationRequest,
  SimulationResult,
  SlotConditions,
  SlotEvent,
  TransactionErrorJson,
} from '../engine/messages.js';

export interface AccountAtSlot {
  readonly address: string;
  readonly account: AccountState;
  readonly slot: number;
  readonly writeVersion: bigint;
}

export interface BlockhashInfo {
  readonly blockhash: string;
  /** The slot whose block has this hash. */
  readonly slot: number;
  readonly blockHeight: number;
  /** blockHeight + 150. */
  readonly lastValidBlockHeight: number;
}

export interface SignatureStatus {
  readonly slot: number;
  readonly err: TransactionErrorJson | null;
  readonly commitment: Commitment;
  /** Blocks on top of it; null once rooted, as RPC nodes say it. */
  readonly confirmations: number | null;
}

export interface LedgerBlock {
  readonly info: BlockEvent;
  readonly transactions: readonly ExecutedTransaction[];
}

/** Read side. Every answer is consistent with one moment: nothing here is asynchronous. */
export interface Ledger {
  readonly genesisHash: string;
  /** Newest slot on the head's ancestry at that commitment. */
  slot(commitment: Commitment): number;
  /** Highest slot announced in any way (first shred seen), used for "behind" reports. */
  tipSlot(): number;
  blockHeight(commitment: Commitment): number;
  transactionCount(commitment: Commitment): number;
  account(address: string, commitment: Commitment): AccountAtSlot | undefined;
  accountsByOwner(owner: string, commitment: Commitment): readonly AccountAtSlot[];
  /** Token and Token-2022 accounts of a wallet. */
  tokenAccountsByWallet(wallet: string, commitment: Commitment): readonly AccountAtSlot[];
  /** Token and Token-2022 accounts of a mint. */
  tokenAccountsByMint(mint: string, commitment: Commitment): readonly AccountAtSlot[];
  latestBlockhash(commitment: Commitment): BlockhashInfo;
  /** Known along the head's ancestry at that commitment and not older than 150 blocks. */
  isBlockhashValid(blockhash: string, commitment: Commitment): boolean;
  blockhashInfo(blockhash: string, commitment: Commitment): BlockhashInfo | undefined;
  /** The recent-status cache (150 rooted slots); with `searchHistory` the whole kept ledger. */
  signatureStatus(signature: string, searchHistory: boolean): SignatureStatus | undefined;
  transaction(signature: string, commitment: Commitment): ExecutedTransaction | undefined;
  /** Newest first. */
  signaturesForAddress(
    address: string,
    options: {
      readonly before?: string;
      readonly until?: string;
      readonly limit: number;
      readonly commitment: Commitment;
    },
  ): readonly ExecutedTransaction[];
  block(slot: number, commitment: Commitment): LedgerBlock | undefined;
  /** Block on the head's ancestry or on a fork, whichever has it: Yellowstone's replay needs both. */
  anyBlock(slot: number): LedgerBlock | undefined;
  /** Why `block` has nothing: it never was made, it is pruned, or it is not there yet. */
  slotGap(slot: number): 'skipped' | 'pruned' | 'future' | 'none';
  firstAvailableBlock(): number;
  /** Identity (base58) of the leader of a slot. */
  leader(slot: number): string;
  validators(): readonly {
    readonly identity: string;
    readonly vote: string;
    readonly stakeLamports: bigint;
  }[];
  slotsPerEpoch(): number;
  /** Micro-lamports a compute unit paid in recent blocks, newest last, at most 150. */
  recentPrioritizationFees(
    writableAccounts: readonly string[],
  ): readonly { readonly slot: number; readonly prioritizationFee: number }[];
  minimumBalanceForRentExemption(dataLength: number): bigint;
  /**
   * The same ledger as a node sees it that is `slots` behind (0 to 150): every commitment that much older.
   * Absent in stand-ins that cannot lag.
   */
  behind?(slots: number): Ledger;
}

/** Push side: listeners are called in the order in which the engine produced the events, after the ledger was updated. */
export interface LedgerFeed {
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

export interface SendOutcome {
  readonly signature: string;
}

/** Write side: what RPC handlers ask of the engine. All reject with `WireError` for bytes that cannot be a transaction. */
export interface EngineClient {
  /** Queues the bytes for the leader after the set network delay; preflight is the caller's affair. */
  submit(wire: Uint8Array, options?: { readonly external?: boolean; readonly delayMs?: number }): SendOutcome;
  simulate(request: SimulationRequest): Promise<SimulationResult>;
  /** Credits lamports by a real transfer from the faucet; answers its signature. */
  airdrop(address: string, lamports: bigint): Promise<string>;
  /** Writes an account outside any transaction (tests, `--accounts`). */
  setAccount(address: string, account: AccountState): Promise<void>;
  conditions(): SlotConditions;
  setConditions(change: Partial<SlotConditions>): Promise<SlotConditions>;
  /** With a manual clock: ends the current slot and starts the next; resolves when all its events were delivered. */
  step(slots?: number): Promise<number>;
}

export type { EngineEvent, SlotEvent };
