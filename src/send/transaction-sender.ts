/**
 * Sends an attempt's bytes and sends the same bytes again until told to stop. Sending the same bytes any number
 * of times, through any number of lanes, is always safe; making new bytes is not this stage's affair (L2).
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Signature } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Lane, LaneOutcome } from './lane.js';
import { type LaneGrowth, LanePool } from './lane-pool.js';
import type { Sender, SendGate, SendReport } from './types.js';

/** Attempts that may be resent at once (L6). */
export const MAX_ACTIVE_ATTEMPTS = 100_000;
/** How often the resend schedule is looked at. */
const TICK_MS = 10;
/**
 * First resend after this share of a block's time; each later one waits this much longer than the one before. With
 * a fifth of all sends lost, half a block to begin with put a quarter of a second on the slowest twentieth.
 */
const FIRST_RESEND_BLOCKS = 0.25;
const RESEND_GROWTH = 1.3;
const MOST_RESEND_BLOCKS = 2.5;
/** An attempt that was seen processed is resent only in case its fork is lost. */
const SEEN_RESEND_BLOCKS = 4;
const LEAST_RESEND_MS = 20;
/** Refusals and time-outs stretch the pace up to this factor; acknowledgements shrink it again. */
const MOST_STRETCH = 8;

interface Active {
  readonly signature: Signature;
  readonly wire: Uint8Array;
  sends: number;
  /** Lanes that still owe these bytes their first or next write. */
  due: Set<string>;
  nextResendUs: number;
  intervalBlocks: number;
  seen: boolean;
  first: FirstSend | undefined;
}

/** Who waits for the first bytes to leave. */
interface FirstSend {
  readonly resolve: (sentUs: number) => void;
  readonly reject: (error: unknown) => void;
}

/** The circuit breakers of the endpoints, by the lanes' names. */
export interface LaneGuard {
  isUsable(name: string): boolean;
  /** Opened by hand: nothing is sent there even where no other lane is left. */
  isForcedOpen(name: string): boolean;
  succeeded(name: string, elapsedMs: number): void;
  failed(name: string, elapsedMs: number, detail: string): void;
}

export interface TransactionSenderOptions {
  readonly lanes: readonly Lane[];
  /** Absent: no more than those. */
  readonly growth?: LaneGrowth;
  readonly gate: SendGate;
  readonly clock: Clock;
  /** Milliseconds a block, observed; the pace follows it. */
  readonly blockMs: () => number;
  /** Absent: every lane is used. */
  readonly guard?: LaneGuard;
}

export class TransactionSender implements Sender {
  readonly #lanes: LanePool;
  readonly #gate: SendGate;
  readonly #guard: LaneGuard | undefined;
  readonly #clock: Clock;
  readonly #blockMs: () => number;
  readonly #active = new Map<Signature, Active>();
  /** Attempts whose first bytes wait for a free lane, oldest first; they go before any resend. */
  readonly #waiting = new Set<Active>();
  /** Attempts whose next resend waits for one, longest first. */
  readonly #owing = new Set<Active>();
  readonly #listeners: ((report: SendReport) => void)[] = [];
  #ticker: TimerHandle | undefined;
  #stretch = 1;
  #isClosed = false;

