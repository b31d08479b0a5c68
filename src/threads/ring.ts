/**
 * A ring of task slots in shared memory between the main thread and one worker. A task's answer is written into
 * the slot that it came in. One producer, one consumer, answers in order; a count for each side, no locks.
 */

/** Words of the control block, each side's on cache lines of its own. */
const CONTROL = {
  /** Tasks published. Written by main. */
  head: 0,
  /** Messages posted on the port that goes with the ring. Written by main. */
  mail: 1,
  /** 1: leave once the ring is empty. Written by main. */
  stop: 2,
  /** What the worker waits on; raised by main after anything that a sleeper must see. */
  wake: 3,
  /** Tasks answered. Written by the worker (by main only while no worker runs). */
  done: 32,
  /** Tasks begun: one more than `done` while one is being worked on. Written by the worker. */
  started: 33,
  /** 1 while the worker sleeps or is about to. */
  sleeping: 34,
  /** 1 while main waits for `done` to change. */
  mainWaits: 64,
} as const;
const CONTROL_WORDS = 96;

export interface RingShape {
  /** A power of two. */
  readonly slots: number;
  /** A multiple of 8. */
  readonly slotBytes: number;
}

/** What travels to the worker; shared, not copied. */
export interface RingHandle extends RingShape {
  readonly buffer: SharedArrayBuffer;
}

/** `waitAsync` is in Node 20 and not yet in the ES2023 library's types. */
type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
const waitAsync = (Atomics as unknown as { readonly waitAsync: WaitAsync }).waitAsync;

export class Ring {
  readonly handle: RingHandle;
  readonly #control: Int32Array;
  readonly #slots: Uint8Array[];
  readonly #mask: number;

  constructor(handle: RingHandle) {
    this.handle = handle;
    this.#control = new Int32Array(handle.buffer, 0, CONTROL_WORDS);
    this.#mask = handle.slots - 1;
    this.#slots = Array.from(
      { length: handle.slots },
      (_, i) => new Uint8Array(handle.buffer, CONTROL_WORDS * 4 + i * handle.slotBytes, handle.slotBytes),
    );
  }

  static create(shape: RingShape): Ring {
    if (shape.slots < 1 || (shape.slots & (shape.slots - 1)) !== 0)
      throw new RangeError('slots: a power of two');
    if (shape.slotBytes < 8 || shape.slotBytes % 8 !== 0) throw new RangeError('slotBytes: a multiple of 8');
    const bytes = CONTROL_WORDS * 4 + shape.slots * shape.slotBytes;
    return new Ring({ ...shape, buffer: new SharedArrayBuffer(bytes) });
  }

  /** The slot that a task's count falls on. */
  slot(count: number): Uint8Array {
    return this.#slots[count & this.#mask]!;
  }

  get head(): number {
    return Atomics.load(this.#control, CONTROL.head);
  }

  get done(): number {
    return Atomics.load(this.#control, CONTROL.done);
  }

  /** Whether the worker was at work on a task when last seen. */
  get busy(): boolean {
    return Atomics.load(this.#control, CONTROL.started) !== this.done;
  }

  /** Main: the task in `slot(head)` is ready. Wakes the worker only where it sleeps. */
  publish(): void {
    Atomics.add(this.#control, CONTROL.head, 1);
    if (Atomics.load(this.#control, CONTROL.sleeping) !== 0) this.#wake();
  }

  /** Main: a message was posted on the port. A worker that sleeps reads it when it is woken for whatever reason. */
  mailPosted(): void {
    Atomics.add(this.#control, CONTROL.mail, 1);
  }

  /** Main: wakes the worker, where it sleeps, to read its mail before there is a task. */
  wakeForMail(): void {
    if (Atomics.load(this.#control, CONTROL.sleeping) !== 0) this.#wake();
  }

  /** Main: the worker shall leave when the ring is empty. */
  stop(): void {
    Atomics.store(this.#control, CONTROL.stop, 1);
    this.#wake();
    // Releases a pending wait of main's own.
    Atomics.notify(this.#control, CONTROL.done);
  }

  /** Main, before it starts a worker on the ring: forgets the last one's state, keeps the tasks. */
  reset(): void {
    Atomics.store(this.#control, CONTROL.mail, 0);
    Atomics.store(this.#control, CONTROL.sleeping, 0);
    Atomics.store(this.#control, CONTROL.started, this.done);
  }

  /** Main, while no worker runs: gives up the task that the dead worker had begun. */
  skip(): void {
    Atomics.add(this.#control, CONTROL.done, 1);
    Atomics.store(this.#control, CONTROL.started, this.done);
  }

  /** Main: resolves when more than `seen` tasks are answered; undefined where that is so already. */
  answered(seen: number): Promise<unknown> | undefined {
    Atomics.store(this.#control, CONTROL.mainWaits, 1);
    const wait = waitAsync(this.#control, CONTROL.done, seen);
    return wait.async ? wait.value : undefined;
  }

  get stopped(): boolean {
    return Atomics.load(this.#control, CONTROL.stop) !== 0;
  }

  get mail(): number {
    return Atomics.load(this.#control, CONTROL.mail);
  }

  /** Worker: the task in `slot(done)` is being worked on. */
  begin(): void {
    Atomics.add(this.#control, CONTROL.started, 1);
  }

  /** Worker: its answer is in the slot. Wakes main only where it waits. */
  finish(): void {
    Atomics.add(this.#control, CONTROL.done, 1);
    if (Atomics.exchange(this.#control, CONTROL.mainWaits, 0) !== 0)
      Atomics.notify(this.#control, CONTROL.done);
  }

  /**
   * Worker: sleeps until there is something to do. What it checks, it checks after the sleeping flag is up, so
   * that a producer either sees the flag or is seen.
   * @returns false when `timeoutMs` passed
   */
  sleep(mailSeen: number, timeoutMs: number): boolean {
    Atomics.store(this.#control, CONTROL.sleeping, 1);
    const seen = Atomics.load(this.#control, CONTROL.wake);
    const idle = this.head === this.done && this.mail === mailSeen && !this.stopped;
    const woken = !idle || Atomics.wait(this.#control, CONTROL.wake, seen, timeoutMs) !== 'timed-out';
    Atomics.store(this.#control, CONTROL.sleeping, 0);
    return woken;
  }

  #wake(): void {
    Atomics.add(this.#control, CONTROL.wake, 1);
    Atomics.notify(this.#control, CONTROL.wake);
  }
}
