/** The figures at a glance. */
import { byId, setText } from './dom.js';
import { amount, duration, integer, mintName, NOTHING, percent, rate } from './format.js';
import type { LatencyData, Positions, QueueData, SlotsData, Status } from './types.js';

/** Seconds over which the rate of landings is taken. */
const RATE_WINDOWS = 10;

export class TilesView {
  readonly #landedWindows: { readonly ms: number; readonly landed: number }[] = [];

  slots({ slot, confirmedSlot, finalizedSlot }: SlotsData): void {
    const behind = `conf. −${slot - confirmedSlot} · final −${slot - finalizedSlot}`;
    write('slot', integer(slot), behind);
  }

  latency({ window, spansUs, slotDelta }: LatencyData): void {
    const { intentToConfirmed, intentToWire } = spansUs;
    writeQuantiles('confirmed', intentToConfirmed, duration);
    writeQuantiles('wire', intentToWire, duration);
    writeQuantiles('delta', slotDelta, String);
    this.#landedWindows.push(window);
    if (this.#landedWindows.length > RATE_WINDOWS) this.#landedWindows.shift();
    const landed = this.#landedWindows.reduce((sum, one) => sum + one.landed, 0);
    const ms = this.#landedWindows.reduce((sum, one) => sum + one.ms, 0);
    setText(byId('tile-landed', HTMLElement), `${rate((landed * 1_000) / Math.max(ms, 1))} /s`);
  }

  status({ trades }: Status): void {
    if (trades === undefined) return;
    setText(
      byId('tile-landed-sub', HTMLElement),
      `${integer(trades.landed)} in all · ${integer(trades.live)} live`,
    );
    const { successRate } = trades;
    const lost = `${integer(trades.failed + trades.expired)} lost · ${integer(trades.denied)} denied`;
    write('success', successRate === undefined ? NOTHING : percent(successRate), lost);
  }

  queue({ running, maxConcurrent, queued, paused }: QueueData): void {
    write(
      'running',
      `${running} of ${maxConcurrent}`,
      paused === null ? `${integer(queued)} queued` : 'paused',
    );
  }

  positions({ pnl, quoteMint }: Positions, decimals: number | undefined): void {
    const total = amount(pnl.totalQuote, decimals, 2);
    write('pnl', `${amount(pnl.dailyQuote, decimals, 2)} ${mintName(quoteMint)}`, `${total} in all`);
    byId('tile-pnl', HTMLElement).dataset.sign = pnl.dailyQuote.startsWith('-') ? 'minus' : 'plus';
  }
}

function write(tile: string, value: string, sub: string): void {
  setText(byId(`tile-${tile}`, HTMLElement), value);
  setText(byId(`tile-${tile}-sub`, HTMLElement), sub);
}

function writeQuantiles(
  tile: string,
  quantiles: LatencyData['slotDelta'] | undefined,
  words: (value: number) => string,
) {
  if (quantiles === undefined || quantiles.count === 0) return;
  write(tile, words(quantiles.p50), `p95 ${words(quantiles.p95)} · p99 ${words(quantiles.p99)}`);
}
