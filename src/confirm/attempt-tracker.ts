/**
 * Learns what became of each attempt. The stream says first where it landed; commitments follow from the slot's
 * fate along the head's ancestry; polled statuses are the second source; the end of an attempt that did not land
 * is only ever a proof (solana.md, point 3), never a timer.
 */
import type { CacheListener, SlotView } from '../cache/types.js';
import { type Commitment, isAtLeast, type Signature, type Slot } from '../model/brands.js';
import type { Evidence } from '../model/trade.js';
import {
  MAX_SIGNATURES_A_CALL,
  type SignatureStatusAnswer,
  type StatusesAnswer,
} from '../send/chain-reader.js';
import type { TransactionUpdate } from '../stream/types.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { type ExpiryCommitment, proveExpiry } from './expiry.js';
import type { StatusSource } from './status-source.js';
import type { AttemptEvent, Confirmer, TrackedAttempt } from './types.js';

/** How often the trackers look for attempts that need a poll or a proof. */
const SWEEP_MS = 250;
/** An attempt without news for this long is asked about. */
const QUIET_MS = 1_500;
/** Calls under way at once. */
const MAX_CALLS = 4;
/** Failed searches for a proof after which the outcome is reported as unknown; the search goes on. */
const UNKNOWN_AFTER_FAILURES = 20;

interface Tracked extends TrackedAttempt {
  landedSlot: Slot | undefined;
  commitment: Commitment | undefined;
  error: unknown;
  transaction: TransactionUpdate | undefined;
  source: string;
  askedAtMs: number;
  asking: boolean;
  /** Strongest expiry already reported. */
  expired: ExpiryCommitment | undefined;
  failures: number;
  unknownReported: boolean;
}

export interface AttemptTrackerOptions {
  readonly slots: SlotView;
  readonly statuses: StatusSource;
  readonly clock: Clock;
  /** Name of the stream, for evidence. */
  readonly streamName: string;
  /** Hears of failures of the polls themselves; they are retried. */
  readonly onPollError: (error: unknown) => void;
}

export class AttemptTracker implements Confirmer, CacheListener {
  readonly #options: AttemptTrackerOptions;
  readonly #tracked = new Map<Signature, Tracked>();
  /** Landed attempts by slot, so that a slot's fate touches only its own. */
  readonly #bySlot = new Map<Slot, Set<Tracked>>();
  readonly #listeners: ((event: AttemptEvent) => void)[] = [];
  #sweeper: TimerHandle | undefined;
  #calls = 0;

  constructor(options: AttemptTrackerOptions) {
    this.#options = options;
  }

  get trackedCount(): number {
    return this.#tracked.size;
  }

  onEvent(listener: (event: AttemptEvent) => void): void {
    this.#listeners.push(listener);
  }

