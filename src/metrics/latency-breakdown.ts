/** Latencies by venue, lane and wallet, at two significant digits. */
import { type Histogram, nanosecondHistogram, type Quantiles, quantilesOf, recordUs } from './histograms.js';

export const DIMENSIONS = ['venue', 'lane', 'wallet'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** `ack` is known of lanes alone: the node's answer to the bytes. */
export const BREAKDOWN_SPANS = ['intentToWireNoWait', 'intentToConfirmed', 'ack'] as const;
export type BreakdownSpan = (typeof BREAKDOWN_SPANS)[number];

export type Breakdown = {
  readonly [Name in Dimension]: {
    readonly [member: string]: { readonly [Span in BreakdownSpan]?: Quantiles };
  };
};

/** Members of a dimension that have figures of their own (L6); the rest share those of OTHERS. */
export const MAX_MEMBERS = 128;
export const OTHERS = 'others';

export class LatencyBreakdown {
  readonly #histograms = new Map<Dimension, Map<string, Map<BreakdownSpan, Histogram>>>(
    DIMENSIONS.map((dimension) => [dimension, new Map()]),
  );

  record(dimension: Dimension, member: string, span: BreakdownSpan, us: number): void {
    recordUs(this.#histogram(dimension, member, span), us);
  }

  snapshot(): Breakdown {
    const rows = DIMENSIONS.map((dimension) => {
      const members = [...this.#histograms.get(dimension)!].map(([member, spans]) => {
        const quantiles = [...spans].map(([span, histogram]) => [span, quantilesOf(histogram, 1000)]);
        return [member, Object.fromEntries(quantiles)];
      });
      return [dimension, Object.fromEntries(members)];
    });
    return Object.fromEntries(rows) as Breakdown;
  }

  /** Every histogram with a name such as `intentToConfirmed.wallet=trading-key-1`. */
  *all(): Generator<readonly [name: string, histogram: Histogram]> {
    for (const [dimension, members] of this.#histograms) {
      for (const [member, spans] of members) {
        for (const [span, histogram] of spans) yield [`${span}.${dimension}=${member}`, histogram];
      }
    }
  }

  #histogram(dimension: Dimension, member: string, span: BreakdownSpan): Histogram {
    const members = this.#histograms.get(dimension)!;
    const name = members.has(member) || members.size < MAX_MEMBERS ? member : OTHERS;
    let spans = members.get(name);
    if (spans === undefined) {
      spans = new Map();
      members.set(name, spans);
    }
    let histogram = spans.get(span);
    if (histogram === undefined) {
      histogram = nanosecondHistogram(2);
      spans.set(span, histogram);
    }
    return histogram;
  }
}
