/** The newest trades, each with how far it has come. */
import { byId, KeyedRows, make, type Row, setData, setHidden, setText } from './dom.js';
import { amountInColumn, duration, NOTHING, pairName, shortKey, timeOfDay } from './format.js';
import type { TradeData } from './types.js';

/** Trades kept; the oldest go first. */
const MAX_KEPT = 500;
const MAX_SHOWN = 60;

/** The way of a trade that lands. */
const STEPS = ['queued', 'signed', 'sent', 'processed', 'confirmed', 'finalized'];
const ENDED = new Set(['finalized', 'denied', 'cancelled', 'simulated', 'failed', 'expired']);
const NOT_LANDED = new Set(['denied', 'cancelled', 'failed', 'expired', 'unknown']);

type Filter = 'all' | 'live' | 'lost';

export class TradesView {
  readonly #trades = new Map<string, TradeData>();
  readonly #empty = byId('trades-empty', HTMLElement);
  readonly #rows: KeyedRows<TradeData>;
  #filter: Filter = 'all';
  #isChanged = true;

  /** @param decimalsOf of a mint, where a pool tells them */
  constructor(decimalsOf: (mint: string) => number | undefined) {
    const body = byId('trade-rows', HTMLTableSectionElement);
    this.#rows = new KeyedRows(
      body,
      ({ id }) => id,
      () => tradeRow(decimalsOf),
    );
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=filter]')) {
      radio.addEventListener('change', () => {
        this.#filter = radio.value as Filter;
        this.#isChanged = true;
      });
    }
  }

  reset(trades: readonly TradeData[]): void {
    this.#trades.clear();
    for (const trade of trades) this.#trades.set(trade.id, trade);
    this.#isChanged = true;
  }

  put(trade: TradeData): void {
    this.#trades.set(trade.id, trade);
    this.#isChanged = true;
    if (this.#trades.size > MAX_KEPT)
      for (const { id } of this.#newest().slice(MAX_KEPT - 50)) this.#trades.delete(id);
  }

  show(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const shown = this.#newest()
      .filter((trade) => this.#fits(trade))
      .slice(0, MAX_SHOWN);
    this.#rows.show(shown);
    setText(this.#empty, this.#trades.size === 0 ? 'No trade yet.' : 'None among the newest trades.');
    setHidden(this.#empty, shown.length > 0);
  }

  #newest(): TradeData[] {
    return [...this.#trades.values()].sort(
      (a, b) => b.acceptedAtMs - a.acceptedAtMs || (a.id < b.id ? 1 : -1),
    );
  }

  #fits({ state }: TradeData): boolean {
    if (this.#filter === 'live') return !ENDED.has(state);
    return this.#filter === 'all' || NOT_LANDED.has(state);
  }
}

function tradeRow(decimalsOf: (mint: string) => number | undefined): Row<TradeData> {
  const time = make('td');
  const chip = make('span', 'chip');
  const progress = make('span', 'progress', ...STEPS.map(() => make('i')));
  const swap = make('td', 'swap');
  const paid = make('td', 'number wide');
  const delta = make('td', 'number wide');
  const confirmed = make('td', 'number');
  const signature = make('td', 'key wider');
  const element = make(
    'tr',
    '',
    time,
    make('td', '', chip),
    make('td', 'wide', progress),
    swap,
    paid,
    delta,
    confirmed,
    signature,
  );
  const update = (trade: TradeData) => {
    setText(time, timeOfDay(trade.acceptedAtMs));
    setText(chip, trade.dryRun ? `${trade.state} (dry)` : trade.state);
    setData(chip, 'state', trade.state);
    const why =
      trade.denial?.message ?? trade.outcome?.error ?? trade.evidence.detail ?? trade.evidence.source;
    element.title = `${trade.inputMint} → ${trade.outputMint} · ${trade.clientOrderId} · ${trade.id} · ${why}`;
    showProgress(progress, trade);
    setText(swap, pairName(trade.inputMint, trade.outputMint, ' → '));
    const spent = trade.outcome?.spent ?? (trade.mode === 'exactIn' ? trade.amount : trade.limit);
    setText(paid, amountInColumn(spent, decimalsOf(trade.inputMint)));
    setText(delta, trade.outcome === undefined ? NOTHING : String(trade.outcome.slotDelta));
    const { confirmedUs } = trade.timesUs;
    setText(confirmed, confirmedUs === undefined ? NOTHING : duration(confirmedUs));
    setText(signature, trade.signature === undefined ? NOTHING : shortKey(trade.signature));
  };
  return { element, update };
}

function showProgress(progress: HTMLElement, { state, attempts }: TradeData): void {
  const reached = STEPS.indexOf(state);
  const bad = reached < 0 && state !== 'accepted' && state !== 'simulated';
  const done = reached >= 0 ? reached + 1 : attempts > 0 ? 3 : 1;
  setData(progress, 'bad', bad ? 'yes' : 'no');
  progress.setAttribute('aria-label', reached >= 0 ? `step ${done} of ${STEPS.length}` : state);
  [...progress.children].forEach((step, index) => {
    setData(step as HTMLElement, 'done', index < done ? 'yes' : 'no');
  });
}
