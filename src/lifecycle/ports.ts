/** What the life of a trade needs of the other stages; trading.ts and the simulation each bring their own. */
import type { SlotView } from '../cache/types.js';
import type { Confirmer } from '../confirm/types.js';
import type { Journal } from '../journal/types.js';
import type { Route, RouteQuestion } from '../market/router.js';
import type { PoolKeys } from '../market/types.js';
import type { Address, Signature, Slot, TradeId } from '../model/brands.js';
import type { Trade } from '../model/trade.js';
import type { TradeIntent } from '../model/trade-intent.js';
import type { LockSet } from '../schedule/lock-set.js';
import type { LockTable } from '../schedule/lock-table.js';
import type { Sender } from '../send/types.js';
import type { TransactionUpdate } from '../stream/types.js';
import type { AttemptBuilder } from '../threads/types.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';

export type KillGrade = 'off' | 'drain' | 'reduce' | 'stop';

export interface AdmissionRequest {
  readonly tradeId: TradeId;
  readonly intent: TradeIntent;
  readonly route: Route;
  readonly limit: bigint;
}

/** Risk: limits checked and worst case reserved in one synchronous step. */
export interface Admission {
  /**
   * Chooses the wallet, checks every limit and reserves the trade's worst case. A dry run is checked alike, whatever
   * the kill switch's grade, and reserves nothing.
   * @throws HotslotError with the code of the limit; nothing is reserved then
   */
  admit(request: AdmissionRequest): { readonly wallet: Address };
  /** Takes the reservation of a trade from before a restart, whatever the limits. */
  readmit(trade: Trade): void;
  /** Nothing new is admitted on the wallet until `free`: the journal may have lost what it has out. */
  hold(wallet: Address): void;
  free(wallet: Address): void;
  /**
   * The trade ended, or is confirmed: its reservation is given back. With a slot it landed there: not before the
   * confirmed balances hold what that slot brought.
   */
  release(tradeId: TradeId, landedSlot?: Slot): void;
  /** A landed trade's confirmed balances. */
  settle(trade: Trade, transaction: TransactionUpdate): void;
  /** The landing was undone: what it brought is taken back where it was settled. */
  unsettle(signature: Signature): void;
  /** The landing is final: it is never taken back. */
  keep(signature: Signature): void;
  /** Whether its balances were settled, as far back as is remembered. Absent: all were. */
  hasSettled?(signature: Signature): boolean;
  /** Whether the trade shrinks a position; under the grade `reduce` no other is signed. Absent: none is told apart. */
  shrinks?(trade: Trade): boolean;
}

/** Which attempts may leave: those signed after the newest stop, and only while none is in force (L3). */
export interface StopMarks {
  /** Grows with every stop; what was begun under another count is not signed. */
  stopCount(): number;
  /** An attempt that was signed just now, or that no stop came after. */
  admit(signature: Signature): void;
  /** Whether a stop came at that time or later, or after that count of stops; before a restart too. */
  stoppedSince(atMs: number, stopCount: number | undefined): boolean;
  forget(signature: Signature): void;
}

export interface DeskSettings {
  readonly maxAttempts: number;
  readonly expiryCommitment: 'confirmed' | 'finalized';
  readonly computeUnitLimit: number;
  readonly computeUnitPriceMicroLamports: bigint;
  /** Added to the price for each attempt of the trade that went before. */
  readonly priorityFeeRaisePercent: number;
  readonly maxPriorityFeeLamports: bigint;
  readonly maxBlockhashAgeSlots: number;
  readonly maxPoolAgeSlots: number;
  readonly lockRelease: 'sent' | 'processed' | 'confirmed';
  readonly venueLockSlots: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Ended trades kept in memory. */
  readonly maxRecentTrades: number;
  /** JOURNAL_SYNC=always: the attempt is on disk before its bytes leave. */
  readonly journalDurable: boolean;
  /** False on real endpoints without LIVE_TRADING: trades end as `simulated`. */
  readonly mayTradeLive: boolean;
}

export interface ResumableSender extends Sender {
  /** @param sends how often these bytes have left, as far as it is known */
  resume(signature: Signature, wire: Uint8Array, sends: number): void;
  markSeen(signature: Signature, seen: boolean): void;
  sendsOf(signature: Signature): number;
}

export interface SimulatedRun {
  /** Undefined on success, else RPC's JSON form. */
  readonly error: unknown;
  readonly logs: readonly string[];
  readonly unitsConsumed: number | undefined;
}

export interface DeskPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: DeskSettings;
  readonly slots: SlotView;
  readonly route: (question: RouteQuestion) => Route;
  readonly locks: LockTable;
  readonly poolKeys: (pool: Address) => PoolKeys | undefined;
  readonly lockSet: (trade: Pick<Trade, 'pool' | 'wallet' | 'intent'>) => LockSet;
  readonly admission: Admission;
  readonly killGrade: () => KillGrade;
  readonly gate: StopMarks;
  readonly builder: AttemptBuilder;
  readonly journal: Journal;
  readonly sender: ResumableSender;
  readonly confirmer: Confirmer & { hurry(signature: Signature): void };
  readonly simulate: (wire: Uint8Array) => Promise<SimulatedRun>;
  /**
   * Reads a landed transaction from a node when the stream did not bring it; undefined where unknown. Each turn asks
   * another node first.
   */
  readonly fetchTransaction: (signature: Signature, turn: number) => Promise<TransactionUpdate | undefined>;
  /** Name of an on-chain error, e.g. `raydium-cpmm:ExceededSlippage`. */
  readonly errorName: (error: unknown, transaction: TransactionUpdate | undefined) => string;
  /** Trades that left the memory; undefined where none. */
  readonly history: {
    byId(id: TradeId): Trade | undefined;
    byClientOrderId(clientOrderId: string): Trade | undefined;
    /** Whether an attempt of a trade that is not in memory has the signature. */
    knowsSignature(signature: Signature): boolean;
  };
  /** Faults that are no trade's end but that an operator must hear of. */
  readonly onFault: (fault: DeskFault) => void;
}

export interface DeskFault {
  readonly kind: 'journal' | 'builder' | 'invariant' | 'sender' | 'rpc';
  readonly message: string;
  readonly tradeId?: TradeId;
  readonly error?: unknown;
}
