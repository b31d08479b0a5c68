/**
 * Chooses between in place and the workers by measured load. In place a trade waits for those before it in the
 * same burst; on the workers it pays the hop and shares the burst with the others.
 */
import type { Clock, TimerHandle } from '../time/clock.js';
import type { InlineBuilder } from './inline-builder.js';
import type { PoolBuilder } from './pool-builder.js';
import type { RingPoolStats } from './ring-pool.js';
import type { AttemptBuilder, BuildOutcome, BuildRequest } from './types.js';

export type SigningMode = 'auto' | 'inline' | 'pool';

export interface AdaptiveBuilderOptions {
  readonly mode: SigningMode;
  readonly inline: InlineBuilder;
  /** Absent: everything is built in place. */
  readonly pool: PoolBuilder | undefined;
  readonly clock: Clock;
  /** Trades that wait to be built; a burst seen before its members arrive here. */
  readonly queueDepth?: () => number;
}

export interface SigningStats {
  readonly mode: SigningMode;
  /** What the last trade got. */
  readonly lastLane: 'inline' | 'pool' | undefined;
  readonly inlineCount: number;
  readonly poolCount: number;
  /** Moving averages, µs. */
  readonly inlineUs: number;
  readonly hopUs: number;
  readonly loopDelayUs: number;
  readonly pool: RingPoolStats | undefined;
}

/** Weight of a new sample in the moving averages. */
const ALPHA = 0.1;
/** Starting values: what was measured on two shared cores. */
const FIRST_INLINE_US = 25;
const FIRST_HOP_US = 150;
/** The hop is measured by an empty round trip this often. */
const PROBE_MS = 1000;
/** The event loop's delay is the lateness of a timer of this period. */
const LOOP_SAMPLE_MS = 20;
/** Secrets are made unreadable after this long without a signature in place. */
const SEAL_AFTER_US = 1_000_000;

export class AdaptiveBuilder implements AttemptBuilder {
  readonly #options: AdaptiveBuilderOptions;
  readonly #timers: TimerHandle[] = [];
  #inlineUs = FIRST_INLINE_US;
  #hopUs = FIRST_HOP_US;
  #loopDelayUs = 0;
  #inlineCount = 0;
  #poolCount = 0;
  #lastLane: 'inline' | 'pool' | undefined;
  #turnDepth = 0;
  #turnEnds: ReturnType<typeof setImmediate> | undefined;
  #probing = false;
  /** Builds that workers have not answered. */
  #underWay = 0;
  #lastTickUs: number;
  #lastInlineUs = Number.NEGATIVE_INFINITY;
  #sealed = true;

  constructor(options: AdaptiveBuilderOptions) {
    this.#options = options;
    this.#lastTickUs = options.clock.monotonicUs();
    this.#timers.push(options.clock.every(LOOP_SAMPLE_MS, () => this.#sampleLoop()));
    if (options.pool !== undefined)
      this.#timers.push(options.clock.every(PROBE_MS, () => void this.#probe()));
  }

  build(request: BuildRequest): BuildOutcome | Promise<BuildOutcome> {
    const { pool, inline, clock } = this.#options;
    if (pool !== undefined && this.#wantsPool(pool)) {
      this.#poolCount++;
      this.#lastLane = 'pool';
      return this.#buildOnWorker(pool, request);
    }
    this.#inlineCount++;
    this.#lastLane = 'inline';
    const startedUs = clock.monotonicUs();
    const built = inline.build(request);
    this.#lastInlineUs = clock.monotonicUs();
    this.#inlineUs += ALPHA * (this.#lastInlineUs - startedUs - this.#inlineUs);
    this.#sealed = false;
    return built;
  }

  stats(): SigningStats {
    return {
      mode: this.#options.mode,
      lastLane: this.#lastLane,
      inlineCount: this.#inlineCount,
      poolCount: this.#poolCount,
      inlineUs: this.#inlineUs,
      hopUs: this.#hopUs,
      loopDelayUs: this.#loopDelayUs,
      pool: this.#options.pool?.stats(),
    };
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    if (this.#turnEnds !== undefined) clearImmediate(this.#turnEnds);
    await this.#options.pool?.close();
  }

  async #buildOnWorker(pool: PoolBuilder, request: BuildRequest): Promise<BuildOutcome> {
    // Behind others of its burst it would measure them as well.
    const isFirst = this.#underWay++ === 0;
    const startedUs = this.#options.clock.monotonicUs();
    try {
      const built = await pool.build(request);
      if (isFirst && built.ok) this.#workerTook(this.#options.clock.monotonicUs() - startedUs);
      return built;
    } finally {
      this.#underWay--;
    }
  }

  /**
   * What it took beyond a build in place is the hop. A worker that gets no processor shows at once, not at the tenth
   * probe; probes bring the figure down again.
   */
  #workerTook(elapsedUs: number): void {
    this.#hopUs = Math.max(this.#hopUs, elapsedUs - this.#inlineUs);
  }

  #wantsPool(pool: PoolBuilder): boolean {
    if (this.#options.mode !== 'auto') return this.#options.mode === 'pool';
    const { alive } = pool;
    if (alive === 0) return false;
    const depth = Math.max(this.#countTurn(), this.#options.queueDepth?.() ?? 0);
    // What the last of the burst would wait for. A late loop is charged to the place that keeps it busy.
    const inPlaceUs = depth * this.#inlineUs + (depth > 1 ? this.#loopDelayUs : 0);
    // A trade is not divided among workers: one that comes alone never gains by the hop.
    const onWorkersUs = this.#hopUs + Math.max(1, depth / alive) * this.#inlineUs;
    return onWorkersUs < inPlaceUs;
  }

  /** Builds asked for in this turn of the event loop, this one included. */
  #countTurn(): number {
    this.#turnEnds ??= setImmediate(() => {
      this.#turnEnds = undefined;
      this.#turnDepth = 0;
    });
    return ++this.#turnDepth;
  }

  #sampleLoop(): void {
    const nowUs = this.#options.clock.monotonicUs();
    const lateUs = Math.max(0, nowUs - this.#lastTickUs - LOOP_SAMPLE_MS * 1000);
    this.#lastTickUs = nowUs;
    this.#loopDelayUs += ALPHA * (lateUs - this.#loopDelayUs);
    if (!this.#sealed && nowUs - this.#lastInlineUs > SEAL_AFTER_US) {
      this.#options.inline.seal();
      this.#sealed = true;
    }
  }

  async #probe(): Promise<void> {
    const { pool, clock } = this.#options;
    if (this.#probing || pool === undefined) return;
    this.#probing = true;
    const startedUs = clock.monotonicUs();
    try {
      await pool.echo();
      this.#hopUs += ALPHA * (clock.monotonicUs() - startedUs - this.#hopUs);
    } catch {
      // A pool that is full or closing is not measured now; its trades report their own errors.
    } finally {
      this.#probing = false;
    }
  }
}
