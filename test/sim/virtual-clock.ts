/** Simulated time: a heap of events. Nothing happens between two events, and equal times keep their order. */
import type { Clock, TimerHandle } from '../../src/time/clock.js';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** 2023-11-14T22:13:20Z: an instant that looks like one, so that nothing passes by being near zero. */
export const SIM_START_MS = 1_700_000_000_000;

export class VirtualClock implements Clock {
  readonly #heap: Event[] = [];
  #nowMs = SIM_START_MS;
  #order = 0;

  nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  /** With its fraction, for those who simulate. */
  get exactMs(): number {
    return this.#nowMs;
  }

  monotonicUs(): number {
    return (this.#nowMs - SIM_START_MS) * 1000;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const event = this.#push(this.#nowMs + Math.max(0, delayMs), callback);
    return {
      cancel: () => {
        event.cancelled = true;
      },
    };
  }

  every(periodMs: number, callback: () => void): TimerHandle {
    let isOver = false;
    let next: Event;
    const ring = (): void => {
      next = this.#push(this.#nowMs + periodMs, ring);
      callback();
      if (isOver) next.cancelled = true;
    };
    next = this.#push(this.#nowMs + periodMs, ring);
    return {
      cancel: () => {
        isOver = true;
        next.cancelled = true;
      },
    };
  }

  /** Runs the next event. False when there is none, or it is after `untilMs`. */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) return false;
      this.#pop();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      next.run();
      return true;
    }
  }

  #push(atMs: number, run: () => void): Event {
    this.#order += 1;
    const event: Event = { atMs, order: this.#order, run, cancelled: false };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
    return event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
