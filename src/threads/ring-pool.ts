/**
 * Workers on rings. Piscina owns the threads: their start, their death, their replacement. Each worker runs one
 * task that lives as long as the pool and takes its work from a ring, which costs a fraction of a message.
 * Every ring has a Piscina of one thread: once a replacement dies before it is ready Piscina makes no other, and
 * what is queued in it waits for ever, so such a one is destroyed and made anew without touching the others.
 */
import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  type TransferListItem,
} from 'node:worker_threads';
import { Piscina } from 'piscina';
import { HotslotError } from '../errors/hotslot-error.js';
import { Ring, type RingShape } from './ring.js';
import type { RingTask } from './serve-ring.js';

export interface RingPoolOptions extends RingShape {
  /** The worker's module; its default export takes a RingTask. */
  readonly filename: string;
  readonly workers: number;
  readonly setup: unknown;
  /** Of each worker's heap. */
  readonly resourceLimits?: ResourceLimits;
  /** A worker starts, at first or in place of a dead one: everything that it must know is posted again. */
  readonly onStart?: (post: PostMail) => void;
}

export type PostMail = (message: unknown, transfer?: readonly TransferListItem[]) => void;

export interface RingPoolStats {
  readonly workers: number;
  readonly alive: number;
  readonly inFlight: number;
  /** Workers in the middle of a task. */
  readonly busy: number;
  readonly restarts: number;
  readonly failedTasks: number;
}

/** A task that ended this many workers ends in an error, not in another worker. */
export const MAX_KILLS = 2;
/** Restarts of one worker without a single answer between them; past that its ring is given up. */
const MAX_FRUITLESS_RESTARTS = 5;
/** How long `close` waits for workers to finish what they have before it terminates them. */
const CLOSE_GRACE_MS = 1000;

interface Pending {
  readonly write: (slot: Uint8Array) => void;
  readonly read: (slot: Uint8Array) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  kills: number;
}

interface Lane {
  readonly ring: Ring;
  /** Of each slot the task that has it, from `drained` on. */
  readonly pending: (Pending | undefined)[];
  inFlight: number;
  port: MessagePort | undefined;
  drained: number;
  waiting: boolean;
  fruitless: number;
  alive: boolean;
  piscina: Piscina<RingTask, void> | undefined;
  running: Promise<void>;
  mailWake: ReturnType<typeof setImmediate> | undefined;
}

export class RingPool {
  readonly #options: RingPoolOptions;
  readonly #lanes: Lane[] = [];
  readonly #mask: number;
  #next = 0;
  #restarts = 0;
  #failedTasks = 0;
  #closing: Promise<void> | undefined;

  constructor(options: RingPoolOptions) {
    this.#options = options;
    this.#mask = options.slots - 1;
    for (let i = 0; i < options.workers; i++) {
      const lane: Lane = {
        ring: Ring.create({ slots: options.slots, slotBytes: options.slotBytes }),
        pending: Array.from({ length: options.slots }, () => undefined),
        inFlight: 0,
        port: undefined,
        drained: 0,
        waiting: false,
        fruitless: 0,
        alive: true,
        piscina: undefined,
        running: Promise.resolve(),
        mailWake: undefined,
      };
      this.#lanes.push(lane);
      this.#start(lane);
    }
  }

  stats(): RingPoolStats {
    return {
      workers: this.#lanes.length,
      alive: this.alive,
      inFlight: this.inFlight,
      busy: this.#lanes.filter((lane) => lane.alive && lane.ring.busy).length,
      restarts: this.#restarts,
      failedTasks: this.#failedTasks,
    };
  }

