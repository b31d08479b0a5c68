/** How long a 429 is heeded: as long as it says, else longer with each one in a row. */
import type { Clock } from '../time/clock.js';

/** Jupiter counts over sixty seconds: no hold need be longer. */
export const MAX_HOLD_MS = 60_000;
const FIRST_HOLD_MS = 2_000;

export class BackOff {
  readonly #clock: Clock;
  #inARow = 0;
  #untilUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds for which nothing is to be asked. */
  get remainingMs(): number {
    return Math.max(0, this.#untilUs - this.#clock.monotonicUs()) / 1_000;
  }

  /** @param retryAfter the header: seconds, or an HTTP date; anything else counts as absent */
  refused(retryAfter: string | undefined): void {
    const said = retryAfterMs(retryAfter, this.#clock.nowMs());
    const holdMs = Math.min(said ?? FIRST_HOLD_MS * 2 ** Math.min(this.#inARow, 16), MAX_HOLD_MS);
    this.#inARow += 1;
    this.#untilUs = this.#clock.monotonicUs() + holdMs * 1_000;
  }

  answered(): void {
    this.#inARow = 0;
  }

  /** Forgets the hold: an operator knows better. */
  clear(): void {
    this.#inARow = 0;
    this.#untilUs = 0;
  }
}

function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
