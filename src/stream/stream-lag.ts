/** How far each of several streams is behind the one that is first. */
import type { Slot } from '../model/brands.js';

/** Slots whose first arrival is remembered; a stream that is further behind counts as this far behind. */
export const MAX_LAG_SLOTS = 256;
/** Weight of the newest slot in the running mean of milliseconds. */
const SMOOTHING = 0.2;

interface LaneLag {
  head: number;
  meanMs: number;
}

export class StreamLag {
  /** When each processed slot was first told by any stream, in order of arrival. */
  readonly #firstUs = new Map<number, number>();
  readonly #lanes: LaneLag[];

  constructor(lanes: number) {
    this.#lanes = Array.from({ length: lanes }, () => ({ head: 0, meanMs: 0 }));
  }

  onProcessed(lane: number, slot: Slot, receivedUs: number): void {
    const lag = this.#lanes[lane]!;
    const firstUs = this.#firstUs.get(slot);
    if (firstUs === undefined) {
      this.#firstUs.set(slot, receivedUs);
      if (this.#firstUs.size > MAX_LAG_SLOTS) this.#firstUs.delete(this.#firstUs.keys().next().value!);
    }
    // A slot that comes again by replay says nothing of the stream's pace.
    if (slot <= lag.head) return;
    lag.head = slot;
    lag.meanMs += SMOOTHING * ((receivedUs - (firstUs ?? receivedUs)) / 1_000 - lag.meanMs);
  }

  /** Processed slots that another stream has told and this one has not reached; skipped slots do not count. */
  slots(lane: number): number {
    const { head } = this.#lanes[lane]!;
    let behind = 0;
    for (const slot of this.#firstUs.keys()) if (slot > head) behind++;
    return behind;
  }

  /** Mean milliseconds behind the first, or how long the next slot is overdue, whichever is more. */
  ms(lane: number, nowUs: number): number {
    const { head, meanMs } = this.#lanes[lane]!;
    let oldestUs = nowUs;
    for (const [slot, firstUs] of this.#firstUs) {
      if (slot > head && firstUs < oldestUs) oldestUs = firstUs;
    }
    return Math.max(meanMs, (nowUs - oldestUs) / 1_000);
  }
}
