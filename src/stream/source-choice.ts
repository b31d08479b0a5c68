/** From which of several streams accounts are taken: one at a time, and no change without a reason that lasts. */

export interface SourceCandidate {
  /** Live, and its circuit breaker lets it be used. */
  readonly usable: boolean;
  /** Whole since some slot: it has no open gap. */
  readonly whole: boolean;
  readonly lagSlots: number;
}

export interface SourceChoiceLimits {
  /** The source may be this many slots behind the first stream. */
  readonly maxLagSlots: number;
  /** A lag must last this long: streams take turns at being first, and a burst is read one stream at a time. */
  readonly lagPatienceMs: number;
  /** After a change for lag there is none for lag again until then, so that two slow streams do not flap. */
  readonly lagDwellMs: number;
  /** The same after a change for a hole in what the source brought. */
  readonly holeDwellMs: number;
}

export const DEFAULT_CHOICE_LIMITS: SourceChoiceLimits = {
  maxLagSlots: 2,
  lagPatienceMs: 200,
  lagDwellMs: 10_000,
  holeDwellMs: 1_000,
};

export class SourceChoice {
  readonly #limits: SourceChoiceLimits;
  #laggingSinceMs: number | undefined;
  #lagChangeAtMs = Number.NEGATIVE_INFINITY;
  #holeChangeAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: SourceChoiceLimits) {
    this.#limits = limits;
  }

  /** Index of the stream to take accounts from: `current` unless there is a reason and a better one. */
  choose(
    candidates: readonly SourceCandidate[],
    current: number | undefined,
    nowMs: number,
  ): number | undefined {
    const source = current === undefined ? undefined : candidates[current];
    if (source === undefined || !source.usable) {
      this.#laggingSinceMs = undefined;
      return this.#best(candidates, current) ?? this.#best(candidates, current, false) ?? current;
    }
    if (!source.whole) return this.#best(candidates, current) ?? current;
    if (source.lagSlots <= this.#limits.maxLagSlots) {
      this.#laggingSinceMs = undefined;
      return current;
    }
    this.#laggingSinceMs ??= nowMs;
    if (nowMs - this.#laggingSinceMs < this.#limits.lagPatienceMs) return current;
    if (nowMs - this.#lagChangeAtMs < this.#limits.lagDwellMs) return current;
    const best = this.#best(candidates, current);
    // One that is hardly better would be left again a moment later.
    if (best === undefined || candidates[best]!.lagSlots > this.#limits.maxLagSlots / 2) return current;
    this.#laggingSinceMs = undefined;
    this.#lagChangeAtMs = nowMs;
    return best;
  }

  /** The source is well but has missed something: another that keeps up and has not, or `current`. */
  afterHole(candidates: readonly SourceCandidate[], current: number, nowMs: number): number {
    const best = this.#best(candidates, current);
    if (best === undefined || candidates[best]!.lagSlots > this.#limits.maxLagSlots) return current;
    if (nowMs - this.#holeChangeAtMs < this.#limits.holeDwellMs) return current;
    this.#holeChangeAtMs = nowMs;
    return best;
  }

  /** The usable one that is least behind, the first of equals; not the current one. */
  #best(
    candidates: readonly SourceCandidate[],
    current: number | undefined,
    mustBeWhole = true,
  ): number | undefined {
    let best: number | undefined;
    candidates.forEach(({ usable, whole, lagSlots }, index) => {
      if (index === current || !usable || (mustBeWhole && !whole)) return;
      if (best === undefined || lagSlots < candidates[best]!.lagSlots) best = index;
    });
    return best;
  }
}
