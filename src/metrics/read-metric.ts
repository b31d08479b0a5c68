/**
 * Metrics for prom-client's registry whose values are read when somebody scrapes, from where they are kept anyway:
 * between two scrapes they cost nothing. One that has no value now is absent, not zero.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BucketCounts } from './bucket-counts.js';

export interface Reading {
  readonly value: number;
  readonly labels: { readonly [name: string]: string };
}

/** One value without labels, none, or several with them. */
export type Read = () => number | undefined | readonly Reading[];

interface Described {
  readonly name: string;
  readonly help: string;
  readonly registry: Registry;
}

const configuration = ({ name, help, registry }: Described) => ({ name, help, registers: [registry] });

function readingsOf(read: Read): { value: number; labels: { [name: string]: string } }[] {
  const found = read();
  if (found === undefined) return [];
  if (typeof found === 'number') return [{ value: found, labels: {} }];
  return found.map(({ value, labels }) => ({ value, labels: { ...labels } }));
}

export class ReadGauge extends Gauge {
  readonly #read: Read;

  constructor(described: Described, read: Read) {
    super(configuration(described));
    this.#read = read;
  }

  override async get() {
    return { ...(await super.get()), values: readingsOf(this.#read) };
  }
}

export class ReadCounter extends Counter {
  readonly #read: Read;

  constructor(described: Described, read: Read) {
    super(configuration(described));
    this.#read = read;
  }

  override async get() {
    return { ...(await super.get()), values: readingsOf(this.#read) };
  }
}

export interface HistogramSeries {
  /** Values of letters, digits and `_.:-`: they are written as they are. */
  readonly labels: { readonly [name: string]: string };
  readonly buckets: BucketCounts;
}

export class ReadHistogram extends Histogram {
  readonly #described: Described;
  readonly #series: readonly { readonly buckets: BucketCounts; readonly names: LineNames }[];

  constructor(described: Described, series: readonly HistogramSeries[]) {
    super(configuration(described));
    this.#described = described;
    this.#series = series.map((one) => ({ buckets: one.buckets, names: lineNames(described.name, one) }));
  }

  /** What the registry asks a histogram for when it writes the text; prom-client's types leave it out. */
  async getForPromString() {
    const { name, help } = this.#described;
    const values = this.#series.flatMap(({ buckets, names }) => linesOf(buckets, names));
    return { name, help, type: 'histogram', values };
  }
}

/** Names with their labels: to write labels anew for hundreds of lines is most of what a scrape costs. */
interface LineNames {
  readonly buckets: readonly string[];
  readonly sum: string;
  readonly count: string;
}

function lineNames(name: string, { labels, buckets }: HistogramSeries): LineNames {
  const pairs = Object.entries(labels).map(([label, value]) => {
    if (!/^[\w.:-]*$/.test(value)) throw new Error(`the label ${label} of ${name} would need escapes`);
    return `${label}="${value}"`;
  });
  const braced = (parts: readonly string[]) => (parts.length === 0 ? '' : `{${parts.join(',')}}`);
  const bounds = [...buckets.bounds.map(String), '+Inf'];
  return {
    buckets: bounds.map((bound) => `${name}_bucket${braced([...pairs, `le="${bound}"`])}`),
    sum: `${name}_sum${braced(pairs)}`,
    count: `${name}_count${braced(pairs)}`,
  };
}

const NO_LABELS = {};

/** Buckets are cumulative in the text format. */
function linesOf({ counts, sum, count }: BucketCounts, names: LineNames) {
  let below = 0;
  const lines = names.buckets.map((metricName, index) => {
    below += counts[index]!;
    return { metricName, value: below, labels: NO_LABELS, sharedLabels: NO_LABELS };
  });
  lines.push({ metricName: names.sum, value: sum, labels: NO_LABELS, sharedLabels: NO_LABELS });
  lines.push({ metricName: names.count, value: count, labels: NO_LABELS, sharedLabels: NO_LABELS });
  return lines;
}
