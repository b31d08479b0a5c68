/** HDR histograms of every stage of a trade, in nanoseconds, and the slot delta. */
import hdr from 'hdr-histogram-js';
import type { Address, Signature } from '../model/brands.js';
import type { StageTimes, Trade } from '../model/trade.js';
import type { SendReport } from '../send/types.js';
import { BucketCounts, DURATION_BOUNDS_S, SLOT_DELTA_BOUNDS } from './bucket-counts.js';
import {
  type Histogram,
  nanosecondHistogram,
  nanosecondsOf,
  type Quantiles,
  quantilesOf,
} from './histograms.js';
import { type Breakdown, type BreakdownSpan, type Dimension, LatencyBreakdown } from './latency-breakdown.js';

export type { Quantiles } from './histograms.js';

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

export interface LatencySnapshot {
  /** Microseconds in each stage, from the stage before. */
  readonly stagesUs: { readonly [Stage in StageName]: Quantiles };
  /** Microseconds from receipt. */
  readonly spansUs: { readonly [Span in SpanName]: Quantiles };
  /** Landed slot minus the slot in which the intent came. */
  readonly slotDelta: Quantiles;
  /** Microseconds by venue, lane and wallet. */
  readonly by: Breakdown;
}

export interface LatencyOptions {
  /** Undefined where the pool is of no known venue. */
  readonly venueOf: (pool: Address) => string | undefined;
  readonly walletName: (wallet: Address) => string | undefined;
}

/** Microseconds in each stage that was reached, from the stage before. */
export type StageQuantiles = { readonly [Stage in StageName]?: Quantiles };

/** Attempts whose first answering lane is remembered until they are finalized (L6). */
const MAX_ANSWERED = 8_192;

/** Beside the total, what was recorded since the last interval of the log, and the counts that Prometheus scrapes. */
interface Recorded {
  readonly total: Histogram;
  interval: Histogram;
  /** Seconds. */
  readonly buckets: BucketCounts;
}

const recorded = (): Recorded => ({
  total: nanosecondHistogram(),
  interval: nanosecondHistogram(),
  buckets: new BucketCounts(DURATION_BOUNDS_S),
});

