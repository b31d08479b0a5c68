/**
 * What a drill knows at its end, from four sources that do not know each other: what clients were told, what the
 * journal holds, what the ledger holds, and what the cluster noted of every send that arrived. All times are epoch
 * milliseconds of one machine.
 */

/** A trade as the executor once told a client. */
export interface ToldState {
  readonly atMs: number;
  readonly tradeId: string;
  readonly state: string;
  /** Signatures of its attempts, as told. */
  readonly signatures: readonly string[];
  readonly outcome: ToldOutcome | undefined;
}

export interface ToldOutcome {
  readonly slot: number;
  /** Lamports and base units; undefined where the executor said nothing of them. */
  readonly feeLamports: bigint | undefined;
  readonly spent: bigint | undefined;
  readonly received: bigint | undefined;
}

/** One order with everything that its client heard. */
export interface ClientOrder {
  readonly clientOrderId: string;
  readonly inputMint: string;
  readonly outputMint: string;
  /** Ids in 202 answers, each once; more than one is a double. */
  readonly tradeIds: readonly string[];
  /** It was told so in an answer with a code, and asked no more. */
  readonly deniedFor: string | undefined;
  /** First told of each state, in the order told. */
  readonly told: readonly ToldState[];
  /** The last thing told of the trade, at the end of the drill. */
  readonly last: ToldState | undefined;
  /** After a 202 the executor once said that it knows no such trade. */
  readonly saidMissing: boolean;
  /** The answer to a cancellation: nothing more is sent of it from then on. */
  readonly noResendsToldAtMs: number | undefined;
}

export interface JournalAttempt {
  readonly number: number;
  readonly signature: string;
  readonly lastValidBlockHeight: number;
}

export interface JournalTrade {
  readonly id: string;
  readonly clientOrderId: string;
  readonly state: string;
  readonly acceptedAtMs: number;
  readonly attempts: readonly JournalAttempt[];
}

/** A transaction of one of our wallets on the finalized ledger. */
export interface LedgerTransaction {
  readonly signature: string;
  readonly slot: number;
  readonly wallet: string;
  readonly failed: boolean;
  readonly feeLamports: bigint;
  /** Change of the wallet's base units by mint, from the transaction's own token balances. */
  readonly changes: ReadonlyMap<string, bigint>;
}

/** What the cluster noted of a signature's sends, whether chaos let them through or not. */
export interface Submission {
  readonly signature: string;
  readonly firstReceivedAtMs: number;
  readonly lastReceivedAtMs: number;
  readonly timesReceived: number;
}

/** One stop that was answered with 200. */
export interface Stop {
  /** When the client had the 200. */
  readonly answeredAtMs: number;
  /** Signatures that the answer listed as out; undefined where it came before the journal was read. */
  readonly mayStillLand: readonly string[] | undefined;
  /** When its release was first asked for; undefined: never. Up to then it was in force, over kills too. */
  readonly releaseAskedAtMs: number | undefined;
}

/** The cluster's slots at some moment at or after `askedAtMs`. */
export interface SlotSample {
  readonly askedAtMs: number;
  readonly tip: number;
  readonly finalized: number;
}

export interface DrillEvidence {
  readonly orders: readonly ClientOrder[];
  readonly journal: readonly JournalTrade[];
  /** Damage in the journal other than a torn end, in words. */
  readonly journalFaults: readonly string[];
  readonly ledger: readonly LedgerTransaction[];
  readonly submissions: readonly Submission[];
  readonly stops: readonly Stop[];
  /** Ascending. */
  readonly samples: readonly SlotSample[];
  /** Slots of the finalized blocks, ascending, and the height of the last one. */
  readonly blocks: readonly number[];
  readonly lastBlockHeight: number;
}
