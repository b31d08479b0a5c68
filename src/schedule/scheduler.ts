import { HotslotError } from '../errors/hotslot-error.js';
import type { Address, TradeId } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { IndexedHeap } from './indexed-heap.js';
import type { LockSet } from './lock-set.js';
import type { LockTable, LockTicket } from './lock-table.js';

/** Default of MAX_QUEUED_TRADES. */
export const DEFAULT_MAX_QUEUED_TRADES = 4096;
/** Default of MAX_CONCURRENT_TRADES, and the most that it may be set to. */
export const DEFAULT_MAX_CONCURRENT_TRADES = 32;
export const MAX_CONCURRENT_TRADES_LIMIT = 4096;

/**
 * How many turns of its wallet a class is worth when concurrency slots are given out; like the locks' head
 * start it makes priority decide without ever starving a class.
 */
export const TURN_HEAD_START = 4096;

/** Longest timer set at once; a later deadline is looked at again when it rings. */
const MAX_TIMER_MS = 3_600_000;

/** What the scheduler needs to know of a trade. */
export interface ScheduledTrade {
  readonly id: TradeId;
  readonly wallet: Address;
  /** 0 to 9, 9 first. */
  readonly priority: number;
  /** Epoch ms past which it is not started. */
  readonly deadlineAtMs: number;
  readonly locks: LockSet;
}

export interface SchedulerHandlers {
  /** The trade has its locks and a concurrency slot: quote, sign, send. Must not throw. */
  start(id: TradeId, locks: LockTicket): void;
  /** The trade left the queue unsigned, for the reason in the error: DEADLINE_PASSED or CANCELLED. */
  giveBack(id: TradeId, error: HotslotError): void;
}

/** What new trades are answered with while the scheduler is paused. */
export type PauseCode = 'SHUTTING_DOWN' | 'NOT_READY';

interface Entry {
  readonly trade: ScheduledTrade;
  readonly enqueuedAtMs: number;
  /** Order among ready trades; see `#turnOf`. */
  readonly turn: number;
  readonly sequence: number;
  ticket: LockTicket;
}

export interface QueueStatus {
  readonly queued: number;
  readonly waitingForLocks: number;
  /** Have a clear way to their locks and wait for a concurrency slot. */
  readonly waitingForSlot: number;
  /** Index is the priority. */
  readonly queuedByPriority: readonly number[];
  readonly running: number;
  readonly maxQueued: number;
  readonly maxConcurrent: number;
  readonly paused: string | undefined;
  readonly oldestQueuedMs: number;
}