  track(attempt: TrackedAttempt): void {
    if (this.#tracked.has(attempt.signature)) return;
    this.#tracked.set(attempt.signature, {
      ...attempt,
      landedSlot: undefined,
      commitment: undefined,
      error: undefined,
      transaction: undefined,
      source: `stream:${this.#options.streamName}`,
      askedAtMs: this.#options.clock.nowMs(),
      asking: false,
      expired: undefined,
      failures: 0,
      unknownReported: false,
    });
    this.#sweeper ??= this.#options.clock.every(SWEEP_MS, () => this.#sweep());
  }

  untrack(signature: Signature): void {
    const tracked = this.#tracked.get(signature);
    if (tracked === undefined) return;
    this.#tracked.delete(signature);
    this.#leaveSlot(tracked);
    if (this.#tracked.size === 0) {
      this.#sweeper?.cancel();
      this.#sweeper = undefined;
    }
  }

  /** Asks the nodes about an attempt at the next sweep, without waiting for silence. */
  hurry(signature: Signature): void {
    const tracked = this.#tracked.get(signature);
    if (tracked) tracked.askedAtMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    for (const signature of [...this.#tracked.keys()]) this.untrack(signature);
  }

  // --- the stream's news -------------------------------------------------------------------------------------

  onTransaction(update: TransactionUpdate): void {
    const tracked = this.#tracked.get(update.signature);
    if (tracked === undefined) return;
    // The same bytes may land on two forks: the update whose slot is on the head's ancestry wins.
    if (tracked.landedSlot !== undefined && !this.#options.slots.isOnHeadFork(update.slot)) return;
    if (tracked.landedSlot === update.slot && tracked.transaction !== undefined) return;
    tracked.transaction = update;
    tracked.source = `stream:${this.#options.streamName}`;
    this.#land(tracked, update.slot, this.#streamCommitment(update.slot), update.error);
  }

  onConfirmed(slot: Slot): void {
    this.#advance(slot, 'confirmed');
  }

  onFinalized(slot: Slot): void {
    this.#advance(slot, 'finalized');
  }

  onSlotsLost(slots: readonly Slot[]): void {
    for (const slot of slots) {
      for (const tracked of [...(this.#bySlot.get(slot) ?? [])]) this.#lose(tracked, slot);
    }
  }

  #streamCommitment(slot: Slot): Commitment {
    const status = this.#options.slots.statusOf(slot);
    return status === 'confirmed' || status === 'finalized' ? status : 'processed';
  }

  #advance(through: Slot, commitment: 'confirmed' | 'finalized'): void {
    for (const [slot, set] of this.#bySlot) {
      if (slot > through || !this.#options.slots.isOnHeadFork(slot)) continue;
      for (const tracked of [...set]) {
        if (tracked.commitment !== undefined && isAtLeast(tracked.commitment, commitment)) continue;
        this.#land(tracked, slot, commitment, tracked.error);
      }
    }
  }

  #land(tracked: Tracked, slot: Slot, commitment: Commitment, error: unknown): void {
    if (tracked.landedSlot !== slot) {
      this.#leaveSlot(tracked);
      tracked.landedSlot = slot;
      const set = this.#bySlot.get(slot);
      if (set) set.add(tracked);
      else this.#bySlot.set(slot, new Set([tracked]));
    }
    tracked.commitment = commitment;
    tracked.error = error;
    tracked.failures = 0;
    tracked.askedAtMs = this.#options.clock.nowMs();
    const evidence: Evidence = { source: tracked.source, slot, commitment };
    this.#emit({
      kind: 'landed',
      signature: tracked.signature,
      slot,
      commitment,
      error,
      evidence,
      ...(tracked.transaction === undefined ? {} : { transaction: tracked.transaction }),
    });
  }

  #lose(tracked: Tracked, slot: Slot): void {
    this.#leaveSlot(tracked);
    tracked.landedSlot = undefined;
    tracked.commitment = undefined;
    tracked.error = undefined;
    tracked.transaction = undefined;
    const evidence: Evidence = {
      source: `stream:${this.#options.streamName}`,
      slot,
      detail: 'the slot was lost with its fork',
    };
    this.#emit({ kind: 'forkLost', signature: tracked.signature, slot, evidence });
  }

  #leaveSlot(tracked: Tracked): void {
    if (tracked.landedSlot === undefined) return;
    const set = this.#bySlot.get(tracked.landedSlot);
    set?.delete(tracked);
    if (set?.size === 0) this.#bySlot.delete(tracked.landedSlot);
  }

  #emit(event: AttemptEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  // --- polls and proofs --------------------------------------------------------------------------------------

  #sweep(): void {
    const now = this.#options.clock.nowMs();
    const height = this.#options.slots.blockHeight('confirmed');
    const polls: Tracked[] = [];
    const proofs: Tracked[] = [];
    for (const tracked of this.#tracked.values()) {
      if (tracked.asking || tracked.commitment === 'finalized') continue;
      const isPast = height !== undefined && height > tracked.lastValidBlockHeight;
      if (tracked.commitment === undefined && isPast) proofs.push(tracked);
      else if (now - tracked.askedAtMs >= QUIET_MS) polls.push(tracked);
    }
    this.#ask(proofs, true);
    this.#ask(polls, false);
  }

  #ask(all: readonly Tracked[], searchHistory: boolean): void {
    for (let start = 0; start < all.length && this.#calls < MAX_CALLS; start += MAX_SIGNATURES_A_CALL) {
      const batch = all.slice(start, start + MAX_SIGNATURES_A_CALL);
      this.#calls += 1;
      for (const tracked of batch) tracked.asking = true;
      void this.#askBatch(batch, searchHistory).finally(() => {
        this.#calls -= 1;
        const now = this.#options.clock.nowMs();
        for (const tracked of batch) {
          tracked.asking = false;
          tracked.askedAtMs = now;
        }
      });
    }
  }

  async #askBatch(batch: readonly Tracked[], searchHistory: boolean): Promise<void> {
    try {
      const answer = await this.#options.statuses.statuses(
        batch.map((tracked) => tracked.signature),
        searchHistory,
      );
      const missing = batch.filter(
        (tracked, index) => !this.#takeStatus(tracked, answer.statuses[index], answer),
      );
      if (searchHistory) await this.#prove(missing, answer);
    } catch (error) {
      this.#options.onPollError(error);
      if (searchHistory) for (const tracked of batch) this.#failProof(tracked, 'no node answered');
    }
  }

  /** Whether the node knew the signature. A lagging node's weaker view never takes anything back. */
  #takeStatus(tracked: Tracked, status: SignatureStatusAnswer | undefined, answer: StatusesAnswer): boolean {
    if (status === undefined) return false;
    if (!this.#tracked.has(tracked.signature)) return true;
    const isNews =
      tracked.commitment === undefined ||
      (isAtLeast(status.commitment, tracked.commitment) && status.commitment !== tracked.commitment);
    // Processed by a node's word alone may be a fork that we do not follow: the stream decides that.
    if (isNews && !(status.commitment === 'processed' && this.#isLost(status.slot))) {
      tracked.source = `rpc:${answer.host}`;
      this.#land(tracked, status.slot, status.commitment, status.error ?? undefined);
    }
    return true;
  }

  #isLost(slot: Slot): boolean {
    const status = this.#options.slots.statusOf(slot);
    return status === 'lost' || status === 'dead';
  }

  async #prove(missing: readonly Tracked[], answer: StatusesAnswer): Promise<void> {
    if (missing.length === 0) return;
    const firstAvailable = await this.#options.statuses.firstAvailableBlock(answer.host);
    for (const tracked of missing) {
      if (!this.#tracked.has(tracked.signature) || tracked.commitment !== undefined) continue;
      const proof = proveExpiry(tracked, this.#options.slots, answer, firstAvailable);
      if (proof.kind === 'unproven') {
        this.#failProof(tracked, proof.reason);
        continue;
      }
      tracked.failures = 0;
      if (tracked.expired === proof.commitment || tracked.expired === 'finalized') continue;
      tracked.expired = proof.commitment;
      this.#emit({
        kind: 'expired',
        signature: tracked.signature,
        commitment: proof.commitment,
        evidence: proof.evidence,
      });
    }
  }

  #failProof(tracked: Tracked, reason: string): void {
    tracked.failures += 1;
    if (tracked.failures < UNKNOWN_AFTER_FAILURES || tracked.unknownReported) return;
    if (!this.#tracked.has(tracked.signature)) return;
    tracked.unknownReported = true;
    const evidence: Evidence = {
      source: 'rpc',
      detail: `past its last valid height and no proof: ${reason}`,
    };
    this.#emit({ kind: 'unknown', signature: tracked.signature, evidence });
  }
}