  constructor(options: TransactionSenderOptions) {
    this.#lanes = new LanePool(options.lanes, options.growth, () => this.#laneReady());
    this.#gate = options.gate;
    this.#guard = options.guard;
    this.#clock = options.clock;
    this.#blockMs = options.blockMs;
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** The factor by which refusals stretch the resend pace now, 1 to 8. */
  get stretch(): number {
    return this.#stretch;
  }

  sendsOf(signature: Signature): number {
    return this.#active.get(signature)?.sends ?? 0;
  }

  onReport(listener: (report: SendReport) => void): void {
    this.#listeners.push(listener);
  }

  start(signature: Signature, wire: Uint8Array): number | Promise<number> {
    if (this.#active.has(signature)) throw new Error('an attempt is started once');
    // One that a worker or the disk gave back too late: it would find a new connection, and nobody to stop it.
    if (this.#isClosed) return Promise.reject(new HotslotError('SHUTTING_DOWN'));
    if (this.#active.size >= MAX_ACTIVE_ATTEMPTS) {
      return Promise.reject(new HotslotError('QUEUE_FULL', { detail: 'Too many attempts are being sent.' }));
    }
    let atOnceUs: number | undefined;
    let settle: FirstSend | undefined;
    let refusal: unknown;
    this.#launch(signature, wire, {
      resolve: (sentUs) => {
        if (settle === undefined) atOnceUs = sentUs;
        else settle.resolve(sentUs);
      },
      reject: (error) => {
        if (settle === undefined) refusal = error;
        else settle.reject(error);
      },
    });
    if (atOnceUs !== undefined) return atOnceUs;
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
  }

  /**
   * Goes on resending an attempt whose first bytes have left: in an earlier life of the process, or before a landing
   * that was undone.
   * @param sends how often they have left, as far as it is known
   */
  resume(signature: Signature, wire: Uint8Array, sends: number): void {
    if (this.#isClosed || this.#active.has(signature) || this.#active.size >= MAX_ACTIVE_ATTEMPTS) return;
    this.#launch(signature, wire, undefined, sends);
  }

  /** It was seen processed: resend seldom, in case its fork is lost. `false` takes that back. */
  markSeen(signature: Signature, seen: boolean): void {
    const active = this.#active.get(signature);
    if (active === undefined || active.seen === seen) return;
    active.seen = seen;
    if (seen) {
      active.due.clear();
      this.#owing.delete(active);
      this.#schedule(active);
    } else {
      active.intervalBlocks = FIRST_RESEND_BLOCKS;
      this.#makeDue(active);
      this.#pump(active);
    }
  }

  stop(signature: Signature): void {
    const active = this.#active.get(signature);
    if (active === undefined) return;
    this.#active.delete(signature);
    this.#waiting.delete(active);
    this.#owing.delete(active);
    active.first?.reject(new HotslotError('CANCELLED', { detail: 'Stopped before the first bytes left.' }));
    active.first = undefined;
    this.#rest();
  }

  /** Nothing leaves any more; what is signed is left to the next life. */
  close(): void {
    this.#isClosed = true;
    for (const signature of [...this.#active.keys()]) this.stop(signature);
    this.#lanes.close();
  }

  #launch(signature: Signature, wire: Uint8Array, first: Active['first'], sends = 0): void {
    const active: Active = {
      signature,
      wire,
      sends,
      due: new Set(this.#lanes.names),
      nextResendUs: Number.POSITIVE_INFINITY,
      intervalBlocks: FIRST_RESEND_BLOCKS,
      seen: false,
      first,
    };
    this.#active.set(signature, active);
    (first === undefined ? this.#owing : this.#waiting).add(active);
    this.#ticker ??= this.#clock.every(TICK_MS, () => this.#tick());
    this.#pump(active);
    if (active.first === undefined) return;
    for (const name of active.due) if (this.#mayUse(name)) this.#lanes.grow(name);
  }

  /** Writes the bytes on every lane that owes them and is ready now. */
  #pump(active: Active): void {
    for (const name of active.due) {
      if (!this.#mayUse(name)) continue;
      const lane = this.#lanes.free(name, active.first === undefined);
      if (lane === undefined) continue;
      if (!this.#gate.mayLeave(active.signature)) {
        this.#refuse(active);
        return;
      }
      this.#write(active, lane);
    }
  }

  /** An open breaker is routed around; where failures opened all of them, sending is still better than waiting. */
  #mayUse(name: string): boolean {
    const guard = this.#guard;
    if (guard === undefined || guard.isUsable(name)) return true;
    return !guard.isForcedOpen(name) && !this.#lanes.names.some((other) => guard.isUsable(other));
  }

  #write(active: Active, lane: Lane): void {
    active.due.delete(lane.name);
    active.sends += 1;
    const sentAtMs = this.#clock.nowMs();
    lane.write(active.signature, active.wire, (outcome) => {
      this.#pace(outcome.outcome);
      this.#tellGuard(lane.name, outcome);
      for (const listener of this.#listeners) {
        listener({ signature: active.signature, lane: lane.name, sentAtMs, ...outcome });
      }
    });
    this.#waiting.delete(active);
    if (active.due.size === 0) this.#owing.delete(active);
    else this.#owing.add(active);
    active.first?.resolve(this.#clock.monotonicUs());
    active.first = undefined;
    this.#lanes.keepSpare(lane.name);
    this.#schedule(active);
  }

  /** Not one byte may leave: a first send is given back as refused, a resend is merely left out. */
  #refuse(active: Active): void {
    active.due.clear();
    this.#waiting.delete(active);
    this.#owing.delete(active);
    if (active.first === undefined) {
      this.#schedule(active);
      return;
    }
    active.first.reject(new HotslotError('KILL_SWITCH_ACTIVE', { detail: 'Nothing left the process.' }));
    active.first = undefined;
    this.#active.delete(active.signature);
    this.#rest();
  }

  #schedule(active: Active): void {
    const blocks = active.seen ? SEEN_RESEND_BLOCKS : active.intervalBlocks;
    active.intervalBlocks = Math.min(active.intervalBlocks * RESEND_GROWTH, MOST_RESEND_BLOCKS);
    const waitMs = Math.max(LEAST_RESEND_MS, blocks * this.#blockMs() * this.#stretch);
    active.nextResendUs = this.#clock.monotonicUs() + waitMs * 1000;
  }

  #makeDue(active: Active): void {
    for (const name of this.#lanes.names) active.due.add(name);
    this.#owing.add(active);
  }

  #tick(): void {
    const nowUs = this.#clock.monotonicUs();
    for (const active of this.#active.values()) {
      if (active.nextResendUs > nowUs) continue;
      this.#makeDue(active);
      active.nextResendUs = Number.POSITIVE_INFINITY;
    }
    this.#laneReady();
  }

  #laneReady(): void {
    this.#pumpAll(this.#waiting, false);
    this.#pumpAll(this.#owing, true);
  }

  /** Only as far as lanes are free: with thousands in line, each answer would go through all of them otherwise. */
  #pumpAll(attempts: ReadonlySet<Active>, areResends: boolean): void {
    if (attempts.size === 0) return;
    let free = this.#freeNames(areResends);
    for (const active of attempts) {
      if (free.length === 0) return;
      if (!free.some((name) => active.due.has(name))) continue;
      this.#pump(active);
      free = this.#freeNames(areResends);
    }
  }

  #freeNames(forResends: boolean): readonly string[] {
    return this.#lanes.names.filter(
      (name) => this.#mayUse(name) && this.#lanes.free(name, forResends) !== undefined,
    );
  }

  #pace(outcome: SendReport['outcome']): void {
    const pushedBack = outcome === 'refused' || outcome === 'timeout';
    this.#stretch = pushedBack
      ? Math.min(this.#stretch * 1.5, MOST_STRETCH)
      : Math.max(this.#stretch * 0.9, 1);
  }

  /** What the node says of the transaction is an answer; being turned away, or nothing, is not. */
  #tellGuard(name: string, { outcome, ackUs, detail }: LaneOutcome): void {
    const elapsedMs = ackUs / 1_000;
    if (outcome === 'timeout' || outcome === 'error' || outcome === 'refused') {
      this.#guard?.failed(name, elapsedMs, detail ?? outcome);
    } else {
      this.#guard?.succeeded(name, elapsedMs);
    }
  }

  #rest(): void {
    if (this.#active.size > 0) return;
    this.#ticker?.cancel();
    this.#ticker = undefined;
  }
}
