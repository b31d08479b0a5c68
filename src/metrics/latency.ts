/** HDR histograms of every stage of a trade, in nanoseconds, and the slot delta. */
import hdr from 'hdr-histogram-js';
import type { StageTimes, Trade } from '../model/trade.js';

/** One hour in nanoseconds: what takes longer is counted as this. */
const HIGHEST_NS = 3_600_000_000_000;
const HIGHEST_SLOT_DELTA = 100_000;

/** The stages in their order; each is measured from the one before that was reached. */
export const STAGES = [
  ['validated', 'validatedUs'],
  ['queued', 'queuedUs'],
  ['locked', 'lockedUs'],
  ['quoted', 'quotedUs'],
  ['built', 'builtUs'],
  ['signed', 'signedUs'],
  ['journalled', 'journalledUs'],
  ['sent', 'sentUs'],
  ['firstSeen', 'firstSeenUs'],
  ['processed', 'processedUs'],
  ['confirmed', 'confirmedUs'],
  ['finalized', 'finalizedUs'],
] as const satisfies readonly (readonly [string, keyof StageTimes])[];

export type StageName = (typeof STAGES)[number][0];

/** Spans from receipt. `wireNoWait` leaves the wait for locks and for a concurrency slot out. */
export const SPANS = [
  'intentToWire',
  'intentToWireNoWait',
  'intentToProcessed',
  'intentToConfirmed',
] as const;
export type SpanName = (typeof SPANS)[number];

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LatencySnapshot {
  /** Microseconds in each stage, from the stage before. */
  readonly stagesUs: { readonly [Stage in StageName]: Quantiles };
  /** Microseconds from receipt. */
  readonly spansUs: { readonly [Span in SpanName]: Quantiles };
  /** Landed slot minus the slot in which the intent came. */
  readonly slotDelta: Quantiles;
}

const nanosecondHistogram = () =>
  hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  });

export class LatencyRecorder {
  readonly #stages = new Map<StageName, hdr.Histogram>(STAGES.map(([name]) => [name, nanosecondHistogram()]));
  readonly #spans = new Map<SpanName, hdr.Histogram>(SPANS.map((name) => [name, nanosecondHistogram()]));
  readonly #slotDelta = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_SLOT_DELTA,
    numberOfSignificantValueDigits: 3,
  });

  /** The first bytes left: everything of ours is behind it. */
  recordSent(trade: Trade): void {
    const { times } = trade;
    this.#recordStages(times, 0, SENT_INDEX + 1);
    if (times.sentUs === undefined) return;
    this.#span('intentToWire', times.sentUs);
    const waitUs = (times.lockedUs ?? 0) - (times.queuedUs ?? 0);
    this.#span('intentToWireNoWait', times.sentUs - waitUs);
  }

  /** The trade reached `processed`, `confirmed` or `finalized`. */
  recordReached(trade: Trade, state: 'processed' | 'confirmed' | 'finalized'): void {
    const { times } = trade;
    const index = STAGES.findIndex(([name]) => name === state);
    this.#recordStages(times, state === 'processed' ? SENT_INDEX + 1 : index, index + 1);
    if (state === 'processed' && times.processedUs !== undefined)
      this.#span('intentToProcessed', times.processedUs);
    if (state !== 'confirmed' || times.confirmedUs === undefined) return;
    this.#span('intentToConfirmed', times.confirmedUs);
    const delta = trade.outcome?.slotDelta;
    if (delta !== undefined) this.#slotDelta.recordValue(Math.min(Math.max(delta, 0), HIGHEST_SLOT_DELTA));
  }

  snapshot(): LatencySnapshot {
    const stages = STAGES.map(([name]) => [name, quantiles(this.#stages.get(name)!, 1000)]);
    const spans = SPANS.map((name) => [name, quantiles(this.#spans.get(name)!, 1000)]);
    return {
      stagesUs: Object.fromEntries(stages),
      spansUs: Object.fromEntries(spans),
      slotDelta: quantiles(this.#slotDelta, 1),
    };
  }

  /** The histogram itself, for percentile files and interval logs; values in nanoseconds. */
  histogram(name: StageName | SpanName): hdr.Histogram {
    const found = this.#stages.get(name as StageName) ?? this.#spans.get(name as SpanName);
    if (found === undefined) throw new Error(`no histogram is named ${name}`);
    return found;
  }

  #recordStages(times: StageTimes, from: number, to: number): void {
    for (let index = from; index < to; index++) {
      const [name, key] = STAGES[index]!;
      const at = times[key];
      if (at === undefined) continue;
      record(this.#stages.get(name)!, at - reachedBefore(times, index));
    }
  }

  #span(name: SpanName, us: number): void {
    record(this.#spans.get(name)!, us);
  }
}

const SENT_INDEX = STAGES.findIndex(([name]) => name === 'sent');

/** When the last stage before this one was reached; receipt is 0. */
function reachedBefore(times: StageTimes, index: number): number {
  for (let before = index - 1; before >= 0; before--) {
    const at = times[STAGES[before]![1]];
    if (at !== undefined) return at;
  }
  return 0;
}

function record(histogram: hdr.Histogram, us: number): void {
  histogram.recordValue(Math.min(Math.max(Math.round(us * 1000), 1), HIGHEST_NS));
}

function quantiles(histogram: hdr.Histogram, divisor: number): Quantiles {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / divisor;
  const count = histogram.totalCount;
  if (count === 0) return { count: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 };
  return { count, p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: histogram.maxValue / divisor };
}