export class LatencyRecorder {
  readonly #stages = new Map<StageName, Recorded>(STAGES.map(([name]) => [name, recorded()]));
  readonly #spans = new Map<SpanName, Recorded>(SPANS.map((name) => [name, recorded()]));
  readonly #options: LatencyOptions;
  readonly #breakdown = new LatencyBreakdown();
  #intervalBreakdown = new LatencyBreakdown();
  readonly #laneOf = new Map<Signature, string>();
  readonly #slotDelta = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_SLOT_DELTA,
    numberOfSignificantValueDigits: 3,
  });
  /** Slots, as Prometheus scrapes them. */
  readonly slotDeltaBuckets = new BucketCounts(SLOT_DELTA_BOUNDS);

  constructor(options: LatencyOptions = { venueOf: () => undefined, walletName: () => undefined }) {
    this.#options = options;
  }

  /** The first bytes left: everything of ours is behind it. */
  recordSent(trade: Trade): void {
    const { times } = trade;
    if (isOfEarlierLife(times)) return;
    this.#recordStages(trade, 0, SENT_INDEX + 1);
    if (times.sentUs === undefined) return;
    this.#span('intentToWire', times.sentUs);
    const waitUs = (times.lockedUs ?? 0) - (times.queuedUs ?? 0);
    this.#span('intentToWireNoWait', times.sentUs - waitUs);
    this.#member(trade, 'intentToWireNoWait', times.sentUs - waitUs);
  }

  /** The trade reached `processed`, `confirmed` or `finalized`. */
  recordReached(trade: Trade, state: 'processed' | 'confirmed' | 'finalized'): void {
    if (!isOfEarlierLife(trade.times)) this.#recordTimes(trade, state);
    if (state === 'finalized') for (const { signature } of trade.attempts) this.#laneOf.delete(signature);
    const delta = trade.outcome?.slotDelta;
    if (state !== 'confirmed' || delta === undefined) return;
    this.#slotDelta.recordValue(Math.min(Math.max(delta, 0), HIGHEST_SLOT_DELTA));
    this.slotDeltaBuckets.observe(delta);
  }

  #recordTimes(trade: Trade, state: 'processed' | 'confirmed' | 'finalized'): void {
    const { times } = trade;
    const index = STAGES.findIndex(([name]) => name === state);
    this.#recordStages(trade, state === 'processed' ? SENT_INDEX + 1 : index, index + 1);
    if (state === 'finalized') this.#finalizedOn(trade, index);
    if (state === 'processed' && times.processedUs !== undefined)
      this.#span('intentToProcessed', times.processedUs);
    if (state !== 'confirmed' || times.confirmedUs === undefined) return;
    this.#span('intentToConfirmed', times.confirmedUs);
    this.#member(trade, 'intentToConfirmed', times.confirmedUs);
    this.#confirmedOn(trade, times.confirmedUs, index);
  }

  /** A node answered. The lane that answers an attempt first is the one that its landing is counted to. */
  recordReport({ signature, lane, ackUs, outcome }: SendReport): void {
    if (outcome === 'timeout' || outcome === 'error') return;
    this.#both('lane', lane, 'ack', ackUs);
    if (this.#laneOf.has(signature)) return;
    if (this.#laneOf.size >= MAX_ANSWERED) {
      const oldest = this.#laneOf.keys().next();
      if (!oldest.done) this.#laneOf.delete(oldest.value);
    }
    this.#laneOf.set(signature, lane);
  }

  snapshot(): LatencySnapshot {
    const stages = STAGES.map(([name]) => [name, quantilesOf(this.#stages.get(name)!.total, 1000)]);
    const spans = SPANS.map((name) => [name, quantilesOf(this.#spans.get(name)!.total, 1000)]);
    return {
      stagesUs: Object.fromEntries(stages),
      spansUs: Object.fromEntries(spans),
      slotDelta: this.slotDelta(),
      by: this.#breakdown.snapshot(),
    };
  }

  /** Stages of one venue, lane or wallet; undefined where nothing was measured of it. */
  stagesOf(dimension: Dimension, member: string): StageQuantiles | undefined {
    const stages = this.#breakdown.stagesOf(dimension, member);
    const rows = stages?.flatMap((histogram, index) =>
      histogram === undefined ? [] : [[STAGES[index]![0], quantilesOf(histogram, 1000)]],
    );
    return rows === undefined ? undefined : Object.fromEntries(rows);
  }

  /** Of which venues, lanes or wallets something was measured. */
  members(dimension: Dimension): readonly string[] {
    return this.#breakdown.names(dimension);
  }

  /** Landed slot minus the slot in which the intent came, of every confirmed trade. */
  slotDelta(): Quantiles {
    return quantilesOf(this.#slotDelta, 1);
  }

  /** The histogram itself, for percentile files; values in nanoseconds. */
  histogram(name: StageName | SpanName): Histogram {
    return this.#recorded(name).total;
  }

  /** Seconds in classic buckets. */
  buckets(name: StageName | SpanName): BucketCounts {
    return this.#recorded(name).buckets;
  }

  /** Microseconds of one span; less work than a whole snapshot. */
  spanUs(name: SpanName): Quantiles {
    return quantilesOf(this.histogram(name), 1000);
  }

  /** What came since the last call, by name, empty ones left out; the next interval begins. Nanoseconds. */
  takeInterval(): (readonly [name: string, histogram: Histogram])[] {
    const taken: (readonly [string, Histogram])[] = [];
    for (const pairs of [this.#stages, this.#spans]) {
      for (const [name, one] of pairs) {
        if (one.interval.totalCount === 0) continue;
        taken.push([name, one.interval]);
        one.interval = nanosecondHistogram();
      }
    }
    taken.push(...this.#intervalBreakdown.all());
    this.#intervalBreakdown = new LatencyBreakdown();
    return taken;
  }

  #recorded(name: StageName | SpanName): Recorded {
    const found = this.#stages.get(name as StageName) ?? this.#spans.get(name as SpanName);
    if (found === undefined) throw new Error(`no histogram is named ${name}`);
    return found;
  }

  #recordStages(trade: Trade, from: number, to: number): void {
    const { times } = trade;
    const venue = this.#options.venueOf(trade.pool);
    const wallet = this.#walletOf(trade);
    for (let index = from; index < to; index++) {
      const us = stageUs(times, index);
      if (us === undefined) continue;
      recordAll(this.#stages.get(STAGES[index]![0])!, us);
      if (venue !== undefined) this.#breakdown.recordStage('venue', venue, index, us);
      this.#breakdown.recordStage('wallet', wallet, index, us);
    }
  }

  #span(name: SpanName, us: number): void {
    recordAll(this.#spans.get(name)!, us);
  }

  #member(trade: Trade, span: BreakdownSpan, us: number): void {
    const venue = this.#options.venueOf(trade.pool);
    if (venue !== undefined) this.#both('venue', venue, span, us);
    this.#both('wallet', this.#walletOf(trade), span, us);
  }

  #walletOf({ wallet }: Trade): string {
    return this.#options.walletName(wallet) ?? wallet;
  }

  /** A lane's stages are told when it is known which one the landing is counted to. */
  #confirmedOn(trade: Trade, us: number, confirmed: number): void {
    for (const { signature } of trade.attempts) {
      const lane = this.#laneOf.get(signature);
      if (lane === undefined) continue;
      this.#both('lane', lane, 'intentToConfirmed', us);
      for (let index = 0; index <= confirmed; index++) this.#laneStage(lane, trade.times, index);
    }
  }

  #finalizedOn(trade: Trade, finalized: number): void {
    for (const { signature } of trade.attempts) {
      const lane = this.#laneOf.get(signature);
      if (lane !== undefined) this.#laneStage(lane, trade.times, finalized);
    }
  }

  #laneStage(lane: string, times: StageTimes, index: number): void {
    const us = stageUs(times, index);
    if (us !== undefined) this.#breakdown.recordStage('lane', lane, index, us);
  }

  #both(dimension: Dimension, member: string, span: BreakdownSpan, us: number): void {
    this.#breakdown.record(dimension, member, span, us);
    this.#intervalBreakdown.record(dimension, member, span, us);
  }
}

const SENT_INDEX = STAGES.findIndex(([name]) => name === 'sent');

/**
 * A restart lies between its stages: how long it took is the operator's doing, and what came while no process ran was
 * seen all at once.
 */
const isOfEarlierLife = (times: StageTimes): boolean => times.validatedUs === undefined;

/** Microseconds in a stage; undefined where it was not reached. */
function stageUs(times: StageTimes, index: number): number | undefined {
  const at = times[STAGES[index]![1]];
  return at === undefined ? undefined : at - reachedBefore(times, index);
}

/** When the last stage before this one was reached; receipt is 0. */
function reachedBefore(times: StageTimes, index: number): number {
  for (let before = index - 1; before >= 0; before--) {
    const at = times[STAGES[before]![1]];
    if (at !== undefined) return at;
  }
  return 0;
}

function recordAll({ total, interval, buckets }: Recorded, us: number): void {
  const ns = nanosecondsOf(us);
  total.recordValue(ns);
  interval.recordValue(ns);
  buckets.observe(Math.max(us, 0) / 1e6);
}
