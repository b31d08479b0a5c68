/**
 * A ring of task slots in shared memory between the main thread and one worker. A task's answer is written into
 * the slot that it came in. One producer, one consumer, answers in order; a count for each side, no locks.
 */

/**
 * Words of the control block. What one side writes for each task lies on a cache line of its own, apart from what the
 * other side reads for each task: a line that both use is fetched from the other core each time.
 */
const CONTROL = {
  /** Tasks published. Written by main. */
  head: 0,
  /** Messages posted on the port that goes with the ring. Written by main. */
  mail: 1,
  /** 1: leave once the ring is empty. Written by main. */
  stop: 2,
  /** Tasks answered. Written by the worker (by main only while no worker runs). */
  done: 32,
  /** Tasks begun: one more than `done` while one is being worked on. Written by the worker. */
  started: 33,
  /** 1 while the worker sleeps or is about to. Raised by the worker; lowered by whoever ends the sleep. */
  sleeping: 64,
  /** What the worker waits on; raised by main after anything that a sleeper must see. */
  wake: 65,
  /** The count that main waits to see `done` leave. Written by main. */
  awaited: 96,
} as const;
const CONTROL_WORDS = 128;

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
  /** Main: what it has put into `head`, which nobody else writes. */
  #published: number;
  /** Worker: what it has put into `done`, which nobody else writes while it runs. */
  #answered: number;

  constructor(handle: RingHandle) {
    this.handle = handle;
    this.#control = new Int32Array(handle.buffer, 0, CONTROL_WORDS);
    this.#mask = handle.slots - 1;
    this.#published = this.head;
    this.#answered = this.done;
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

  /** Main: the count of the task that is published next. */
  get next(): number {
    return this.#published;
  }

  /** Main: the task in `slot(next)` is ready. Wakes the worker only where it sleeps. */
  publish(): void {
    this.#published = (this.#published + 1) | 0;
    Atomics.store(this.#control, CONTROL.head, this.#published);
    this.#wakeSleeper();
  }

  /** Main: a message was posted on the port. A worker that sleeps reads it when it is woken for whatever reason. */
  mailPosted(): void {
    Atomics.add(this.#control, CONTROL.mail, 1);
  }

  /** Main: wakes the worker, where it sleeps, to read its mail before there is a task. */
  wakeForMail(): void {
    this.#wakeSleeper();
  }

  /** Main: the worker shall leave when the ring is empty. */
  stop(): void {
    Atomics.store(this.#control, CONTROL.stop, 1);
    this.#wake();
    this.release();
  }

  /** Main: ends its own pending wait for answers, where no worker may do so any more. */
  release(): void {
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

  /**
   * Main: resolves when more than `seen` tasks are answered; undefined where that is so already.
   *
   * Each side writes its own word before it reads the other's: main `awaited`, then (in waitAsync) `done`; the worker
   * `done`, then `awaited`. So when `done` leaves `seen`, either the worker sees that main waits for just that and
   * notifies, or main sees the new `done` and does not wait. A flag that the worker lowers would not do: it would be
   * lowered for the answer before, after main had raised it for the next.
   */
  answered(seen: number): Promise<unknown> | undefined {
    Atomics.store(this.#control, CONTROL.awaited, seen);
    const wait = waitAsync(this.#control, CONTROL.done, seen);
    return wait.async ? wait.value : undefined;
  }

  get stopped(): boolean {
    return Atomics.load(this.#control, CONTROL.stop) !== 0;
  }

  get mail(): number {
    return Atomics.load(this.#control, CONTROL.mail);
  }

  /** Worker: the count of the task that is worked on next. */
  get current(): number {
    return this.#answered;
  }

  /** Worker: the task in `slot(current)` is being worked on. */
  begin(): void {
    // Not atomic: main acts on it only once the thread has ended.
    this.#control[CONTROL.started] = this.#answered + 1;
  }

  /** Worker: its answer is in the slot. Wakes main only where it waits for this one; see `answered`. */
  finish(): void {
    const before = this.#answered;
    this.#answered = (before + 1) | 0;
    Atomics.store(this.#control, CONTROL.done, this.#answered);
    if (Atomics.load(this.#control, CONTROL.awaited) === before) Atomics.notify(this.#control, CONTROL.done);
  }

  /**
   * Worker: sleeps until there is something to do. What it checks, it checks after the sleeping flag is up, so
   * that a producer either sees the flag or is seen.
   * @returns false when `timeoutMs` passed
   */
  sleep(mailSeen: number, timeoutMs: number): boolean {
    Atomics.store(this.#control, CONTROL.sleeping, 1);
    const seen = Atomics.load(this.#control, CONTROL.wake);
    const idle = this.head === this.#answered && this.mail === mailSeen && !this.stopped;
    const woken = !idle || Atomics.wait(this.#control, CONTROL.wake, seen, timeoutMs) !== 'timed-out';
    Atomics.store(this.#control, CONTROL.sleeping, 0);
    return woken;
  }

  /**
   * One wake a sleep: a sleeper takes tens of microseconds to wake, in which main publishes dozens of tasks more.
   *
   * What is to be seen was written before the flag is read here, and the worker raises the flag before it looks: it
   * sees the work, or main sees the flag. Main then lowers it and raises `wake`, which the worker has read since it
   * raised the flag: read before, the wait does not begin or is notified; read after, the work is there when the
   * worker looks. What is written while the flag is down the worker sees too, for it raises the flag and looks again
   * before it sleeps again. A flag that the worker lowered itself in between wants no wake: it is awake and looks.
   */
  #wakeSleeper(): void {
    if (Atomics.load(this.#control, CONTROL.sleeping) === 0) return;
    if (Atomics.exchange(this.#control, CONTROL.sleeping, 0) !== 0) this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#control, CONTROL.wake, 1);
    Atomics.notify(this.#control, CONTROL.wake);
  }
}
