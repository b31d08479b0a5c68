/** Counts by a name, of which there are at most so many: the rest share one (L6). */

/** Names that are counted by themselves: our codes are fewer, an on-chain program's errors may be more. */
export const MAX_NAMES = 128;
export const OTHER_NAMES = 'others';

export class BoundedCounts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    const counted = this.#counts.has(name) || this.#counts.size < MAX_NAMES ? name : OTHER_NAMES;
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
  }

  entries(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts];
  }
}
