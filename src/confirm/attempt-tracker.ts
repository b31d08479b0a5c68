/**
 * Learns what became of each attempt. The stream says first where it landed; commitments follow from the slot's
 * fate along the head's ancestry; polled statuses are the second source; the end of an attempt that did not land
 * is only ever a proof, never a timer.
 */
import type { CacheListener, SlotFate, SlotView } from '../cache/types.js';
import { type Commitment, isAtLeast, type Signature, type Slot } from '../model/brands.js';
import type { Evidence } from '../model/trade.js';
import type { TransactionUpdate } from '../stream/types.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { AttemptInquiry } from './attempt-inquiry.js';
import type { ExpiryProof } from './expiry.js';
import { isLost, type SightingNews } from './sightings.js';
import type { StatusSource } from './status-source.js';
import { newTracked, type Tracked } from './tracked.js';
import type { AttemptEvent, Confirmer, TrackedAttempt } from './types.js';

/**
 * A slot's fate decides dozens of trades at once, each of which is written down and told: taken in one go they held
 * the event loop for 5 to 10 ms, and the answer to a poll, with up to 256, for 50. A turn ends after this long; the
 * rest waits for the next.
 */
const TURN_US = 500;
/** Attempts followed at once (L6); far above what the sender takes. */
export const MAX_TRACKED_ATTEMPTS = 262_144;

/** The attempts that were seen in one slot. */
interface SlotGroup {
  readonly attempts: Set<Tracked>;
  /** What the slot had reached when all of them were last told of it. */
  reached: SlotFate | undefined;
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
  /** Attempts by the slots in which they were seen, so that a slot's fate touches only its own. */
  readonly #bySlot = new Map<Slot, SlotGroup>();
  readonly #inquiry: AttemptInquiry;
  readonly #listeners: ((event: AttemptEvent) => void)[] = [];
  /** Attempts that a slot's fate concerns and that were not looked at yet; at most those that are followed. */
  readonly #due = new Set<Tracked>();
  #nextTurn: TimerHandle | undefined;

