import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  circuitBreaker,
  handleWhenResult,
  type IBackoff,
  IsolatedCircuitError,
} from 'cockatiel';
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';

export interface BreakerOptions {
  /** An open breaker lets one call through after this time. Default 30,000. */
  readonly halfOpenAfterMs?: number;
  /** A call that takes longer counts as a failure, though its result is used. Default 1,000. */
  readonly slowMs?: number;
  /** Opens when more than this share of the last `window` calls failed. Default 0.5. */
  readonly failureShare?: number;
  /** Default 20. */
  readonly window?: number;
  /** Calls before a share says anything. Default 5. */
  readonly minCalls?: number;
}

const DEFAULTS = {
  halfOpenAfterMs: 30_000,
  slowMs: 1000,
  failureShare: 0.5,
  window: 20,
  minCalls: 5,
} as const;

/** Most breakers a registry holds; names come from configuration, so more is a programmer's error. */
export const MAX_BREAKERS = 1000;

/** `isolated` is open by hand: only a hand closes it. */
export type BreakerState = 'closed' | 'open' | 'halfOpen' | 'isolated';

export interface BreakerStatus {
  /** `rpc:<host>`, `yellowstone:<host>`, `redis`, `jupiter`. */
  readonly name: string;
  readonly state: BreakerState;
  /** Epoch ms of the last change of state. */
  readonly changedAtMs: number;
  readonly successes: number;
  readonly failures: number;
  /** Calls that came back, late. They count among the failures. */
  readonly slow: number;
  /** Calls that were refused because it was open. */
  readonly refused: number;
  readonly lastError: string | undefined;
}

const STATE_NAMES: { readonly [State in CircuitState]: BreakerState } = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'halfOpen',
  [CircuitState.Isolated]: 'isolated',
};

interface Timed<T> {
  readonly value: T;
  readonly isSlow: boolean;
}

/** Stands between us and one outside thing. It opens on failures and on slowness. */
export class Breaker {
  readonly name: string;
  readonly #options: Required<BreakerOptions>;
  readonly #clock: Clock;
  #policy: CircuitBreakerPolicy;
  #release: (() => void) | undefined;
  #changedAtMs: number;
  /** Monotonic. */
  #changedUs: number;
  #successes = 0;
  #failures = 0;
  #slow = 0;
  #refused = 0;
  #lastError: string | undefined;
  readonly #listeners: ((status: BreakerStatus) => void)[];

  constructor(
    name: string,
    options: BreakerOptions,
    clock: Clock,
    listeners: ((status: BreakerStatus) => void)[],
  ) {
    this.name = name;
    this.#options = { ...DEFAULTS, ...options };
    this.#clock = clock;
    this.#listeners = listeners;
    this.#changedAtMs = clock.nowMs();
    this.#changedUs = clock.monotonicUs();
    this.#policy = this.#newPolicy();
  }

  #newPolicy(): CircuitBreakerPolicy {
    const { failureShare, window, minCalls } = this.#options;
    const policy = circuitBreaker(
      handleWhenResult((result) => (result as Timed<unknown>).isSlow).orWhen(() => true),
      {
        halfOpenAfter: this.#untilTrial(),
        breaker: new CountBreaker({ threshold: failureShare, size: window, minimumNumberOfCalls: minCalls }),
      },
    );
    policy.onStateChange(() => this.#changed());
    return policy;
  }

