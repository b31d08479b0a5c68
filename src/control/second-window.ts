/** What happened within a second: counts, and the exact quantiles of what was confirmed in it. */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { Trade } from '../model/trade.js';
import type { LatencyData } from './ws-data.js';

/** Confirmations of one window that are measured; more are counted alone. */
export const MAX_MEASURED = 4_096;

export class SecondWindow {
  readonly #confirmedUs: number[] = [];
  readonly #slotDeltas: number[] = [];
  #accepted = 0;
  #sent = 0;
  #landed = 0;
  #failed = 0;
  #denied = 0;

  add({ trade, change: { state }, attempts }: TradeEvent): void {
    if (state === 'queued' && attempts === 0) this.#accepted += 1;
    else if (state === 'sent') this.#sent += 1;
    else if (state === 'failed' || state === 'expired') this.#failed += 1;
    else if (state === 'denied') this.#denied += 1;
    else if (state === 'confirmed') this.#confirmed(trade);
  }

  /** @param ms how long the window was */
  summary(ms: number): LatencyData['window'] {
    return {
      ms: Math.round(ms),
      accepted: this.#accepted,
      sent: this.#sent,
      landed: this.#landed,
      failed: this.#failed,
      denied: this.#denied,
      intentToConfirmedUs: quantilesOfValues(this.#confirmedUs),
      slotDelta: quantilesOfValues(this.#slotDeltas),
    };
  }

  #confirmed({ times, outcome }: Trade): void {
    this.#landed += 1;
    if (this.#confirmedUs.length >= MAX_MEASURED) return;
    if (times.confirmedUs !== undefined) this.#confirmedUs.push(times.confirmedUs);
    if (outcome !== undefined) this.#slotDeltas.push(outcome.slotDelta);
  }
}

function quantilesOfValues(values: number[]): LatencyData['window']['slotDelta'] {
  if (values.length === 0) return { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.max(0, Math.ceil(values.length * share) - 1)]!;
  return { count: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: values.at(-1)! };
}
