/** From the figures to the settings, and why. */
import type {
  ProcessSettings,
  Recommendation,
  TunePoint,
  TuneQuantiles,
  TuneRow,
  TuneSample,
} from './types.js';

/** A limit that reaches this share of the best throughput is as good: the rest is noise. */
const ENOUGH_THROUGHPUT = 0.97;
/** And whose p95 is at most this much above the least among those. */
const MOST_P95 = 1.2;
/** More of a resource must make p95 this much better to be worth it. */
const WORTH_IT = 0.95;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Medians over the repeats of each point, in the order of first appearance. */
export function rowsOf(samples: readonly TuneSample[]): TuneRow[] {
  const groups = new Map<string, TuneSample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.point);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => ({
    point: group[0]!.point,
    repeats: group.length,
    throughput: median(group.map((one) => one.throughput)),
    intentToWireUs: medians(group.map((one) => one.intentToWireUs)),
    intentToWireNoWaitUs: medians(group.map((one) => one.intentToWireNoWaitUs)),
    submitUs: {
      uncorrected: medians(group.map((one) => one.submitUs.uncorrected)),
      corrected: medians(group.map((one) => one.submitUs.corrected)),
    },
    deniedShare: median(group.map((one) => 1 - one.accepted / one.offered)),
  }));
}

/**
 * The knee: the least limit beyond which neither throughput nor p95 gets noticeably better, at the highest rate.
 * A smaller limit leaves trades waiting; a larger one only lets more be under way when something goes wrong.
 * @param rows of one process each `rate` and limit; at least one
 */
export function kneeOf(rows: readonly TuneRow[]): { readonly row: TuneRow; readonly why: string } {
  const rate = Math.max(...rows.map(({ point }) => point.rate));
  const line = rows
    .filter(({ point }) => point.rate === rate)
    .sort((a, b) => a.point.concurrency - b.point.concurrency);
  const best = Math.max(...line.map((row) => row.throughput));
  const enough = line.filter((row) => row.throughput >= ENOUGH_THROUGHPUT * best);
  const leastP95 = Math.min(...enough.map((row) => row.intentToWireUs.p95));
  const row = enough.find((one) => one.intentToWireUs.p95 <= MOST_P95 * leastP95);
  if (row === undefined) throw new Error('a knee needs at least one row');
  const { concurrency } = row.point;
  const lower = line.filter(({ point }) => point.concurrency < concurrency).at(-1);
  const higher = line.find(({ point }) => point.concurrency > concurrency);
  const parts = [
    `MAX_CONCURRENT_TRADES=${concurrency}: at ${rate} trades a second offered it sends ${figures(row)}`,
    lower === undefined
      ? 'no lower limit was tried, and at a higher rate the knee may lie further up'
      : `${lower.point.concurrency} sends ${figures(lower)}`,
    ...(higher === undefined ? [] : [`${higher.point.concurrency} gains nothing: ${figures(higher)}`]),
  ];
  return { row, why: `${parts.join('; ')}.` };
}

/** @param samples of all stages; at least one */
export function recommend(samples: readonly TuneSample[]): Recommendation {
  const rows = rowsOf(samples);
  const sweep = rows.filter(({ point }) => point.stage === 1);
  const connections = bestConnections(sweep);
  const ofPool = sweep.filter(({ point }) => point.rpcPoolSize === connections.size);
  const first = ofPool[0]!.point;
  const knee = kneeOf(ofPool.filter(({ point }) => isSameProcess(point, first)));
  const way = bestWay(waysAt(rows, knee.row), first, knee.row);
  return {
    concurrency: knee.row.point.concurrency,
    rpcPoolSize: connections.size,
    workers: way.row.point.workers,
    signing: way.row.point.signing,
    why: [knee.why, connections.why, way.why],
  };
}

/** Connections: compared at each size's own knee, by throughput and then by p95 with the waits. */
function bestConnections(rows: readonly TuneRow[]): { readonly size: number; readonly why: string } {
  const sizes = [...new Set(rows.map(({ point }) => point.rpcPoolSize))].sort((a, b) => a - b);
  const knees = sizes.map((size) => {
    const ofSize = rows.filter(({ point }) => point.rpcPoolSize === size);
    return { size, row: kneeOf(ofSize.filter(({ point }) => isSameProcess(point, ofSize[0]!.point))).row };
  });
  let chosen = knees[0]!;
  for (const one of knees.slice(1)) {
    const sendsMore = one.row.throughput * ENOUGH_THROUGHPUT > chosen.row.throughput;
    const isFaster = one.row.intentToWireUs.p95 < WORTH_IT * chosen.row.intentToWireUs.p95;
    const sendsAsMuch = one.row.throughput >= ENOUGH_THROUGHPUT * chosen.row.throughput;
    if (sendsMore || (isFaster && sendsAsMuch)) chosen = one;
  }
  const seen = knees.map(({ size, row }) => `${size}: ${figures(row)}`).join('; ');
  return { size: chosen.size, why: `RPC_POOL_SIZE=${chosen.size}: each at its own knee, ${seen}.` };
}

/**
 * The ways of signing at the knee: those of the second stage, where there are any. A process that the sweep has kept
 * busy for minutes is not beside one that has just been started.
 */
function waysAt(rows: readonly TuneRow[], { point }: TuneRow): readonly TuneRow[] {
  const atKnee = rows.filter(
    (row) =>
      row.point.rpcPoolSize === point.rpcPoolSize &&
      row.point.concurrency === point.concurrency &&
      row.point.rate === point.rate,
  );
  const second = atKnee.filter((row) => row.point.stage === 2);
  return second.length > 0 ? second : atKnee;
}

/**
 * Signing and workers: by p95 without the waits, which they cannot change; what is used now stays at a tie.
 * @param knee stands in where the second stage is not measured yet
 */
function bestWay(
  rows: readonly TuneRow[],
  now: TunePoint,
  knee: TuneRow,
): { readonly row: TuneRow; readonly why: string } {
  let chosen = rows.find(({ point }) => isSameProcess(point, now)) ?? knee;
  for (const row of rows) {
    const isFaster = row.intentToWireNoWaitUs.p95 < WORTH_IT * chosen.intentToWireNoWaitUs.p95;
    if (isFaster && row.throughput >= ENOUGH_THROUGHPUT * chosen.throughput) chosen = row;
  }
  const nameOf = ({ signing, workers }: ProcessSettings) => `${signing} with ${workers}`;
  const seen = rows.map((row) => `${nameOf(row.point)}: p95 ${us(row.intentToWireNoWaitUs.p95)}`).join('; ');
  const { signing, workers } = chosen.point;
  return {
    row: chosen,
    why: `SIGNING=${signing}, WORKERS=${workers}: intent to wire without waits, ${seen}.`,
  };
}

export function isSameProcess(a: ProcessSettings, b: ProcessSettings): boolean {
  return a.workers === b.workers && a.signing === b.signing && a.rpcPoolSize === b.rpcPoolSize;
}

function medians(all: readonly TuneQuantiles[]): TuneQuantiles {
  return {
    p50: median(all.map((one) => one.p50)),
    p95: median(all.map((one) => one.p95)),
    p99: median(all.map((one) => one.p99)),
  };
}

function figures(row: TuneRow): string {
  return `${row.throughput.toFixed(1)}/s at a p95 of ${us(row.intentToWireUs.p95)}`;
}

function us(value: number): string {
  if (value < 1_000) return `${value.toFixed(0)} µs`;
  return value < 1_000_000 ? `${(value / 1_000).toFixed(1)} ms` : `${(value / 1_000_000).toFixed(2)} s`;
}
