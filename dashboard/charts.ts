/** Two charts of the last five minutes, a point a second. */
import { byId, make, setText } from './dom.js';
import { duration, NOTHING, rate } from './format.js';
import type { LatencyData } from './types.js';
import uPlot from './uplot.js';

const POINTS = 300;
/** Shown at the least. */
const MIN_SHOWN_S = 60;
const HEIGHT = 132;
/** What the executor is built to stay under at the 95th percentile. */
const TARGET_US = 2_000_000;

interface Line {
  readonly label: string;
  /** Custom property of the style sheet. */
  readonly colour: string;
  readonly fill?: boolean;
  readonly dash?: number[];
}

/** A page just opened would stretch its first points over the whole width, with one second named at several places. */
function shownTimes(_plot: uPlot, low: number | null, high: number | null): [number, number] {
  const endS = high ?? Date.now() / 1_000;
  return [Math.min(low ?? endS, endS - MIN_SHOWN_S), endS];
}

class Chart {
  readonly #host: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #words: (value: number) => string;
  readonly #values: HTMLElement[] = [];
  readonly #data: (number | null | undefined)[][];
  #plot: uPlot | undefined;

  constructor(id: string, lines: readonly Line[], words: (value: number) => string) {
    this.#host = byId(id, HTMLElement);
    this.#lines = lines;
    this.#words = words;
    this.#data = [[], ...lines.map(() => [])];
    const legend = byId(`${id}-legend`, HTMLElement);
    for (const { label, colour } of lines) {
      const value = make('b', '', NOTHING);
      const entry = make('span', '', label, ' ', value);
      entry.dataset.colour = colour;
      legend.append(entry);
      this.#values.push(value);
    }
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#host.clientWidth, height: HEIGHT })).observe(
      this.#host,
    );
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    this.#draw();
  }

  /** A null is a gap: nothing is known of that moment. Undefined: there was nothing to measure. */
  push(atMs: number, values: readonly (number | null | undefined)[]): void {
    const row = [atMs / 1_000, ...values];
    row.forEach((value, index) => {
      const column = this.#data[index]!;
      column.push(value);
      if (column.length > POINTS) column.shift();
    });
    this.#plot?.setData(this.#data as uPlot.AlignedData);
    this.#showValues(null);
  }

  #draw(): void {
    this.#plot?.destroy();
    const styles = getComputedStyle(document.documentElement);
    const colour = (name: string) => styles.getPropertyValue(`--${name}`).trim();
    const axis: uPlot.Axis = {
      stroke: colour('dim'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    const options: uPlot.Options = {
      width: this.#host.clientWidth,
      height: HEIGHT,
      padding: [6, 24, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: shownTimes },
        y: { range: (_plot, _low, high) => [0, Math.max(high, 1) * 1.1] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          space: 80,
          values: (_plot, ticks) => ticks.map((tick) => new Date(tick * 1_000).toLocaleTimeString('en-GB')),
        },
        { ...axis, size: 52, space: 28, values: (_plot, ticks) => ticks.map(this.#words) },
      ],
      series: [
        {},
        ...this.#lines.map((line) => ({
          label: line.label,
          stroke: colour(line.colour),
          width: 1.5,
          ...(line.fill === true ? { fill: `${colour(line.colour)}22` } : {}),
          ...(line.dash === undefined ? {} : { dash: line.dash }),
          points: { show: false },
        })),
      ],
      hooks: { setCursor: [(plot) => this.#showValues(plot.cursor.idx ?? null)] },
    };
    this.#plot = new uPlot(options, this.#data as uPlot.AlignedData, this.#host);
  }

  /** At the cursor, or the newest. */
  #showValues(index: number | null): void {
    this.#values.forEach((node, line) => {
      const column = this.#data[line + 1]!;
      const value = index === null ? column.at(-1) : column[index];
      setText(node, value === null || value === undefined ? NOTHING : this.#words(value));
    });
  }
}

export class ChartsView {
  readonly #throughput = new Chart(
    'throughput',
    [
      { label: 'accepted', colour: 'blue' },
      { label: 'landed', colour: 'green', fill: true },
      { label: 'failed or denied', colour: 'red' },
    ],
    rate,
  );
  readonly #confirmed = new Chart(
    'confirmed',
    [
      { label: 'p50', colour: 'green', fill: true },
      { label: 'p95', colour: 'amber' },
      { label: 'target', colour: 'dim', dash: [4, 4] },
    ],
    duration,
  );

  /** Of the newest point; undefined before the first, and after a gap. */
  #newestMs: number | undefined;

  add(atMs: number, { window }: LatencyData): void {
    this.#newestMs = atMs;
    const perSecond = (count: number) => (count * 1_000) / Math.max(window.ms, 1);
    const { accepted, landed, failed, denied, intentToConfirmedUs } = window;
    this.#throughput.push(atMs, [perSecond(accepted), perSecond(landed), perSecond(failed + denied)]);
    const { count, p50, p95 } = intentToConfirmedUs;
    this.#confirmed.push(atMs, count === 0 ? [undefined, undefined, TARGET_US] : [p50, p95, TARGET_US]);
  }

  /** Nothing is known from the newest point to the next: by the executor's clock, since the page's may be another. */
  gap(): void {
    if (this.#newestMs === undefined) return;
    const atMs = this.#newestMs + 1;
    this.#newestMs = undefined;
    this.#throughput.push(atMs, [null, null, null]);
    this.#confirmed.push(atMs, [null, null, null]);
  }
}
