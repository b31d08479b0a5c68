import type { Clock, TimerHandle } from '../time/clock.js';
import type { KillGrade, KillSwitch } from './kill-switch.js';
import type { PnlBook } from './pnl.js';

export interface AutoTripLimits {
  /** Quote units; trips `reduce`. */
  readonly maxDailyLossQuote?: bigint;
  /** Quote units; trips `reduce`. */
  readonly maxDrawdownQuote?: bigint;
  /** 0 to 1, over the last SUCCESS_WINDOW ended trades, once there are MIN_ENDED; trips `drain`. */
  readonly minSuccessRate?: number;
  /** Trips `drain`. */
  readonly maxStreamDownMs?: number;
  /** Trips `drain`. */
  readonly maxRpcDownMs?: number;
}

export const SUCCESS_WINDOW = 100;
export const MIN_ENDED = 20;
/** How often the limits are looked at. */
export const AUTO_TRIP_PERIOD_MS = 250;

/** Newest faults kept. */
const MAX_FAULTS = 16;

type Cause = 'daily-loss' | 'drawdown' | 'success-rate' | 'stream-down' | 'rpc-down';

/**
 * Trips the kill switch by itself. Each cause trips once and is armed again when it is over: an operator who
 * releases the switch while a cause lasts has decided so, and is not overruled a moment later.
 */
export class AutoTrips {
  readonly #clock: Clock;
  readonly #killSwitch: KillSwitch;
  readonly #pnl: PnlBook;
  readonly #limits: AutoTripLimits;
  readonly #tripped = new Set<Cause>();
  readonly #downSinceUs = new Map<Cause, number>();
  #faults: readonly string[] = [];
  #ends: boolean[] = [];
  readonly #timer: TimerHandle;

  constructor(parts: { clock: Clock; killSwitch: KillSwitch; pnl: PnlBook; limits: AutoTripLimits }) {
    this.#clock = parts.clock;
    this.#killSwitch = parts.killSwitch;
    this.#pnl = parts.pnl;
    this.#limits = parts.limits;
    this.#timer = parts.clock.every(AUTO_TRIP_PERIOD_MS, () => this.check());
  }

  /** A sent trade is at its end: landed without an error, or not. */
  tradeEnded(succeeded: boolean): void {
    this.#ends = [...this.#ends, succeeded].slice(-SUCCESS_WINDOW);
  }

  /** A landing that counted as a success was undone. */
  tradeUndone(): void {
    const last = this.#ends.lastIndexOf(true);
    if (last >= 0) this.#ends = this.#ends.toSpliced(last, 1);
  }

  streamIsUp(up: boolean): void {
    this.#setUp('stream-down', up);
  }

  rpcIsUp(up: boolean): void {
    this.#setUp('rpc-down', up);
  }

  /** Share of the last ended trades that succeeded; undefined before MIN_ENDED have. */
  successRate(): number | undefined {
    if (this.#ends.length < MIN_ENDED) return undefined;
    return this.#ends.filter(Boolean).length / this.#ends.length;
  }

  /** Trips that could not be written down; they are in force nevertheless. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  check(): void {
    const { minSuccessRate, maxStreamDownMs, maxRpcDownMs } = this.#limits;
    this.#judgeLosses();
    const rate = this.successRate();
    if (minSuccessRate !== undefined && rate !== undefined) {
      const percent = Math.round(rate * 1000) / 10;
      this.#judge(
        'success-rate',
        rate < minSuccessRate,
        'drain',
        `Of the last trades ${percent}% succeeded.`,
      );
    }
    this.#judgeDown('stream-down', maxStreamDownMs, 'The stream');
    this.#judgeDown('rpc-down', maxRpcDownMs, 'Every RPC endpoint');
  }

  close(): void {
    this.#timer.cancel();
  }

  #setUp(cause: Cause, up: boolean): void {
    if (up) this.#downSinceUs.delete(cause);
    else if (!this.#downSinceUs.has(cause)) this.#downSinceUs.set(cause, this.#clock.monotonicUs());
  }

  /** Not while a price is awaited: the gate lets nothing grow meanwhile, and what had tripped stays so. */
  #judgeLosses(): void {
    const { maxDailyLossQuote, maxDrawdownQuote } = this.#limits;
    const { dailyQuote, drawdownQuote, awaited } = this.#pnl.status();
    if (awaited.length > 0) return;
    if (maxDailyLossQuote !== undefined) {
      this.#judge(
        'daily-loss',
        -dailyQuote >= maxDailyLossQuote,
        'reduce',
        `The day's loss is ${-dailyQuote}.`,
      );
    }
    if (maxDrawdownQuote !== undefined) {
      this.#judge(
        'drawdown',
        drawdownQuote >= maxDrawdownQuote,
        'reduce',
        `The drawdown is ${drawdownQuote}.`,
      );
    }
  }

  #judgeDown(cause: Cause, limitMs: number | undefined, what: string): void {
    if (limitMs === undefined) return;
    const sinceUs = this.#downSinceUs.get(cause);
    const downMs = sinceUs === undefined ? 0 : Math.floor((this.#clock.monotonicUs() - sinceUs) / 1_000);
    this.#judge(
      cause,
      sinceUs !== undefined && downMs >= limitMs,
      'drain',
      `${what} was down for ${downMs} ms.`,
    );
  }

  #judge(cause: Cause, lasts: boolean, grade: KillGrade, reason: string): void {
    if (!lasts) {
      this.#tripped.delete(cause);
      return;
    }
    if (this.#tripped.has(cause)) return;
    this.#tripped.add(cause);
    try {
      this.#killSwitch.trip(grade, reason, cause);
    } catch (error) {
      this.#faults = [...this.#faults, `${cause}: ${(error as Error).message}`].slice(-MAX_FAULTS);
    }
  }
}
