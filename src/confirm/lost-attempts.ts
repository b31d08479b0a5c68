/**
 * What a damaged journal may have lost: an attempt that is out. No record tells its signature, so that the wallet's
 * own history on the chain is searched: once a block is rooted in which no attempt of an earlier life can be any more,
 * whatever landed is in the history of a node that has come so far and has not pruned it, and nothing else can land.
 * A transaction that the journal does not know is an attempt of a trade in doubt, or a stranger.
 */
import type { SlotView } from '../cache/types.js';
import {
  type Address,
  asBlockHeight,
  asSlot,
  type BlockHeight,
  type Signature,
  type Slot,
  type TradeId,
} from '../model/brands.js';
import type { Attempt, Evidence, Trade } from '../model/trade.js';
import type { Clock, TimerHandle } from '../time/clock.js';

/** How often a wallet in doubt is looked at. */
export const SEARCH_PERIOD_MS = 500;
/** A wallet whose searches go on coming to nothing is told of no more often. */
export const FAULT_PERIOD_MS = 60_000;
/** Blocks for which a blockhash can be used. */
const VALIDITY_BLOCKS = 150;
/** Blocks by which the stream may be behind what the earlier life had seen when it signed. */
export const LAG_MARGIN_BLOCKS = 32;

export interface LandedTransaction {
  readonly signature: Signature;
  readonly slot: Slot;
  /** The node that told of it: another may have pruned it. */
  readonly host: string;
}

/** An attempt as it is read from the chain. */
export type FoundAttempt = Omit<Attempt, 'number' | 'sends'>;
/** How long its blockhash lived is not in it. */
export type FoundOnChain = Omit<FoundAttempt, 'lastValidBlockHeight'>;

export interface WalletHistory {
  /**
   * Every rooted transaction of a wallet from a slot on, oldest first.
   * @param rootedSlot the node must have rooted it
   * @param turn asks another node first
   * @throws HotslotError where no node has come so far, or has kept so much
   */
  landed(
    wallet: Address,
    fromSlot: Slot,
    rootedSlot: Slot,
    turn: number,
  ): Promise<readonly LandedTransaction[]>;
  /**
   * Of which of the trades it is an attempt; undefined for a stranger.
   * @throws HotslotError where the node that told of it does not give it
   */
  attemptOf(
    landed: LandedTransaction,
    trades: readonly Trade[],
  ): Promise<{ readonly tradeId: TradeId; readonly attempt: FoundOnChain } | undefined>;
}

/** The trades in doubt; see `lifecycle/resumption.ts`. */
export interface TradesInDoubt {
  doubtful(): ReadonlyMap<Address, readonly Trade[]>;
  adopt(id: TradeId, found: FoundAttempt): boolean;
  clearDoubt(wallet: Address, evidence: Evidence): void;
}

export interface LostAttemptSearchOptions {
  readonly clock: Clock;
  readonly slots: SlotView;
  readonly trades: TradesInDoubt;
  readonly history: WalletHistory;
  readonly isKnown: (signature: Signature) => boolean;
  /** Of every wallet it is known what landed. Called once. */
  readonly onSettled: () => void;
  /** Hears why a search came to nothing, of a wallet at most every FAULT_PERIOD_MS; it is tried again. */
  readonly onFault: (wallet: Address, error: unknown) => void;
}

export class LostAttemptSearch {
  readonly #options: LostAttemptSearchOptions;
  readonly #timer: TimerHandle;
  readonly #asking = new Set<Address>();
  /** Searches of a wallet that came to nothing. */
  readonly #failures = new Map<Address, number>();
  /** When it was last told, monotonic microseconds. */
  readonly #toldUs = new Map<Address, number>();
  #isOver = false;
  /** No attempt of an earlier life can be in a block above this height. */
  #lastHeight: BlockHeight | undefined;

  constructor(options: LostAttemptSearchOptions) {
    this.#options = options;
    this.#timer = options.clock.every(SEARCH_PERIOD_MS, () => this.#look());
  }

  close(): void {
    this.#isOver = true;
    this.#timer.cancel();
  }

  #look(): void {
    const doubtful = this.#options.trades.doubtful();
    if (doubtful.size === 0) {
      this.close();
      this.#options.onSettled();
      return;
    }
    const rootedSlot = this.#rootedSlotPast(doubtful);
    if (rootedSlot === undefined) return;
    for (const [wallet, trades] of doubtful) {
      if (this.#asking.has(wallet)) continue;
      this.#asking.add(wallet);
      void this.#search(wallet, trades, rootedSlot)
        .catch((error: unknown) => this.#failed(wallet, error))
        .finally(() => this.#asking.delete(wallet));
    }
  }

  #failed(wallet: Address, error: unknown): void {
    this.#failures.set(wallet, (this.#failures.get(wallet) ?? 0) + 1);
    const nowUs = this.#options.clock.monotonicUs();
    const toldUs = this.#toldUs.get(wallet);
    if (toldUs !== undefined && nowUs - toldUs < FAULT_PERIOD_MS * 1000) return;
    this.#toldUs.set(wallet, nowUs);
    this.#options.onFault(wallet, error);
  }

  #rootedSlotPast(doubtful: ReadonlyMap<Address, readonly Trade[]>): Slot | undefined {
    const { slots } = this.#options;
    if (this.#lastHeight === undefined) {
      const height = slots.blockHeight('processed');
      if (height === undefined) return undefined;
      const known = [...doubtful.values()].flat().flatMap((trade) => trade.attempts);
      this.#lastHeight = asBlockHeight(
        Math.max(
          height + LAG_MARGIN_BLOCKS + VALIDITY_BLOCKS,
          ...known.map((attempt) => attempt.lastValidBlockHeight),
        ),
      );
    }
    return slots.firstSlotAboveHeight(this.#lastHeight, 'finalized');
  }

  async #search(wallet: Address, trades: readonly Trade[], rootedSlot: Slot): Promise<void> {
    const { history, isKnown } = this.#options;
    const desk = this.#options.trades;
    const fromSlot = asSlot(Math.min(...trades.map((trade) => trade.intentSlot)));
    const landed = await history.landed(wallet, fromSlot, rootedSlot, this.#failures.get(wallet) ?? 0);
    let open = trades;
    for (const transaction of landed) {
      if (isKnown(transaction.signature)) continue;
      const found = await history.attemptOf(transaction, open);
      if (this.#isOver) return;
      if (found === undefined) continue;
      const attempt = { ...found.attempt, lastValidBlockHeight: this.#lastHeight! };
      if (!desk.adopt(found.tradeId, attempt)) return;
      open = open.filter((trade) => trade.id !== found.tradeId);
    }
    if (this.#isOver) return;
    const detail = `nothing else of the wallet landed up to a block above height ${this.#lastHeight}`;
    desk.clearDoubt(wallet, { source: 'rpc', slot: rootedSlot, commitment: 'finalized', detail });
  }
}
