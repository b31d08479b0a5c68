/** MAX_CONCURRENT_TRADES=auto: a limit that follows measured delay, after TCP Vegas. */

export interface AdaptiveLimitOptions {
  readonly initial?: number;
  readonly min?: number;
  readonly max?: number;
  /** Samples to a decision; a decision rests on their median, so that one slow trade decides nothing. */
  readonly window?: number;
  /** Decisions after which the least delay is measured anew, since a host may have become slower for good. */
  readonly remeasureAfter?: number;
}

/** Estimated trades that queue inside our stages and the RPC, below which the limit grows and above which it falls. */
const GROW_BELOW_QUEUED = 3;
const SHRINK_ABOVE_QUEUED = 6;
/** On a refusal for overload (HTTP 429, a time-out) the limit falls to this share at once. */
const OVERLOAD_FACTOR = 0.8;

/**
 * Feed it the delay of our own stages and of the RPC's acknowledgement, never the time to land: waiting for
 * a slot looks like queueing and would choke it. With the least delay seen as the delay without a queue,
 * limit · (1 - least / now) estimates how many trades queue.
 */
export class AdaptiveLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #window: number;
  readonly #remeasureAfter: number;
  #limit: number;
  #samplesUs: number[] = [];
  #mostInFlight = 0;
  #leastUs = Number.POSITIVE_INFINITY;
  #decisions = 0;
  /** Set for the one window in which the least delay is measured anew, under half the limit. */
  #limitBeforeProbe: number | undefined;
  readonly #listeners: ((limit: number) => void)[] = [];

  constructor(options: AdaptiveLimitOptions = {}) {
    this.#min = options.min ?? 1;
    this.#max = options.max ?? 512;
    this.#window = options.window ?? 20;
    this.#remeasureAfter = options.remeasureAfter ?? 500;
    this.#limit = Math.min(this.#max, Math.max(this.#min, options.initial ?? 32));
  }

  get limit(): number {
    return this.#limit;
  }

  /** Least delay seen, in microseconds; undefined before the first window is full. */
  get leastDelayUs(): number | undefined {
    return Number.isFinite(this.#leastUs) ? this.#leastUs : undefined;
  }

  onChange(listener: (limit: number) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * One trade's delay from start to acknowledgement.
   * @param delayUs microseconds; what is not a positive number is ignored
   * @param inFlight trades that were under way then
   */
  sample(delayUs: number, inFlight: number): void {
    if (!(delayUs > 0) || !Number.isFinite(delayUs)) return;
    this.#samplesUs.push(delayUs);
    this.#mostInFlight = Math.max(this.#mostInFlight, inFlight);
    if (this.#samplesUs.length >= this.#window) this.#decide();
  }

  /** The RPC refused for overload or did not answer in time. */
  overloaded(): void {
    this.#samplesUs = [];
    this.#mostInFlight = 0;
    this.#limitBeforeProbe = undefined;
    this.#set(Math.floor(this.#limit * OVERLOAD_FACTOR));
  }

  #decide(): void {
    const sorted = this.#samplesUs.sort((a, b) => a - b);
    const medianUs = sorted[sorted.length >> 1]!;
    const mostInFlight = this.#mostInFlight;
    this.#samplesUs = [];
    this.#mostInFlight = 0;
    this.#decisions += 1;
    if (this.#limitBeforeProbe !== undefined) {
      this.#leastUs = medianUs;
      this.#set(this.#limitBeforeProbe);
      this.#limitBeforeProbe = undefined;
      return;
    }
    if (this.#decisions % this.#remeasureAfter === 0) {
      // Measured at the full limit, the queue itself would pass for the least delay, and the limit creep up.
      this.#limitBeforeProbe = this.#limit;
      this.#set(this.#limit >> 1);
      return;
    }
    this.#leastUs = Math.min(this.#leastUs, medianUs);
    const queued = this.#limit * (1 - this.#leastUs / medianUs);
    // A limit that nobody touches has not been tested and must not grow.
    if (queued < GROW_BELOW_QUEUED && mostInFlight * 2 >= this.#limit)
      this.#set(this.#limit + step(this.#limit));
    else if (queued > SHRINK_ABOVE_QUEUED) this.#set(this.#limit - step(this.#limit));
  }

  #set(limit: number): void {
    const bounded = Math.min(this.#max, Math.max(this.#min, limit));
    if (bounded === this.#limit) return;
    this.#limit = bounded;
    for (const listener of this.#listeners) listener(bounded);
  }
}

/** Larger limits move in larger steps. */
function step(limit: number): number {
  return Math.max(1, Math.floor(Math.log10(limit) * 2));
}
