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

interface Member {
  readonly spans: Map<BreakdownSpan, Histogram>;
  /** By the stage's place in their order; made when a stage is first reached. */
  readonly stages: (Histogram | undefined)[];
}

export class LatencyBreakdown {
  readonly #members = new Map<Dimension, Map<string, Member>>(
    DIMENSIONS.map((dimension) => [dimension, new Map()]),
  );

  record(dimension: Dimension, member: string, span: BreakdownSpan, us: number): void {
    const { spans } = this.#member(dimension, member);
    let histogram = spans.get(span);
    if (histogram === undefined) {
      histogram = nanosecondHistogram(2);
      spans.set(span, histogram);
    }
    recordUs(histogram, us);
  }

  /** @param stage its place in the order of the stages */
  recordStage(dimension: Dimension, member: string, stage: number, us: number): void {
    const { stages } = this.#member(dimension, member);
    stages[stage] ??= nanosecondHistogram(2);
    recordUs(stages[stage], us);
  }

  /** The spans of all; stages are read one member at a time, for all of them would hold the event loop. */
  snapshot(): Breakdown {
    const rows = DIMENSIONS.map((dimension) => {
      const members = [...this.#members.get(dimension)!].map(([member, { spans }]) => {
        const quantiles = [...spans].map(([span, histogram]) => [span, quantilesOf(histogram, 1000)]);
        return [member, Object.fromEntries(quantiles)];
      });
      return [dimension, Object.fromEntries(members)];
    });
    return Object.fromEntries(rows) as Breakdown;
  }

  /** Histograms by the stage's place; undefined where nothing is known of such a member. */
  stagesOf(dimension: Dimension, member: string): readonly (Histogram | undefined)[] | undefined {
    return this.#members.get(dimension)!.get(member)?.stages;
  }

  names(dimension: Dimension): readonly string[] {
    return [...this.#members.get(dimension)!.keys()];
  }

  /** Every span's histogram with a name such as `intentToConfirmed.wallet=trading-key-1`. */
  *all(): Generator<readonly [name: string, histogram: Histogram]> {
    for (const [dimension, members] of this.#members) {
      for (const [member, { spans }] of members) {
        for (const [span, histogram] of spans) yield [`${span}.${dimension}=${member}`, histogram];
      }
    }
  }

  #member(dimension: Dimension, name: string): Member {
    const members = this.#members.get(dimension)!;
    const counted = members.has(name) || members.size < MAX_MEMBERS ? name : OTHERS;
    let member = members.get(counted);
    if (member === undefined) {
      member = { spans: new Map(), stages: [] };
      members.set(counted, member);
    }
    return member;
  }
}
