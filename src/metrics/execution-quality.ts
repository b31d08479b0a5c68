/** What landed trades got against what they were quoted, and what they cost. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { TradeId } from '../model/brands.js';
import { type Attempt, isLanding, isUndone, type Trade, type TradeOutcome } from '../model/trade.js';
import { SampleWindow, type WindowFigures } from './sample-window.js';

const BPS = 10_000;
const MICRO_LAMPORTS_A_LAMPORT = 1_000_000n;
/** Landed trades that the figures look back on. */
export const QUALITY_WINDOW = 1_000;
/** Confirmed trades whose transaction was not read yet; those past it are left out of the figures (L6). */
const MAX_UNREAD = 8_192;

/** Basis points; what is worse for us than the quote is positive. */
export interface SlippageFigures {
  /** Between the quote that was signed on and the limit in the instruction: what was allowed. */
  readonly allowed: WindowFigures;
  /** Between the quote that was signed on and what the chain did. */
  readonly realised: WindowFigures;
  /** Between the quote at acceptance and what the chain did. */
  readonly sinceAccepted: WindowFigures;
}

/** Lamports of all transactions of ours that landed and were not undone, failed ones too. */
export interface FeeFigures {
  readonly transactions: number;
  /** For the signatures. */
  readonly baseLamports: number;
  /** Compute-unit price times limit. */
  readonly priorityLamports: number;
  /** Paid to a block engine beside the fee. No lane of this executor pays any yet. */
  readonly tipLamports: number;
}

/** What a landing is counted with, so that it can be taken out again while it is not final. */
interface Counted {
  readonly baseLamports: bigint;
  readonly priorityLamports: bigint;
  /** Numbers of its samples; undefined for one that failed. */
  readonly samples: { readonly [Window in keyof SlippageFigures]: number } | undefined;
}

export class ExecutionQuality {
  readonly #allowed = new SampleWindow(QUALITY_WINDOW);
  readonly #realised = new SampleWindow(QUALITY_WINDOW);
  readonly #sinceAccepted = new SampleWindow(QUALITY_WINDOW);
  readonly #unread = new Set<TradeId>();
  /** Confirmed and not final; as many as trades are live at most. */
  readonly #undoable = new Map<TradeId, Counted>();
  #transactions = 0;
  #baseLamports = 0n;
  #priorityLamports = 0n;
  #undoneBaseLamports = 0n;
  #undonePriorityLamports = 0n;

  /**
   * A landing counts once: when it is confirmed or failed, or finalized where its transaction was read only then. One
   * that is undone is taken out again, and counts as it lands then (L7).
   */
  onTrade({ trade, change }: TradeEvent): void {
    const { state } = change;
    if (state === 'confirmed') this.#confirmed(trade);
    else if (state === 'failed') this.#measure(trade);
    else if (state === 'finalized') {
      this.#undoable.delete(trade.id);
      const isUnread = this.#unread.delete(trade.id);
      if (isUnread || isLanding(trade, change)) this.#measure(trade);
    } else if (isUndone(trade, change)) this.#undo(trade.id);
  }

  /** The transaction of one that is final or failed was read only now. */
  onLateOutcome(trade: Trade): void {
    this.#measure(trade);
  }

  slippage(): SlippageFigures {
    return {
      allowed: this.#allowed.figures(),
      realised: this.#realised.figures(),
      sinceAccepted: this.#sinceAccepted.figures(),
    };
  }

  /** Mean of the newest landed trades' realised slippage, bps; undefined before there are so many at least. */
  recentSlippageBps(trades: number, atLeast: number): number | undefined {
    return this.#realised.recentMean(trades, atLeast);
  }

  fees(): FeeFigures {
    return {
      transactions: this.#transactions,
      baseLamports: Number(this.#baseLamports - this.#undoneBaseLamports),
      priorityLamports: Number(this.#priorityLamports - this.#undonePriorityLamports),
      tipLamports: 0,
    };
  }

  /** Lamports that were counted and taken out again with their landings; it never falls. */
  undoneFees(): Pick<FeeFigures, 'baseLamports' | 'priorityLamports'> {
    return {
      baseLamports: Number(this.#undoneBaseLamports),
      priorityLamports: Number(this.#undonePriorityLamports),
    };
  }

  #confirmed(trade: Trade): void {
    const counted = this.#measure(trade);
    if (counted !== undefined) this.#undoable.set(trade.id, counted);
    else if (this.#unread.size < MAX_UNREAD) this.#unread.add(trade.id);
  }

  #undo(id: TradeId): void {
    this.#unread.delete(id);
    const counted = this.#undoable.get(id);
    if (counted === undefined) return;
    this.#undoable.delete(id);
    this.#transactions -= 1;
    this.#undoneBaseLamports += counted.baseLamports;
    this.#undonePriorityLamports += counted.priorityLamports;
    const { samples } = counted;
    if (samples === undefined) return;
    this.#allowed.remove(samples.allowed);
    this.#realised.remove(samples.realised);
    this.#sinceAccepted.remove(samples.sinceAccepted);
  }

  /** @returns undefined where its transaction was not read */
  #measure(trade: Trade): Counted | undefined {
    const attempt = trade.attempts.at(-1);
    const { outcome } = trade;
    if (attempt === undefined || outcome?.feeLamports === undefined) return undefined;
    this.#transactions += 1;
    const priorityLamports = priorityFeeLamports(attempt);
    const baseLamports = outcome.feeLamports - priorityLamports;
    this.#priorityLamports += priorityLamports;
    this.#baseLamports += baseLamports;
    return { baseLamports, priorityLamports, samples: this.#sample(trade, attempt, outcome) };
  }

  #sample(
    { acceptedQuote, intent }: Trade,
    { quotedIn, quotedOut, limit }: Attempt,
    { error, spent, received }: TradeOutcome,
  ): Counted['samples'] {
    if (error !== undefined || spent === undefined || received === undefined) return undefined;
    const { amountIn, amountOut } = acceptedQuote;
    const isExactIn = intent.mode === 'exactIn';
    const worse = (quoted: bigint, real: bigint) => worseByBps(quoted, real, isExactIn);
    return {
      allowed: this.#allowed.add(worse(isExactIn ? quotedOut : quotedIn, limit)),
      realised: this.#realised.add(isExactIn ? worse(quotedOut, received) : worse(quotedIn, spent)),
      sinceAccepted: this.#sinceAccepted.add(isExactIn ? worse(amountOut, received) : worse(amountIn, spent)),
    };
  }
}

/** Rounded up, as the cluster does. */
function priorityFeeLamports({ computeUnitLimit, computeUnitPriceMicroLamports }: Attempt): bigint {
  const micro = BigInt(computeUnitLimit) * computeUnitPriceMicroLamports;
  return (micro + MICRO_LAMPORTS_A_LAMPORT - 1n) / MICRO_LAMPORTS_A_LAMPORT;
}

function worseByBps(quoted: bigint, real: bigint, lessIsWorse: boolean): number {
  if (quoted === 0n) return 0;
  return (Number(lessIsWorse ? quoted - real : real - quoted) / Number(quoted)) * BPS;
}
