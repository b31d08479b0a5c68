/**
 * The interval log of latencies: a file a day in the `.hlog` format that HdrHistogram's tools read, one line a
 * histogram and interval, the histogram's name as its tag. Values are nanoseconds, maxima are told in milliseconds.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HistogramLogWriter } from 'hdr-histogram-js';
import { makeDirectory } from '../make-directory.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { nextTurn } from '../time/next-turn.js';
import type { Histogram } from './histograms.js';
import { WholeLines } from './whole-lines.js';

const INTERVAL_MS = 60_000;
/** Files kept, the newest. */
export const DAYS_KEPT = 14;
/** The writer's own default is 1,000, which is Java's neither: HdrHistogram there divides by a million. */
const NS_A_MS = 1_000_000;
const NAME = /^latency-\d{4}-\d{2}-\d{2}\.hlog$/;

export interface IntervalLogOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** What was recorded since it was last asked; see LatencyRecorder. */
  readonly take: () => readonly (readonly [name: string, histogram: Histogram])[];
  readonly onError: (error: unknown) => void;
}

export class IntervalLog {
  readonly #options: IntervalLogOptions;
  readonly #timer: TimerHandle;
  /** The interval that has not been written down, by name. */
  readonly #running = new Map<string, Histogram>();
  #fromMs: number;
  readonly #file = new WholeLines();
  #reading: Promise<string> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: IntervalLogOptions) {
    this.#options = options;
    this.#fromMs = options.clock.nowMs();
    this.#timer = options.clock.every(INTERVAL_MS, () => void this.flush().catch(options.onError));
  }

  /** Ends the interval and writes it down. @throws what the file system throws */
  flush(): Promise<void> {
    const written = this.#writing.then(() => this.#write());
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /**
   * Today's file, up to now. What has come since its last interval is added to the answer and not to the file: only
   * time may make the file grow, not whoever reads. @throws what the file system throws
   */
  read(): Promise<string> {
    // Whoever asks meanwhile gets the same answer: to make one takes a good part of a second's work.
    if (this.#reading !== undefined) return this.#reading;
    // In its turn, so that no interval is in the file and in what is added to it.
    const reading = this.#writing
      .then(() => this.#compose())
      .finally(() => {
        this.#reading = undefined;
      });
    this.#reading = reading;
    this.#writing = reading.then(
      () => undefined,
      () => undefined,
    );
    return reading;
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    await this.flush().catch(this.#options.onError);
  }

  async #compose(): Promise<string> {
    const nowMs = this.#options.clock.nowMs();
    this.#gather();
    const running = await linesOf([...this.#running], this.#fromMs, nowMs);
    const written = await readFile(this.#path(nowMs), 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return headerOf(nowMs);
      throw error;
    });
    return written + running;
  }

  /** Adds what was recorded since the last time to the running interval. */
  #gather(): void {
    for (const [name, histogram] of this.#options.take()) {
      const known = this.#running.get(name);
      if (known === undefined) this.#running.set(name, histogram);
      else known.add(histogram);
    }
  }

  async #write(): Promise<void> {
    const { clock, directory } = this.#options;
    const fromMs = this.#fromMs;
    const toMs = clock.nowMs();
    this.#gather();
    if (this.#running.size === 0) return;
    const lines = await linesOf([...this.#running], fromMs, toMs);
    const path = this.#path(toMs);
    makeDirectory(directory);
    const bytes = await this.#file.mend(path);
    const isNew = bytes === 0;
    await this.#file.append(path, bytes, `${isNew ? headerOf(fromMs) : ''}${lines}`);
    // What the disk did not take goes into the next interval, which is the longer for it.
    this.#running.clear();
    this.#fromMs = toMs;
    if (isNew) await this.#prune();
  }

  #path(atMs: number): string {
    return join(this.#options.directory, `latency-${new Date(atMs).toISOString().slice(0, 10)}.hlog`);
  }

  async #prune(): Promise<void> {
    const names = (await readdir(this.#options.directory)).filter((name) => NAME.test(name)).sort();
    for (const name of names.slice(0, -DAYS_KEPT)) await rm(join(this.#options.directory, name));
  }
}

function headerOf(startMs: number): string {
  return [
    '#[Latencies of a Hotslot executor, nanoseconds; the tag names the stage or span]',
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${(startMs / 1000).toFixed(3)} (seconds since epoch), ${new Date(startMs).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    '',
  ].join('\n');
}

async function linesOf(
  histograms: readonly (readonly [name: string, histogram: Histogram])[],
  fromMs: number,
  toMs: number,
): Promise<string> {
  let lines = '';
  for (const [name, histogram] of histograms) {
    lines += lineOf(name, histogram, fromMs, toMs);
    // To encode one takes most of a millisecond.
    await nextTurn();
  }
  return lines;
}

function lineOf(name: string, histogram: Histogram, fromMs: number, toMs: number): string {
  let line = '';
  histogram.tag = tagOf(name);
  new HistogramLogWriter((text) => {
    line += text;
  }).outputIntervalHistogram(histogram, fromMs / 1000, toMs / 1000, NS_A_MS);
  return line;
}

/** A tag ends at a comma or a blank. */
function tagOf(name: string): string {
  return name.replace(/[\s,"]/g, '_');
}

/** A percentile file (`.hgrm`), in microseconds. */
export function percentileFile(histogram: Histogram): string {
  return histogram.outputPercentileDistribution(5, 1000);
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}
