/** `SubscribeRequest` as it is after decoding: plain values, u64 as bigint, absent optional fields undefined. */

export interface CuckooFilterMessage {
  readonly data: Uint8Array;
  readonly hashSeed: bigint;
}

export interface AccountsFilterMessage {
  readonly account: readonly string[];
  readonly owner: readonly string[];
  readonly filters: readonly AccountStateFilterMessage[];
  readonly nonemptyTxnSignature?: boolean;
  readonly cuckoo?: CuckooFilterMessage;
}

/** The one field of the oneof that was sent; none when the client sent an empty filter. */
export interface AccountStateFilterMessage {
  readonly memcmp?: MemcmpMessage;
  readonly datasize?: bigint;
  readonly tokenAccountState?: boolean;
  readonly lamports?: LamportsMessage;
}

export interface MemcmpMessage {
  readonly offset: bigint;
  readonly bytes?: Uint8Array;
  readonly base58?: string;
  readonly base64?: string;
}

export interface LamportsMessage {
  readonly eq?: bigint;
  readonly ne?: bigint;
  readonly lt?: bigint;
  readonly gt?: bigint;
}

export interface SlotsFilterMessage {
  readonly filterByCommitment: boolean;
  readonly interslotUpdates: boolean;
}

export interface TransactionsFilterMessage {
  readonly vote?: boolean;
  readonly failed?: boolean;
  readonly signature?: string;
  readonly accountInclude: readonly string[];
  readonly accountExclude: readonly string[];
  readonly accountRequired: readonly string[];
  readonly cuckoo?: CuckooFilterMessage;
  /** Number of `TokenAccountExpansionControlFlag`, not yet checked. */
  readonly tokenAccounts?: number;
}

export interface BlocksFilterMessage {
  readonly accountInclude: readonly string[];
  readonly includeTransactions?: boolean;
  readonly includeAccounts?: boolean;
  readonly includeEntries?: boolean;
  readonly cuckoo?: CuckooFilterMessage;
}

export interface DataSliceMessage {
  readonly offset: bigint;
  readonly length: bigint;
}

export interface SubscribeRequestMessage {
  readonly accounts: ReadonlyMap<string, AccountsFilterMessage>;
  readonly slots: ReadonlyMap<string, SlotsFilterMessage>;
  readonly transactions: ReadonlyMap<string, TransactionsFilterMessage>;
  readonly transactionsStatus: ReadonlyMap<string, TransactionsFilterMessage>;
  readonly blocks: ReadonlyMap<string, BlocksFilterMessage>;
  readonly blocksMeta: readonly string[];
  readonly entry: readonly string[];
  /** Number of `CommitmentLevel`, not yet checked. */
  readonly commitment?: number;
  readonly accountsDataSlice: readonly DataSliceMessage[];
  readonly pingId?: number;
  readonly fromSlot?: bigint;
}
