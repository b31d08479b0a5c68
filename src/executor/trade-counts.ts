/** Counts of trades by their last state, and the success rate of those that ended lately. */
import type { ErrorCode } from '../errors/codes.js';
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { TradeId } from '../model/brands.js';
import { isLanding, isUndone, type Trade } from '../model/trade.js';
import type { TradeState } from '../model/trade-state.js';

/** Ended trades that the success rate looks back on. */
const RATE_WINDOW = 50;

/** Denials of a trade that was called off after an attempt of it had been proven dead. */
const CALLED_OFF: ReadonlySet<string> = new Set<ErrorCode>(['CANCELLED', 'KILL_SWITCH_ACTIVE']);

/**
 * Whether a signed trade ended without the landing that it was meant to have. One that was cancelled, or that a stop
 * kept from being sent on, is none when it expires: that is what was asked for.
 * @param wasStopped whether a stop came since the trade was accepted
 */
export function isFailure({ trade, change }: TradeEvent, wasStopped: (trade: Trade) => boolean): boolean {
  if (change.state !== 'expired') return change.state === 'failed';
  const isCalledOff = trade.cancelRequestedAtMs !== undefined || CALLED_OFF.has(trade.denial?.code ?? '');
  return !isCalledOff && !wasStopped(trade);
}

export class TradeCounts {
  readonly #counts = new Map<TradeState, number>();
  readonly #recent: boolean[] = [];
  /** Confirmed in this life of the process and not finalized; as many as trades are live at most. */
  readonly #undoable = new Set<TradeId>();
  #landed = 0;

  /**
   * @param isFailure see `isFailure`
   * @returns whether a landing was taken back that had been counted: one of an earlier life was not
   */
  onTrade({ trade, change }: TradeEvent, isFailure: boolean): boolean {
    const { state } = change;
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
    if (isLanding(trade, change)) {
      this.#landed += 1;
      this.#remember(true);
    } else if (isFailure) this.#remember(false);
    const isTakenBack = isUndone(trade, change) && this.#undoable.has(trade.id);
    if (isTakenBack) this.#undo();
    if (state === 'confirmed') this.#undoable.add(trade.id);
    else this.#undoable.delete(trade.id);
    return isTakenBack;
  }

  /** Trades that ever reached the state. */
  reached(state: TradeState): number {
    return this.#counts.get(state) ?? 0;
  }

  /** Confirmed or better, and not undone. */
  get landed(): number {
    return this.#landed;
  }

  /** Share of the last 50 signed trades that landed, called-off ones left out; undefined before the first ended. */
  get successRate(): number | undefined {
    if (this.#recent.length === 0) return undefined;
    return this.#recent.filter(Boolean).length / this.#recent.length;
  }

  get ratedTrades(): number {
    return this.#recent.length;
  }

  #undo(): void {
    this.#landed -= 1;
    const last = this.#recent.lastIndexOf(true);
    if (last >= 0) this.#recent.splice(last, 1);
  }

  #remember(landed: boolean): void {
    this.#recent.push(landed);
    if (this.#recent.length > RATE_WINDOW) this.#recent.shift();
  }
}
