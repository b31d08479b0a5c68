/** Stages, pools, positions and the queue. */
import { byId, KeyedRows, make, type Row, setData, setText } from './dom.js';
import {
  amount,
  amountInColumn,
  counted,
  duration,
  integer,
  mintName,
  NOTHING,
  pairName,
  price,
} from './format.js';
import type { LatencyData, PoolRow, Positions, QueueData } from './types.js';

type StageRow = readonly [name: string, quantiles: LatencyData['slotDelta']];

export class StagesView {
  readonly #rows = new KeyedRows<StageRow>(byId('stage-rows', HTMLElement), ([name]) => name, stageRow);

  show({ stagesUs }: LatencyData): void {
    this.#rows.show(Object.entries(stagesUs));
  }
}

function stageRow(): Row<StageRow> {
  const name = make('th');
  name.scope = 'row';
  const cells = [make('td', 'number'), make('td', 'number'), make('td', 'number')];
  return {
    element: make('tr', '', name, ...cells),
    update: ([stage, { count, p50, p95, p99 }]) => {
      setText(name, stage);
      for (const [index, value] of [p50, p95, p99].entries())
        setText(cells[index]!, count === 0 ? NOTHING : duration(value));
    },
  };
}

/** After the point of what is held: an overview. */
const POSITION_PLACES = 2;

/** Slots past which a pool's age is shown as a warning; what is denied is the executor's to say. */
const AGE_WARN_SLOTS = 4;

export class PoolsView {
  readonly #rows = new KeyedRows<PoolRow>(byId('pool-rows', HTMLElement), ({ pool }) => pool, poolRow);

  show(pools: readonly PoolRow[]): void {
    const fresh = pools.filter(({ ageSlots }) => ageSlots !== null && ageSlots <= AGE_WARN_SLOTS).length;
    setText(byId('pools-count', HTMLElement), `${fresh} of ${pools.length} fresh`);
    this.#rows.show(pools);
  }
}

function poolRow(): Row<PoolRow> {
  const pair = make('td');
  const middle = make('td', 'number');
  const age = make('td', 'number');
  const element = make('tr', '', pair, middle, age);
  const update = (pool: PoolRow) => {
    setText(pair, pairName(pool.mint0 ?? '', pool.mint1 ?? '', ' / '));
    element.title = `${pool.venue ?? ''} ${pool.pool}: ${pool.mint0} / ${pool.mint1}, slot ${pool.slot ?? NOTHING}`;
    setText(middle, price(priceOf(pool)));
    setText(age, pool.ageSlots === null ? 'stale' : counted(pool.ageSlots, 'slots'));
    setData(
      age,
      'level',
      pool.ageSlots === null ? 'critical' : pool.ageSlots > AGE_WARN_SLOTS ? 'warn' : 'ok',
    );
  };
  return { element, update };
}

/** Units of mint 1 for one of mint 0, fees and impact left out. */
function priceOf({ reserve0, reserve1, decimals0 = 0, decimals1 = 0 }: PoolRow): number {
  return Number(reserve1) / 10 ** decimals1 / (Number(reserve0) / 10 ** decimals0);
}

interface MintTotal {
  readonly mint: string;
  readonly total: bigint;
  readonly wallets: number;
}

export class PositionsView {
  readonly #rows: KeyedRows<MintTotal>;
  readonly #decimalsOf: (mint: string) => number | undefined;

  constructor(decimalsOf: (mint: string) => number | undefined) {
    this.#decimalsOf = decimalsOf;
    const body = byId('position-rows', HTMLElement);
    this.#rows = new KeyedRows(
      body,
      ({ mint }) => mint,
      () => positionRow(decimalsOf),
    );
  }

  show({ positions, pnl, quoteMint }: Positions): void {
    const totals = new Map<string, MintTotal>();
    for (const { mint, amount: held } of positions) {
      const { total, wallets } = totals.get(mint) ?? { total: 0n, wallets: 0 };
      totals.set(mint, { mint, total: total + BigInt(held), wallets: wallets + 1 });
    }
    this.#rows.show([...totals.values()]);
    const decimals = this.#decimalsOf(quoteMint);
    const unit = mintName(quoteMint);
    setText(byId('pnl-total', HTMLElement), `${amount(pnl.totalQuote, decimals, 2)} ${unit}`);
    setText(byId('pnl-drawdown', HTMLElement), `${amount(pnl.drawdownQuote, decimals, 2)} ${unit}`);
  }
}

function positionRow(decimalsOf: (mint: string) => number | undefined): Row<MintTotal> {
  const name = make('td');
  const held = make('td', 'number');
  const element = make('tr', '', name, held);
  const update = ({ mint, total, wallets }: MintTotal) => {
    setText(name, mintName(mint));
    element.title = `${mint} in ${wallets} wallets`;
    setText(held, amountInColumn(total.toString(), decimalsOf(mint), POSITION_PLACES));
  };
  return { element, update };
}

export class QueueView {
  readonly #bars = Array.from({ length: 10 }, (_, priority) => {
    const bar = make('i');
    const count = make('b', '', '0');
    byId('priority-bars', HTMLElement).append(
      make('li', '', make('span', 'track', bar), count, make('span', 'name', String(priority))),
    );
    return { bar, count };
  });

  show(queue: QueueData): void {
    const { running, maxConcurrent, queuedByPriority, paused } = queue;
    setText(byId('queue-running', HTMLElement), `${running} of ${maxConcurrent}`);
    setText(byId('queue-queued', HTMLElement), `${integer(queue.queued)} of ${integer(queue.maxQueued)}`);
    setText(byId('queue-locks', HTMLElement), integer(queue.waitingForLocks));
    setText(byId('queue-slots', HTMLElement), integer(queue.waitingForSlot));
    setText(
      byId('queue-oldest', HTMLElement),
      queue.queued === 0 ? NOTHING : duration(queue.oldestQueuedMs * 1_000),
    );
    setText(byId('queue-note', HTMLElement), paused ?? '');
    byId('queue-meter-bar', HTMLElement).style.width =
      `${Math.min(100, (100 * running) / Math.max(maxConcurrent, 1))}%`;
    byId('queue-meter', HTMLElement).setAttribute(
      'aria-label',
      `${running} of ${maxConcurrent} concurrency slots in use`,
    );
    const most = Math.max(1, ...queuedByPriority);
    this.#bars.forEach(({ bar, count }, priority) => {
      const queued = queuedByPriority[priority] ?? 0;
      bar.style.height = `${(100 * queued) / most}%`;
      setText(count, queued === 0 ? '' : integer(queued));
    });
  }
}