/**
 * The queue between acceptance and signing. A queued trade stands in line at all of its accounts from the
 * start, but holds nothing until it also has a concurrency slot: so a trade that waits for a slot is in
 * nobody's way, and a later one of higher priority that needs the same pool simply goes before it.
 * Slots go to ready trades by priority, then round the wallets in turn, then first come first served.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #locks: LockTable;
  readonly #handlers: SchedulerHandlers;
  readonly #maxQueued: number;
  #maxConcurrent: number;
  readonly #queued = new Map<TradeId, Entry>();
  readonly #byTicket = new Map<LockTicket, Entry>();
  readonly #ready = new IndexedHeap<Entry>(
    (a, b) => a.turn < b.turn || (a.turn === b.turn && a.sequence < b.sequence),
  );
  readonly #deadlines = new IndexedHeap<Entry>(
    (a, b) =>
      a.trade.deadlineAtMs < b.trade.deadlineAtMs ||
      (a.trade.deadlineAtMs === b.trade.deadlineAtMs && a.sequence < b.sequence),
  );
  readonly #running = new Set<TradeId>();
  readonly #queuedByPriority = new Array<number>(10).fill(0);
  /** Turn of the newest queued trade of each wallet that has any. */
  readonly #walletLines = new Map<Address, { lastTurn: number; queued: number }>();
  #currentTurn = 0;
  #sequence = 0;
  #paused: { readonly reason: string; readonly code: PauseCode } | undefined;
  #deadlineTimer: TimerHandle | undefined;
  #deadlineTimerAtMs = Number.POSITIVE_INFINITY;
  #dispatching = false;

  constructor(options: {
    clock: Clock;
    locks: LockTable;
    handlers: SchedulerHandlers;
    maxQueued?: number;
    maxConcurrent?: number;
  }) {
    this.#clock = options.clock;
    this.#locks = options.locks;
    this.#handlers = options.handlers;
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED_TRADES;
    this.#maxConcurrent = options.maxConcurrent ?? DEFAULT_MAX_CONCURRENT_TRADES;
    this.#locks.addListener({
      onReady: (ticket) => this.#onReady(ticket),
      onUnready: (ticket) => this.#onUnready(ticket),
    });
  }

  /**
   * Whether a trade would be taken now, for callers that must know before they write it down.
   * @throws HotslotError QUEUE_FULL, or the pause's code
   */
  assertRoom(): void {
    if (this.#paused !== undefined)
      throw new HotslotError(this.#paused.code, { detail: this.#paused.reason });
    if (this.#queued.size >= this.#maxQueued) {
      throw new HotslotError('QUEUE_FULL', {
        context: { queued: this.#queued.size, limit: this.#maxQueued },
      });
    }
  }

  /**
   * Takes a trade into the queue; `start` may be called before this returns.
   * @throws HotslotError QUEUE_FULL, or the pause's code, DEADLINE_PASSED
   */
  enqueue(trade: ScheduledTrade): void {
    if (this.#paused !== undefined)
      throw new HotslotError(this.#paused.code, { detail: this.#paused.reason });
    if (this.#queued.size >= this.#maxQueued) {
      throw new HotslotError('QUEUE_FULL', {
        context: { queued: this.#queued.size, limit: this.#maxQueued },
      });
    }
    if (trade.deadlineAtMs <= this.#clock.nowMs()) throw new HotslotError('DEADLINE_PASSED');
    this.#admit(trade, 'ask');
  }

  /**
   * A trade whose attempt is proven dead stands in line again. It had its turn, so it goes before all
   * classes, and neither the queue's bound nor a pause turns it away (those who run are bounded already).
   * Release its old ticket and free its slot first.
   */
  requeue(trade: ScheduledTrade): void {
    this.#admit(trade, 'ask-front');
  }

  /** Ends an unsigned trade's wait; `giveBack` gets CANCELLED. False: it is not queued (any more). */
  cancel(id: TradeId): boolean {
    const entry = this.#queued.get(id);
    if (entry === undefined) return false;
    this.#remove(entry);
    this.#handlers.giveBack(id, new HotslotError('CANCELLED'));
    this.#dispatch();
    return true;
  }

  /** Cancels every queued trade; those that were started are left alone. Returns the cancelled ones. */
  clear(): TradeId[] {
    const ids = [...this.#queued.keys()];
    // Nothing may start while its neighbours are being cancelled.
    this.#dispatching = true;
    try {
      for (const id of ids) this.#remove(this.#queued.get(id)!);
    } finally {
      this.#dispatching = false;
    }
    for (const id of ids) this.#handlers.giveBack(id, new HotslotError('CANCELLED'));
    return ids;
  }

  /** A started trade was processed, or ended: its concurrency slot goes to the next. Its locks are apart. */
  freeSlot(id: TradeId): void {
    if (this.#running.delete(id)) this.#dispatch();
  }

  /** A trade from before a restart, or one whose fork was lost, is under way: it counts, whatever the limit. */
  occupySlot(id: TradeId): void {
    this.#running.add(id);
  }

  /** No new trades and no starts until `resume`; queued ones keep their places and deadlines. */
  pause(reason: string, code: PauseCode = 'SHUTTING_DOWN'): void {
    this.#paused = { reason, code };
  }

  resume(): void {
    this.#paused = undefined;
    this.#dispatch();
  }

  /** Nothing is started while `work` runs; what became ready meanwhile is started after it. */
  withoutStarts<Result>(work: () => Result): Result {
    const wasDispatching = this.#dispatching;
    this.#dispatching = true;
    try {
      return work();
    } finally {
      this.#dispatching = wasDispatching;
      this.#dispatch();
    }
  }

  /** Takes effect at once; those that run above a lowered limit finish. @throws Error out of 1 to 4096 */
  setMaxConcurrent(limit: number): void {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_CONCURRENT_TRADES_LIMIT) {
      throw new HotslotError('CONFIG_INVALID', {
        field: 'maxConcurrentTrades',
        detail: `It must be an integer from 1 to ${MAX_CONCURRENT_TRADES_LIMIT}.`,
      });
    }
    this.#maxConcurrent = limit;
    this.#dispatch();
  }

  get maxConcurrent(): number {
    return this.#maxConcurrent;
  }

  /** Started and not processed. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Queued with a clear way to their locks and to a concurrency slot: those that start next. */
  get startableCount(): number {
    return Math.min(this.#ready.size, Math.max(0, this.#maxConcurrent - this.#running.size));
  }

  get queuedCount(): number {
    return this.#queued.size;
  }

  has(id: TradeId): boolean {
    return this.#queued.has(id);
  }

  status(): QueueStatus {
    let oldest = Number.POSITIVE_INFINITY;
    const first = this.#queued.values().next();
    if (!first.done) oldest = first.value.enqueuedAtMs;
    return {
      queued: this.#queued.size,
      waitingForLocks: this.#queued.size - this.#ready.size,
      waitingForSlot: this.#ready.size,
      queuedByPriority: [...this.#queuedByPriority],
      running: this.#running.size,
      maxQueued: this.#maxQueued,
      maxConcurrent: this.#maxConcurrent,
      paused: this.#paused?.reason,
      oldestQueuedMs: oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#clock.nowMs() - oldest),
    };
  }

  #admit(trade: ScheduledTrade, mode: 'ask' | 'ask-front'): void {
    if (this.#queued.has(trade.id) || this.#running.has(trade.id)) {
      throw new Error(`trade ${trade.id} is scheduled already`);
    }
    this.#sequence += 1;
    const ticket = this.#locks.request(trade.locks, trade.priority, trade.id, mode);
    const entry: Entry = {
      trade,
      ticket,
      enqueuedAtMs: this.#clock.nowMs(),
      turn: this.#turnOf(trade, mode === 'ask-front'),
      sequence: this.#sequence,
    };
    this.#queued.set(trade.id, entry);
    this.#byTicket.set(ticket, entry);
    this.#queuedByPriority[trade.priority]! += 1;
    this.#deadlines.push(entry);
    if (ticket.state === 'ready') this.#ready.push(entry);
    this.#armDeadline();
    this.#dispatch();
  }

  /** Start-time fair queueing over wallets: a wallet's trades get consecutive turns from the current one on. */
  #turnOf(trade: ScheduledTrade, front: boolean): number {
    const line = this.#walletLines.get(trade.wallet) ?? { lastTurn: 0, queued: 0 };
    this.#walletLines.set(trade.wallet, line);
    line.queued += 1;
    if (front) return Number.NEGATIVE_INFINITY;
    line.lastTurn = Math.max(line.lastTurn, this.#currentTurn) + 1;
    return line.lastTurn + (9 - trade.priority) * TURN_HEAD_START;
  }

  #onReady(ticket: LockTicket): void {
    const entry = this.#byTicket.get(ticket);
    if (entry === undefined) return;
    if (!this.#ready.has(entry)) this.#ready.push(entry);
    this.#dispatch();
  }

  #onUnready(ticket: LockTicket): void {
    const entry = this.#byTicket.get(ticket);
    if (entry !== undefined) this.#ready.remove(entry);
  }

  #dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      while (this.#paused === undefined && this.#running.size < this.#maxConcurrent) {
        const entry = this.#ready.peek();
        if (entry === undefined) break;
        if (entry.trade.deadlineAtMs <= this.#clock.nowMs()) {
          this.#expire(entry);
          continue;
        }
        // A listener of the lock table may be on its way to say that this one lost its clear way.
        if (entry.ticket.state !== 'ready') {
          this.#ready.remove(entry);
          continue;
        }
        this.#locks.hold(entry.ticket);
        this.#forget(entry);
        const plainTurn = entry.turn - (9 - entry.trade.priority) * TURN_HEAD_START;
        this.#currentTurn = Math.max(this.#currentTurn, plainTurn);
        this.#running.add(entry.trade.id);
        this.#handlers.start(entry.trade.id, entry.ticket);
      }
    } finally {
      this.#dispatching = false;
    }
  }

  /** Takes an entry out of every list, its lock ticket apart. */
  #forget(entry: Entry): void {
    this.#queued.delete(entry.trade.id);
    this.#byTicket.delete(entry.ticket);
    this.#ready.remove(entry);
    this.#deadlines.remove(entry);
    this.#queuedByPriority[entry.trade.priority]! -= 1;
    const line = this.#walletLines.get(entry.trade.wallet)!;
    line.queued -= 1;
    if (line.queued === 0) this.#walletLines.delete(entry.trade.wallet);
    this.#armDeadline();
  }

  #remove(entry: Entry): void {
    this.#forget(entry);
    this.#locks.cancel(entry.ticket);
  }

  #expire(entry: Entry): void {
    this.#remove(entry);
    const lateMs = this.#clock.nowMs() - entry.trade.deadlineAtMs;
    this.#handlers.giveBack(entry.trade.id, new HotslotError('DEADLINE_PASSED', { context: { lateMs } }));
  }

  #armDeadline(): void {
    const atMs = this.#deadlines.peek()?.trade.deadlineAtMs ?? Number.POSITIVE_INFINITY;
    // A timer that rings early finds nothing due and arms itself again; only an earlier deadline needs a new one.
    if (atMs >= this.#deadlineTimerAtMs) return;
    this.#deadlineTimer?.cancel();
    this.#deadlineTimerAtMs = atMs;
    this.#deadlineTimer = this.#clock.after(
      Math.min(MAX_TIMER_MS, Math.max(0, atMs - this.#clock.nowMs())),
      () => this.#onDeadline(),
    );
  }

  #onDeadline(): void {
    this.#deadlineTimer = undefined;
    this.#deadlineTimerAtMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const entry = this.#deadlines.peek();
      if (entry === undefined || entry.trade.deadlineAtMs > this.#clock.nowMs()) break;
      this.#expire(entry);
    }
    this.#armDeadline();
    this.#dispatch();
  }
}
