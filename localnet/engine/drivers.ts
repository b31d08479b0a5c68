/** Who moves an engine through time: the wall clock, or a caller that steps. */
import type { Engine } from './engine.js';
import { SlotClock } from './slot-clock.js';

/** Longest that transactions keep the thread from its timers and messages, ms. */
const RUN_BUDGET_MS = 4;
/** Where the clock of a stepped cluster begins: 2026-01-01T00:00:00Z. */
const MANUAL_EPOCH_MS = 1_767_225_600_000;
/** Most slots in one call of `step`. */
const MAX_STEPS = 100_000;

export interface Driver {
  nowMs(): number;
  start(): void;
  /** Something arrived: execute what is due, soon or at once. */
  wake(): void;
  /** @throws Error where slots pass by themselves. */
  step(slots: number): number;
  stop(): void;
}

export interface DriverHost {
  engine(): Engine;
  /** Called after each turn of work, so that events leave in batches. */
  flush(): void;
}

export class WallClockDriver implements Driver {
  private clock: SlotClock | null = null;
  private slotTimer: NodeJS.Timeout | null = null;
  private arrivalTimer: NodeJS.Timeout | null = null;
  private turn: NodeJS.Immediate | null = null;
  private stopped = false;

  constructor(private readonly host: DriverHost) {}

  nowMs(): number {
    return performance.timeOrigin + performance.now();
  }

  start(): void {
    this.clock = new SlotClock(this.nowMs(), this.host.engine().conditions().slotMs);
    this.armSlot();
    this.wake();
  }

  wake(): void {
    if (this.stopped || this.clock === null) return;
    this.turn ??= setImmediate(() => this.runTurn());
  }

  step(): number {
    throw new RangeError('Slots pass by themselves here; only a manual clock can be stepped');
  }

  stop(): void {
    this.stopped = true;
    if (this.slotTimer !== null) clearTimeout(this.slotTimer);
    if (this.arrivalTimer !== null) clearTimeout(this.arrivalTimer);
    if (this.turn !== null) clearImmediate(this.turn);
  }

  private runTurn(): void {
    // A timer may fire with a turn still waiting: that one must not run a second time, nor after the end.
    if (this.turn !== null) clearImmediate(this.turn);
    this.turn = null;
    if (this.stopped) return;
    this.passBoundaries();
    const engine = this.host.engine();
    const untilMs = Math.min(this.nowMs() + RUN_BUDGET_MS, this.clock!.nextBoundaryMs());
    const more = engine.run(untilMs);
    this.host.flush();
    if (more) this.wake();
    else this.armArrival();
  }

  private passBoundaries(): void {
    const engine = this.host.engine();
    while (this.nowMs() >= this.clock!.nextBoundaryMs()) {
      // What arrived in this slot's time belongs to it, as far as the time reached.
      engine.nextSlot();
      this.clock!.advance(this.nowMs(), engine.conditions().slotMs);
      this.host.flush();
    }
    this.armSlot();
  }

  private armSlot(): void {
    if (this.slotTimer !== null) clearTimeout(this.slotTimer);
    const waitMs = Math.max(0, this.clock!.nextBoundaryMs() - this.nowMs());
    this.slotTimer = setTimeout(() => this.runTurn(), waitMs);
  }

  private armArrival(): void {
    if (this.arrivalTimer !== null) clearTimeout(this.arrivalTimer);
    this.arrivalTimer = null;
    const nextMs = this.host.engine().nextArrivalMs();
    if (nextMs === undefined) return;
    this.arrivalTimer = setTimeout(() => this.runTurn(), Math.max(0, nextMs - this.nowMs()));
  }
}

export class ManualDriver implements Driver {
  private virtualMs = MANUAL_EPOCH_MS;
  private started = false;

  constructor(private readonly host: DriverHost) {}

  nowMs(): number {
    return this.virtualMs;
  }

  start(): void {
    this.started = true;
    this.wake();
  }

  /** Without a network delay, transactions execute at once, before the next step. */
  wake(): void {
    if (!this.started) return;
    this.host.engine().run();
    this.host.flush();
  }

  step(slots: number): number {
    if (!Number.isInteger(slots) || slots < 1 || slots > MAX_STEPS) {
      throw new RangeError(`Steps must be a whole number from 1 to ${MAX_STEPS}`);
    }
    if (!this.started) throw new Error('The engine has not been started');
    const engine = this.host.engine();
    for (let count = 0; count < slots; count += 1) {
      const endMs = this.virtualMs + engine.conditions().slotMs;
      for (
        let next = engine.nextArrivalMs();
        next !== undefined && next <= endMs;
        next = engine.nextArrivalMs()
      ) {
        this.virtualMs = Math.max(this.virtualMs, next);
        engine.run();
      }
      this.virtualMs = endMs;
      engine.nextSlot();
      engine.run();
      this.host.flush();
    }
    return engine.currentSlot();
  }

  stop(): void {
    this.started = false;
  }
}
