/** Milliseconds a block, as lately observed: timers follow the cluster and not a constant. */
const DEFAULT_BLOCK_MS = 400;
const MAX_SAMPLES = 64;
const MIN_SAMPLES = 8;

export class BlockPace {
  readonly #samples: { readonly height: number; readonly receivedUs: number }[] = [];

  /** A block came live; replayed ones, which come in a burst, are kept out by `reset`. */
  onBlock(height: number, receivedUs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && height <= last.height) return;
    this.#samples.push({ height, receivedUs });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  reset(): void {
    this.#samples.length = 0;
  }

  /** 400 until enough blocks were seen. */
  get blockMs(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || this.#samples.length < MIN_SAMPLES)
      return DEFAULT_BLOCK_MS;
    return (last.receivedUs - first.receivedUs) / 1_000 / (last.height - first.height);
  }
}
