/** When slots end. Boundaries are counted from an anchor, so that late timers do not add up. */

/** Slots that a stalled thread makes up for at once; what is beyond is lost time, as on a stalled validator. */
const MAX_CATCH_UP_SLOTS = 4;

export class SlotClock {
  private boundaryMs: number;

  constructor(nowMs: number, slotMs: number) {
    this.boundaryMs = nowMs + slotMs;
  }

  /** The next slot boundary on the caller's clock. */
  nextBoundaryMs(): number {
    return this.boundaryMs;
  }

  /** Moves on by one slot of this length. */
  advance(nowMs: number, slotMs: number): void {
    this.boundaryMs += slotMs;
    if (nowMs - this.boundaryMs > MAX_CATCH_UP_SLOTS * slotMs) this.boundaryMs = nowMs + slotMs;
  }
}
