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

/**
 * A page just opened would stretch its first points over the whole width, with one second named at several places. By
 * the points themselves: where there is one, or none, uPlot offers a day, or nothing.
 */
function shownTimes({ data: [times] }: uPlot): [number, number] {
  const endS = times.at(-1) ?? Date.now() / 1_000;
  return [Math.min(times[0] ?? endS, endS - MIN_SHOWN_S), endS];
}

/** Marks of a scale: what stands behind the point of round numbers says nothing. */
const rateTick = (value: number): string => value.toLocaleString('en-US');
const durationTick = (us: number): string =>
  us === 0 ? '0' : duration(us).replace(/\.0+(?= )|(?<=\.\d)0(?= )/, '');

interface Scale {
  /** A value in the legend. */
  readonly words: (value: number) => string;
  /** A mark of the axis. */
  readonly tick: (value: number) => string;
  /** Reached at the least. */
  readonly leastTop: number;
}

class Chart {
  readonly #host: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #scale: Scale;
  readonly #values: HTMLElement[] = [];
  readonly #data: (number | null | undefined)[][];
  #plot: uPlot | undefined;

  constructor(id: string, lines: readonly Line[], scale: Scale) {
    this.#host = byId(id, HTMLElement);
    this.#lines = lines;
    this.#scale = scale;
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
        y: { range: (_plot, _low, high) => [0, Math.max(high, this.#scale.leastTop) * 1.1] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          space: 80,
          values: (_plot, ticks) => ticks.map((tick) => new Date(tick * 1_000).toLocaleTimeString('en-GB')),
        },
        { ...axis, size: 52, space: 28, values: (_plot, ticks) => ticks.map(this.#scale.tick) },
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
      setText(node, value === null || value === undefined ? NOTHING : this.#scale.words(value));
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
    { words: rate, tick: rateTick, leastTop: 1 },
  );
  readonly #confirmed = new Chart(
    'confirmed',
    [
      { label: 'p50', colour: 'green', fill: true },
      { label: 'p95', colour: 'amber' },
      { label: 'target', colour: 'dim', dash: [4, 4] },
    ],
    { words: duration, tick: durationTick, leastTop: TARGET_US },
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
