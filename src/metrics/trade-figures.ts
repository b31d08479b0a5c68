/** Figures of trades beside their latencies: errors, slippage and fees, and how many a second. */
import type { HotslotError } from '../errors/hotslot-error.js';
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import { isLanding } from '../model/trade.js';
import type { Clock } from '../time/clock.js';
import { BoundedCounts } from './bounded-counts.js';
import { ExecutionQuality } from './execution-quality.js';
import { RATE_WINDOW_S, RateWindow } from './rate-window.js';

export interface Throughput {
  readonly windowSeconds: number;
  readonly acceptedPerSecond: number;
  readonly sentPerSecond: number;
  readonly confirmedPerSecond: number;
}

export class TradeFigures {
  readonly quality = new ExecutionQuality();
  /** By our code, or by the name of the on-chain error. */
  readonly errors = new BoundedCounts();
  readonly #accepted: RateWindow;
  readonly #sent: RateWindow;
  readonly #confirmed: RateWindow;

  constructor(clock: Clock) {
    this.#accepted = new RateWindow(clock);
    this.#sent = new RateWindow(clock);
    this.#confirmed = new RateWindow(clock);
  }

  onTrade(event: TradeEvent): void {
    const { trade, change, attempts } = event;
    this.quality.onTrade(event);
    if (change.state === 'queued' && attempts === 0) this.#accepted.add();
    else if (change.state === 'sent' && trade.history.at(-2)?.state === 'signed') this.#sent.add();
    else if (isLanding(trade, change)) this.#confirmed.add();
    else if (change.state === 'denied') this.errors.add(trade.denial?.code ?? 'denied');
    else if (change.state === 'failed') this.errors.add(trade.outcome?.error ?? 'failed');
    else if (change.state === 'expired') this.errors.add('expired');
  }

  /** An intent that did not become a trade. */
  onRefused(error: HotslotError): void {
    this.errors.add(error.code);
  }

  throughput(): Throughput {
    return {
      windowSeconds: RATE_WINDOW_S,
      acceptedPerSecond: this.#accepted.perSecond(),
      sentPerSecond: this.#sent.perSecond(),
      confirmedPerSecond: this.#confirmed.perSecond(),
    };
  }
}