  /** Cockatiel holds it against the wall clock, which may be set back: when it is due is judged here. */
  #untilTrial(): IBackoff<unknown> {
    const isDue = () => this.#isDue;
    return {
      get duration() {
        return isDue() ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      },
      next() {
        return this;
      },
    };
  }

  get #isDue(): boolean {
    const openUs = this.#clock.monotonicUs() - this.#changedUs;
    return openUs >= this.#options.halfOpenAfterMs * 1_000;
  }

  #changed(): void {
    this.#changedAtMs = this.#clock.nowMs();
    this.#changedUs = this.#clock.monotonicUs();
    const status = this.status();
    for (const listener of this.#listeners) listener(status);
  }

  get state(): BreakerState {
    return STATE_NAMES[this.#policy.state];
  }

  /** Whether a call would be let through now: an open one is routed around. */
  get isUsable(): boolean {
    const { state } = this;
    if (state === 'closed' || state === 'halfOpen') return true;
    return state === 'open' && this.#isDue;
  }

  /**
   * Makes a call through the breaker.
   * @throws HotslotError BREAKER_OPEN without making it; else what the call throws
   */
  async execute<T>(call: () => Promise<T>): Promise<T> {
    try {
      const { value, isSlow } = await this.#policy.execute(async (): Promise<Timed<T>> => {
        const startedUs = this.#clock.monotonicUs();
        const value = await call();
        return { value, isSlow: (this.#clock.monotonicUs() - startedUs) / 1000 > this.#options.slowMs };
      });
      if (isSlow) {
        this.#slow += 1;
        this.#failures += 1;
      } else {
        this.#successes += 1;
      }
      return value;
    } catch (error) {
      if (error instanceof BrokenCircuitError || error instanceof IsolatedCircuitError) {
        this.#refused += 1;
        throw new HotslotError('BREAKER_OPEN', { context: { breaker: this.name, state: this.state } });
      }
      this.#failures += 1;
      this.#lastError = (error as Error).message;
      throw error;
    }
  }

  /**
   * For callers that made the call themselves (raw sockets, streams): counts how it went. Resolves when
   * counted; while the breaker is open nothing is.
   */
  async report(succeeded: boolean, durationMs: number, detail = 'failed'): Promise<void> {
    try {
      const isSlow = durationMs > this.#options.slowMs;
      await this.#policy.execute(async (): Promise<Timed<true>> => {
        if (!succeeded) throw new Error(detail);
        return { value: true, isSlow };
      });
      if (isSlow) this.#slow += 1;
      if (isSlow) this.#failures += 1;
      else this.#successes += 1;
    } catch (error) {
      if (error instanceof BrokenCircuitError || error instanceof IsolatedCircuitError) return;
      this.#failures += 1;
      this.#lastError = detail;
    }
  }

  /** Opens it until it is closed by hand. */
  open(): void {
    if (this.#release !== undefined) return;
    const handle = this.#policy.isolate();
    this.#release = () => handle.dispose();
  }

  /** Closes it and forgets the failures that opened it. */
  close(): void {
    const before = this.state;
    this.#release?.();
    this.#release = undefined;
    this.#policy = this.#newPolicy();
    if (before === 'open' || before === 'halfOpen') this.#changed();
  }

  status(): BreakerStatus {
    return {
      name: this.name,
      state: this.state,
      changedAtMs: this.#changedAtMs,
      successes: this.#successes,
      failures: this.#failures,
      slow: this.#slow,
      refused: this.#refused,
      lastError: this.#lastError,
    };
  }
}

/** All breakers by name. */
export class BreakerRegistry {
  readonly #breakers = new Map<string, Breaker>();
  readonly #clock: Clock;
  readonly #defaults: BreakerOptions;
  readonly #listeners: ((status: BreakerStatus) => void)[] = [];

  constructor(options: { clock: Clock; defaults?: BreakerOptions }) {
    this.#clock = options.clock;
    this.#defaults = options.defaults ?? {};
  }

  /** Called on every change of any breaker's state. */
  onChange(listener: (status: BreakerStatus) => void): void {
    this.#listeners.push(listener);
  }

  /** The breaker of this name; made where there is none yet. */
  for(name: string, options: BreakerOptions = {}): Breaker {
    let breaker = this.#breakers.get(name);
    if (breaker === undefined) {
      if (this.#breakers.size >= MAX_BREAKERS) throw new Error(`more than ${MAX_BREAKERS} breakers`);
      breaker = new Breaker(name, { ...this.#defaults, ...options }, this.#clock, this.#listeners);
      this.#breakers.set(name, breaker);
    }
    return breaker;
  }

  /** @throws HotslotError BREAKER_UNKNOWN */
  get(name: string): Breaker {
    const breaker = this.#breakers.get(name);
    if (breaker === undefined) throw new HotslotError('BREAKER_UNKNOWN', { context: { name } });
    return breaker;
  }

  list(): BreakerStatus[] {
    return [...this.#breakers.values()].map((breaker) => breaker.status());
  }
}
