/** What the tuning loop varies, and what it measures. */
import type { SigningMode } from '../threads/adaptive-builder.js';

/** Settings that only a start can change. */
export interface ProcessSettings {
  readonly workers: number;
  readonly rpcPoolSize: number;
  readonly signing: SigningMode;
}

export interface TunePoint extends ProcessSettings {
  /** What is varied: limits and connections in the first, workers and signing in the second. */
  readonly stage: 1 | 2;
  /** MAX_CONCURRENT_TRADES; set while running. */
  readonly concurrency: number;
  /** Trades offered a second. */
  readonly rate: number;
}

export interface TuneQuantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** One repeat of one point. */
export interface TuneSample {
  readonly point: TunePoint;
  readonly repeat: number;
  readonly offered: number;
  readonly accepted: number;
  /** By code. */
  readonly denied: { readonly [code: string]: number };
  /** Trades whose first bytes left within the window, a second. */
  readonly throughput: number;
  /** From receipt; a trade that was not sent by the end counts with what it had waited by then. */
  readonly intentToWireUs: TuneQuantiles;
  /** The same without the wait for locks and for a slot, of those that were sent. */
  readonly intentToWireNoWaitUs: TuneQuantiles;
  /** A client's view of the submission, from when it was written and from when it was due (corrected). */
  readonly submitUs: { readonly uncorrected: TuneQuantiles; readonly corrected: TuneQuantiles };
}

/** All repeats of a point: medians. */
export interface TuneRow {
  readonly point: TunePoint;
  readonly repeats: number;
  readonly throughput: number;
  readonly intentToWireUs: TuneQuantiles;
  readonly intentToWireNoWaitUs: TuneQuantiles;
  readonly submitUs: { readonly uncorrected: TuneQuantiles; readonly corrected: TuneQuantiles };
  readonly deniedShare: number;
}

export interface Recommendation extends ProcessSettings {
  readonly concurrency: number;
  /** One sentence a setting. */
  readonly why: readonly string[];
}

export interface TuneResult {
  readonly seed: string;
  readonly environment: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly rows: readonly TuneRow[];
  readonly samples: readonly TuneSample[];
  readonly recommendation: Recommendation;
}