  get alive(): number {
    let count = 0;
    for (const lane of this.#lanes) if (lane.alive) count++;
    return count;
  }

  get inFlight(): number {
    let count = 0;
    for (const lane of this.#lanes) count += lane.inFlight;
    return count;
  }

  /** Posts to every worker; read before any task that is submitted later. */
  broadcast(
    makeMail: () => { readonly message: unknown; readonly transfer?: readonly TransferListItem[] },
  ): void {
    for (const lane of this.#lanes) {
      if (!lane.alive || lane.port === undefined) continue;
      const mail = makeMail();
      this.#post(lane, mail.message, mail.transfer);
    }
  }

  /**
   * Gives a task to the least loaded worker.
   * @param write puts the task into a slot
   * @param read  takes the answer out of it; the slot is reused afterwards
   * @throws HotslotError (as a rejection) QUEUE_FULL, WORKER_FAILED, SHUTTING_DOWN
   */
  submit<T>(write: (slot: Uint8Array) => void, read: (slot: Uint8Array) => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(new HotslotError('SHUTTING_DOWN'));
    const lane = this.#leastLoaded();
    if (lane === undefined)
      return Promise.reject(new HotslotError('WORKER_FAILED', { detail: 'None is left.' }));
    if (lane.inFlight >= this.#options.slots) {
      const context = { inFlight: this.inFlight, limit: this.#options.slots * this.#lanes.length };
      return Promise.reject(new HotslotError('QUEUE_FULL', { context }));
    }
    const { next } = lane.ring;
    write(lane.ring.slot(next));
    // First of all: a worker that sleeps takes tens of microseconds to wake, and the rest is done meanwhile.
    lane.ring.publish();
    return new Promise<T>((resolve, reject) => {
      lane.pending[next & this.#mask] = {
        write,
        read,
        resolve: resolve as Pending['resolve'],
        reject,
        kills: 0,
      };
      lane.inFlight++;
      this.#await(lane);
    });
  }

  /** Ends every worker's thread at once, as a crash would, and resolves when each has a successor's task queued. */
  async terminateWorkers(): Promise<void> {
    const ended = this.#lanes.map((lane) => lane.running);
    await Promise.all(
      this.#lanes.flatMap((lane) => lane.piscina?.threads.map((thread) => thread.terminate()) ?? []),
    );
    await Promise.all(ended);
  }

  /** Lets workers finish what they have, within a bound, and ends them. Never hangs; what is left is rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const lane of this.#lanes) lane.ring.stop();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.all(this.#lanes.map((lane) => lane.running)), grace]);
    clearTimeout(timer);
    await Promise.all(this.#lanes.map((lane) => lane.piscina?.destroy()));
    await Promise.all(this.#lanes.map((lane) => lane.running));
    for (const lane of this.#lanes) {
      this.#drain(lane);
      this.#failAll(lane, new HotslotError('SHUTTING_DOWN'));
    }
  }

  #leastLoaded(): Lane | undefined {
    let best: Lane | undefined;
    // Starts at the next lane each time, so that equal loads take turns.
    for (let i = 0; i < this.#lanes.length; i++) {
      const lane = this.#lanes[(this.#next + i) % this.#lanes.length]!;
      if (lane.alive && (best === undefined || lane.inFlight < best.inFlight)) best = lane;
    }
    this.#next = (this.#next + 1) % this.#lanes.length;
    return best;
  }

  #start(lane: Lane): void {
    lane.ring.reset();
    const { port1, port2 } = new MessageChannel();
    lane.port = port1;
    // The port is only written to, and must not keep the process alive.
    port1.unref();
    this.#options.onStart?.((message, transfer) => this.#post(lane, message, transfer));
    const answeredBefore = lane.ring.done;
    // The file is named here and not to the constructor: a module that does not load is then this task's error
    // and not the thread's death.
    const { filename, setup } = this.#options;
    lane.running = this.#threadsOf(lane)
      .run({ ring: lane.ring.handle, port: port2, setup }, { filename, transferList: [port2] })
      .then(
        () => this.#ended(lane, answeredBefore),
        () => this.#ended(lane, answeredBefore),
      );
  }

  #threadsOf(lane: Lane): Piscina<RingTask, void> {
    if (lane.piscina !== undefined && lane.piscina.threads.length > 0) return lane.piscina;
    const { resourceLimits } = this.#options;
    const piscina = new Piscina<RingTask, void>({
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // What a dying worker says is heard by its task's end; without a listener it would end the process.
    piscina.on('error', () => undefined);
    piscina.on('workerDestroy', () => {
      setImmediate(() => {
        if (piscina.threads.length === 0) void piscina.destroy();
      });
    });
    lane.piscina = piscina;
    return piscina;
  }

  #post(lane: Lane, message: unknown, transfer: readonly TransferListItem[] = []): void {
    lane.port?.postMessage(message, transfer);
    lane.ring.mailPosted();
    // One wake a turn: hundreds of routes are posted together, and each wake is a switch of threads.
    lane.mailWake ??= setImmediate(() => {
      lane.mailWake = undefined;
      lane.ring.wakeForMail();
    });
  }

  /** A worker's task ended: by a stop, or because the worker died or its handler threw. */
  #ended(lane: Lane, answeredBefore: number): void {
    lane.port?.close();
    lane.port = undefined;
    // The worker may have died between its answer and the notification that main waits for.
    lane.ring.release();
    this.#drain(lane);
    if (this.#closing !== undefined) return;
    this.#restarts++;
    lane.fruitless = lane.ring.done === answeredBefore ? lane.fruitless + 1 : 0;
    const culprit = lane.ring.busy ? lane.pending[lane.drained & this.#mask] : undefined;
    if (culprit !== undefined && ++culprit.kills >= MAX_KILLS) {
      lane.ring.skip();
      this.#take(lane);
      lane.fruitless = 0;
      this.#failedTasks++;
      culprit.reject(new HotslotError('WORKER_FAILED', { context: { workersEnded: culprit.kills } }));
    }
    if (lane.fruitless > MAX_FRUITLESS_RESTARTS) {
      lane.alive = false;
      this.#failAll(lane, new HotslotError('WORKER_FAILED', { detail: 'It could not be restarted.' }));
      return;
    }
    // Request and answer share their slot: the dead worker may have left half an answer where the request was.
    if (lane.ring.busy) culprit?.write(lane.ring.slot(lane.drained));
    this.#start(lane);
    this.#await(lane);
  }

  /** One wait a ring at a time. */
  #await(lane: Lane): void {
    while (!lane.waiting && lane.inFlight > 0) {
      const answered = lane.ring.answered(lane.drained);
      if (answered === undefined) {
        this.#drain(lane);
        continue;
      }
      lane.waiting = true;
      void answered.then(() => {
        lane.waiting = false;
        this.#drain(lane);
        this.#await(lane);
      });
    }
  }

  #drain(lane: Lane): void {
    const done = lane.ring.done;
    while (lane.drained !== done && lane.inFlight > 0) {
      const slot = lane.ring.slot(lane.drained);
      const { read, resolve, reject } = this.#take(lane)!;
      try {
        resolve(read(slot));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** The oldest task in flight, which leaves. */
  #take(lane: Lane): Pending | undefined {
    const at = lane.drained & this.#mask;
    const pending = lane.pending[at];
    lane.pending[at] = undefined;
    lane.drained = (lane.drained + 1) | 0;
    lane.inFlight--;
    return pending;
  }

  #failAll(lane: Lane, error: HotslotError): void {
    while (lane.inFlight > 0) this.#take(lane)?.reject(error);
  }
}