  constructor(options: AttemptTrackerOptions) {
    this.#options = options;
    this.#inquiry = new AttemptInquiry(options, {
      isFollowed: (tracked) => this.#isFollowed(tracked),
      seenByNode: (tracked, news) => {
        this.#addSighting(tracked, news);
        this.#due.add(tracked);
      },
      lookAgain: (tracked) => this.#due.add(tracked),
      turn: () => this.#turnUnlessComing(),
      provenDead: (tracked, proof) => this.#provenDead(tracked, proof),
      outcomeUnknown: ({ signature }, evidence) => this.#emit({ kind: 'unknown', signature, evidence }),
    });
  }

  get trackedCount(): number {
    return this.#tracked.size;
  }

  onEvent(listener: (event: AttemptEvent) => void): void {
    this.#listeners.push(listener);
  }

  track(attempt: TrackedAttempt): void {
    if (this.#tracked.has(attempt.signature)) return;
    if (this.#tracked.size >= MAX_TRACKED_ATTEMPTS) throw new Error('too many attempts are followed');
    const tracked = newTracked(attempt, this.#options.clock.nowMs());
    this.#tracked.set(attempt.signature, tracked);
    this.#inquiry.follow(tracked);
  }

  untrack(signature: Signature): void {
    const tracked = this.#tracked.get(signature);
    if (tracked === undefined) return;
    this.#tracked.delete(signature);
    this.#due.delete(tracked);
    this.#forgetSightings(tracked);
    this.#inquiry.leave(tracked);
  }

  /** Asks the nodes about an attempt at the next sweep, without waiting for silence. */
  hurry(signature: Signature): void {
    const tracked = this.#tracked.get(signature);
    if (tracked) this.#inquiry.hurry(tracked);
  }

  /** The stream has missed something, perhaps a landing: every attempt is asked about at the next sweep. */
  hurryAll(): void {
    for (const tracked of this.#tracked.values()) this.#inquiry.hurry(tracked);
  }

  close(): void {
    this.#nextTurn?.cancel();
    for (const signature of [...this.#tracked.keys()]) this.untrack(signature);
  }

  // --- the stream's news -------------------------------------------------------------------------------------

  onTransaction(update: TransactionUpdate): void {
    const tracked = this.#tracked.get(update.signature);
    // A replay after a reconnect brings lost forks once more.
    if (tracked === undefined || isLost(this.#options.slots.statusOf(update.slot))) return;
    this.#addSighting(tracked, {
      slot: update.slot,
      commitment: 'processed',
      error: update.error,
      source: this.#streamSource(),
      transaction: update,
    });
    this.#reconsider(tracked);
  }

  onConfirmed(slot: Slot): void {
    this.#advance(slot, 'confirmed');
  }

  onFinalized(slot: Slot): void {
    this.#advance(slot, 'finalized');
  }

  onSlotsLost(slots: readonly Slot[]): void {
    for (const slot of slots) {
      for (const tracked of [...(this.#bySlot.get(slot)?.attempts ?? [])]) this.#reconsider(tracked);
    }
  }

  #streamSource(): string {
    return `stream:${this.#options.streamName}`;
  }

  /**
   * Only what the tree vouches for by name: a slot that it never saw may have been on a lost fork. Of the dozens of
   * slots that wait for their finality, the news of a confirmation concerns one: the others were told of what they
   * have reached, and so was whoever was seen in them since.
   */
  #advance(through: Slot, commitment: Commitment): void {
    for (const [slot, group] of this.#bySlot) {
      if (slot > through) continue;
      const fate = this.#options.slots.statusOf(slot);
      const isTold = fate === group.reached && fate !== 'unknown' && !isLost(fate);
      if (isTold && isAtLeast(fate, commitment)) continue;
      group.reached = fate;
      for (const tracked of group.attempts) this.#due.add(tracked);
    }
    this.#turnUnlessComing();
  }

  #turnUnlessComing(): void {
    if (this.#nextTurn === undefined) this.#turn();
  }

  #turn(): void {
    const { clock } = this.#options;
    const endUs = clock.monotonicUs() + TURN_US;
    for (const tracked of this.#due) {
      this.#due.delete(tracked);
      this.#reconsider(tracked);
      if (this.#due.size === 0 || clock.monotonicUs() < endUs) continue;
      this.#nextTurn = clock.after(0, () => {
        this.#nextTurn = undefined;
        this.#turn();
      });
      return;
    }
  }

  #addSighting(tracked: Tracked, news: SightingNews): void {
    const before = tracked.sightings.slots();
    tracked.sightings.add(news);
    this.#leaveLostSlots(tracked, before);
    for (const slot of tracked.sightings.slots()) {
      const group = this.#bySlot.get(slot);
      if (group) group.attempts.add(tracked);
      else this.#bySlot.set(slot, { attempts: new Set([tracked]), reached: undefined });
    }
  }

  #isFollowed(tracked: Tracked): boolean {
    return this.#tracked.get(tracked.signature) === tracked;
  }

  /** Tells what changed: another fork, a stronger commitment, or that nothing is left of the landing. */
  #reconsider(tracked: Tracked): void {
    if (!this.#isFollowed(tracked)) return;
    const before = tracked.sightings.slots();
    const told = tracked.told;
    const best = tracked.sightings.best(this.#options.slots, told?.slot, this.#streamSource());
    if (tracked.sightings.size < before.length) this.#leaveLostSlots(tracked, before);
    if (told !== undefined && best?.slot !== told.slot) {
      this.#tellLost(tracked, told.slot, {
        source: this.#streamSource(),
        slot: told.slot,
        detail: 'the slot was lost with its fork',
      });
    }
    if (best === undefined || !this.#isFollowed(tracked)) return;
    if (tracked.told !== undefined && isAtLeast(tracked.told.commitment, best.commitment)) return;
    const { slot, commitment, error, source, transaction } = best;
    tracked.told = { slot, commitment, isStreams: source === this.#streamSource() };
    tracked.expired = undefined;
    tracked.failures = 0;
    tracked.unknownReported = false;
    tracked.askedAtMs = this.#options.clock.nowMs();
    this.#inquiry.newsOf(tracked);
    this.#emit({
      kind: 'landed',
      signature: tracked.signature,
      slot,
      commitment,
      error,
      evidence: { source, slot, commitment },
      ...(transaction === undefined ? {} : { transaction }),
    });
  }

  #tellLost(tracked: Tracked, slot: Slot, evidence: Evidence): void {
    tracked.told = undefined;
    this.#inquiry.newsOf(tracked);
    this.#emit({ kind: 'forkLost', signature: tracked.signature, slot, evidence });
  }

  #leaveLostSlots(tracked: Tracked, before: readonly Slot[]): void {
    const left = new Set(tracked.sightings.slots());
    for (const slot of before) if (!left.has(slot)) this.#leaveSlot(tracked, slot);
  }

  #forgetSightings(tracked: Tracked): void {
    for (const slot of tracked.sightings.slots()) this.#leaveSlot(tracked, slot);
    tracked.sightings.clear();
  }

  #leaveSlot(tracked: Tracked, slot: Slot): void {
    const group = this.#bySlot.get(slot);
    group?.attempts.delete(tracked);
    if (group?.attempts.size === 0) this.#bySlot.delete(slot);
  }

  #emit(event: AttemptEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  // --- what the nodes said ----------------------------------------------------------------------------------

  #provenDead(tracked: Tracked, proof: Extract<ExpiryProof, { kind: 'proven' }>): void {
    const { commitment, evidence } = proof;
    // Another node may have seen it, and the turn in which that is told has not come.
    if (this.#due.delete(tracked)) this.#reconsider(tracked);
    if (!this.#isFollowed(tracked)) return;
    if (tracked.told !== undefined && commitment !== 'finalized') return;
    tracked.failures = 0;
    if (tracked.expired === commitment || tracked.expired === 'finalized') return;
    tracked.expired = commitment;
    const seenIn = tracked.told?.slot;
    this.#forgetSightings(tracked);
    if (seenIn !== undefined) this.#tellLost(tracked, seenIn, evidence);
    if (!this.#isFollowed(tracked)) return;
    this.#emit({ kind: 'expired', signature: tracked.signature, commitment, evidence });
  }
}
