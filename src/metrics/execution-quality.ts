/** What landed trades got against what they were quoted, and what they cost. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { TradeId } from '../model/brands.js';
import type { Attempt, Trade } from '../model/trade.js';
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

/** Lamports of all transactions of ours that landed, failed ones too. */
export interface FeeFigures {
  readonly transactions: number;
  /** For the signatures. */
  readonly baseLamports: number;
  /** Compute-unit price times limit. */
  readonly priorityLamports: number;
  /** Paid to a block engine beside the fee. No lane of this executor pays any yet. */
  readonly tipLamports: number;
}

export class ExecutionQuality {
  readonly #allowed = new SampleWindow(QUALITY_WINDOW);
  readonly #realised = new SampleWindow(QUALITY_WINDOW);
  readonly #sinceAccepted = new SampleWindow(QUALITY_WINDOW);
  readonly #unread = new Set<TradeId>();
  #transactions = 0;
  #baseLamports = 0n;
  #priorityLamports = 0n;

  /** A trade counts once: when it is confirmed or failed, or finalized where its transaction was read only then. */
  onTrade({ trade, change }: TradeEvent): void {
    const { state } = change;
    if (state === 'confirmed' || state === 'failed') {
      if (this.#hasLandedBefore(trade)) return;
      if (trade.outcome?.feeLamports === undefined) this.#remember(trade.id);
      else this.#measure(trade);
    } else if (state === 'finalized') {
      const isUnread = this.#unread.delete(trade.id);
      if (isUnread || trade.history.at(-2)?.state !== 'confirmed') this.#measure(trade);
    }
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
      baseLamports: Number(this.#baseLamports),
      priorityLamports: Number(this.#priorityLamports),
      tipLamports: 0,
    };
  }

  /** A fork was lost and it landed again. */
  #hasLandedBefore({ history }: Trade): boolean {
    return history.slice(0, -1).some(({ state }) => state === 'confirmed');
  }

  #remember(id: TradeId): void {
    if (this.#unread.size < MAX_UNREAD) this.#unread.add(id);
  }

  #measure(trade: Trade): void {
    const attempt = trade.attempts.at(-1);
    const { outcome } = trade;
    if (attempt === undefined || outcome?.feeLamports === undefined) return;
    this.#transactions += 1;
    const priority = priorityFeeLamports(attempt);
    this.#priorityLamports += priority;
    this.#baseLamports += outcome.feeLamports - priority;
    const { spent, received } = outcome;
    if (outcome.error !== undefined || spent === undefined || received === undefined) return;
    const { quotedIn, quotedOut, limit } = attempt;
    const { amountIn, amountOut } = trade.acceptedQuote;
    const isExactIn = trade.intent.mode === 'exactIn';
    const worse = (quoted: bigint, real: bigint) => worseByBps(quoted, real, isExactIn);
    this.#allowed.add(worse(isExactIn ? quotedOut : quotedIn, limit));
    this.#realised.add(isExactIn ? worse(quotedOut, received) : worse(quotedIn, spent));
    this.#sinceAccepted.add(isExactIn ? worse(amountOut, received) : worse(amountIn, spent));
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
