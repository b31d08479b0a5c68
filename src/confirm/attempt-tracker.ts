/**
 * Learns what became of each attempt. The stream says first where it landed; commitments follow from the slot's
 * fate along the head's ancestry; polled statuses are the second source; the end of an attempt that did not land
 * is only ever a proof, never a timer.
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
import { type ExpiryCommitment, type ExpiryProof, proveExpiry } from './expiry.js';
import { type SightingNews, Sightings } from './sightings.js';
import type { StatusSource } from './status-source.js';
import type { AttemptEvent, Confirmer, TrackedAttempt } from './types.js';

/** How often the trackers look for attempts that need a poll or a proof. */
const SWEEP_MS = 250;
/** An attempt without news for this long is asked about. */
const QUIET_MS = 1_500;
/**
 * One whose slot the stream has confirmed only waits for that slot to be final, some 13 s: at 700 landings a second
 * thousands wait at once, and polling them all cost the executor and its node more than their landing.
 */
const CONFIRMED_QUIET_MS = 30_000;
/** Calls under way at once. */
const MAX_CALLS = 4;
/**
 * A slot's fate decides dozens of trades at once, each of which is written down and told: taken in one go they held
 * the event loop for 5 to 10 ms. A turn ends after this long; the rest waits for the next.
 */
const TURN_US = 500;
/** Attempts followed at once (L6); far above what the sender takes. */
export const MAX_TRACKED_ATTEMPTS = 262_144;
/** Failed searches for a proof after which the outcome is reported as unknown; the search goes on. */
export const UNKNOWN_AFTER_FAILURES = 20;

interface Tracked extends TrackedAttempt {
  readonly sightings: Sightings;
  /** The sighting that was told last, at which commitment, and whether the stream gave it that. */
  told: { readonly slot: Slot; readonly commitment: Commitment; readonly isStreams: boolean } | undefined;
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
  /** Attempts by the slots in which they were seen, so that a slot's fate touches only its own. */
  readonly #bySlot = new Map<Slot, Set<Tracked>>();
  readonly #listeners: ((event: AttemptEvent) => void)[] = [];
  /** Attempts that a slot's fate concerns and that were not looked at yet; at most those that are followed. */
  readonly #due = new Set<Tracked>();
  #nextTurn: TimerHandle | undefined;
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
    if (this.#tracked.size >= MAX_TRACKED_ATTEMPTS) throw new Error('too many attempts are followed');
    const { signature, lastValidBlockHeight, signedSlot } = attempt;
    this.#tracked.set(signature, {
      signature,
      lastValidBlockHeight,
      signedSlot,
      sightings: new Sightings(),
      told: undefined,
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
    this.#due.delete(tracked);
    this.#forgetSightings(tracked);
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

  /** The stream has missed something, perhaps a landing: every attempt is asked about at the next sweep. */
  hurryAll(): void {
    for (const signature of this.#tracked.keys()) this.hurry(signature);
  }

  close(): void {
    this.#nextTurn?.cancel();
    for (const signature of [...this.#tracked.keys()]) this.untrack(signature);
  }

  // --- the stream's news -------------------------------------------------------------------------------------

  onTransaction(update: TransactionUpdate): void {
    const tracked = this.#tracked.get(update.signature);
    // A replay after a reconnect brings lost forks once more.
    if (tracked === undefined || this.#isLost(update.slot)) return;
    this.#see(tracked, {
      slot: update.slot,
      commitment: 'processed',
      error: update.error,
      source: this.#streamSource(),
      transaction: update,
    });
  }

  onConfirmed(slot: Slot): void {
    this.#advance(slot, 'confirmed');
  }

  onFinalized(slot: Slot): void {
    this.#advance(slot, 'finalized');
  }

  onSlotsLost(slots: readonly Slot[]): void {
    for (const slot of slots) {
      for (const tracked of [...(this.#bySlot.get(slot) ?? [])]) this.#reconsider(tracked);
    }
  }

  #streamSource(): string {
    return `stream:${this.#options.streamName}`;
  }

  /**
   * Only what the tree vouches for by name: a slot that it never saw may have been on a lost fork. Of the dozens of
   * slots that wait for their finality, the news of a confirmation concerns one.
   */
  #advance(through: Slot, commitment: Commitment): void {
    for (const [slot, set] of [...this.#bySlot]) {
      if (slot > through) continue;
      const status = this.#options.slots.statusOf(slot);
      for (const tracked of set) {
        const isKnown = tracked.told?.slot === slot && tracked.told.commitment === status;
        if (!isKnown || !isAtLeast(tracked.told!.commitment, commitment)) this.#due.add(tracked);
      }
    }
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

  #see(tracked: Tracked, news: SightingNews): void {
    const before = tracked.sightings.slots();
    tracked.sightings.add(news);
    this.#leaveLostSlots(tracked, before);
    for (const slot of tracked.sightings.slots()) {
      const set = this.#bySlot.get(slot);
      if (set) set.add(tracked);
      else this.#bySlot.set(slot, new Set([tracked]));
    }
    this.#reconsider(tracked);
  }

  /** Tells what changed: another fork, a stronger commitment, or that nothing is left of the landing. */
  #reconsider(tracked: Tracked): void {
    if (this.#tracked.get(tracked.signature) !== tracked) return;
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
    if (best === undefined || this.#tracked.get(tracked.signature) !== tracked) return;
    if (tracked.told !== undefined && isAtLeast(tracked.told.commitment, best.commitment)) return;
    const { slot, commitment, error, source, transaction } = best;
    tracked.told = { slot, commitment, isStreams: source === this.#streamSource() };
    tracked.expired = undefined;
    tracked.failures = 0;
    tracked.unknownReported = false;
    tracked.askedAtMs = this.#options.clock.nowMs();
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
    const set = this.#bySlot.get(slot);
    set?.delete(tracked);
    if (set?.size === 0) this.#bySlot.delete(slot);
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
      const isQuiet = now - tracked.askedAtMs >= this.#quietMs(tracked);
      if (!isQuiet && tracked.told?.commitment === 'confirmed') continue;
      // A fork that was never the head's is lost without a word.
      if (tracked.told?.commitment === 'processed') this.#due.add(tracked);
      if (tracked.asking || tracked.told?.commitment === 'finalized') continue;
      const isPast = height !== undefined && height > tracked.lastValidBlockHeight;
      // Past its height an attempt's status is history: nodes keep recent ones only.
      if (isPast && (isQuiet || this.#needsProof(tracked))) proofs.push(tracked);
      else if (isQuiet) polls.push(tracked);
    }
    if (this.#due.size > 0 && this.#nextTurn === undefined) this.#turn();
    this.#ask(proofs, true);
    this.#ask(polls, false);
  }

  #quietMs({ told }: Tracked): number {
    return told?.commitment === 'confirmed' && told.isStreams ? CONFIRMED_QUIET_MS : QUIET_MS;
  }

  /** Whether asking now can prove what was not proven before. */
  #needsProof(tracked: Tracked): boolean {
    if (tracked.told !== undefined)
      return tracked.told.commitment === 'processed' && this.#isRootedPast(tracked);
    if (tracked.expired === undefined) return true;
    return tracked.expired === 'confirmed' && this.#isRootedPast(tracked);
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
    const toldBefore = batch.map((tracked) => tracked.told);
    const signatures = batch.map((tracked) => tracked.signature);
    // The healthiest node may be the one that has pruned its history: the next search begins with the next node.
    const turn = searchHistory ? Math.max(...batch.map((tracked) => tracked.failures)) : 0;
    const answer = await this.#orFailed(this.#options.statuses.statuses(signatures, searchHistory, turn));
    if (answer === undefined) {
      if (searchHistory) for (const tracked of batch) this.#failProof(tracked, 'no node answered');
      return;
    }
    const missing = batch.filter((tracked, index) => {
      if (this.#takeStatus(tracked, answer.statuses[index], answer)) return false;
      // News that came meanwhile outweighs an answer that may be from before it.
      return tracked.told === toldBefore[index];
    });
    if (searchHistory) await this.#prove(missing, answer);
  }

  async #orFailed<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call;
    } catch (error) {
      this.#options.onPollError(error);
      return undefined;
    }
  }

  /** Whether the node knew the signature. A lagging node's weaker view never takes anything back. */
  #takeStatus(tracked: Tracked, status: SignatureStatusAnswer | undefined, answer: StatusesAnswer): boolean {
    if (status === undefined) return false;
    if (this.#tracked.get(tracked.signature) !== tracked) return true;
    const { slot, commitment } = status;
    // Processed by a node's word alone may be a fork that we know to be lost: neither a landing nor a proof.
    if (commitment === 'processed' && this.#isLost(slot)) return true;
    this.#see(tracked, {
      slot,
      commitment,
      error: status.error ?? undefined,
      source: `rpc:${answer.host}`,
    });
    return true;
  }

  #isLost(slot: Slot): boolean {
    const status = this.#options.slots.statusOf(slot);
    return status === 'lost' || status === 'dead';
  }

  async #prove(missing: readonly Tracked[], answer: StatusesAnswer): Promise<void> {
    // What was told as landed is taken back by nothing less than a rooted block.
    const doubtful = missing.filter((tracked) => tracked.told === undefined || this.#isRootedPast(tracked));
    if (doubtful.length === 0) return;
    const toldBefore = doubtful.map((tracked) => tracked.told);
    const firstAvailable = await this.#orFailed(this.#options.statuses.firstAvailableBlock(answer.host));
    doubtful.forEach((tracked, index) => {
      if (this.#tracked.get(tracked.signature) !== tracked || tracked.told !== toldBefore[index]) return;
      if (firstAvailable === undefined) {
        this.#failProof(tracked, `${answer.host} does not say how far back its history goes`);
        return;
      }
      const proof = proveExpiry(tracked, this.#options.slots, answer, firstAvailable);
      if (proof.kind === 'unproven') this.#failProof(tracked, proof.reason);
      else this.#provenDead(tracked, proof);
    });
  }

  #isRootedPast(tracked: Tracked): boolean {
    const { slots } = this.#options;
    return slots.firstSlotAboveHeight(tracked.lastValidBlockHeight, 'finalized') !== undefined;
  }

  #provenDead(tracked: Tracked, proof: Extract<ExpiryProof, { kind: 'proven' }>): void {
    const { commitment, evidence } = proof;
    if (tracked.told !== undefined && commitment !== 'finalized') return;
    tracked.failures = 0;
    if (tracked.expired === commitment || tracked.expired === 'finalized') return;
    tracked.expired = commitment;
    const seenIn = tracked.told?.slot;
    this.#forgetSightings(tracked);
    if (seenIn !== undefined) this.#tellLost(tracked, seenIn, evidence);
    if (this.#tracked.get(tracked.signature) !== tracked) return;
    this.#emit({ kind: 'expired', signature: tracked.signature, commitment, evidence });
  }

  #failProof(tracked: Tracked, reason: string): void {
    if (this.#tracked.get(tracked.signature) !== tracked || tracked.told?.commitment === 'confirmed') return;
    tracked.failures += 1;
    if (tracked.failures < UNKNOWN_AFTER_FAILURES || tracked.unknownReported) return;
    tracked.unknownReported = true;
    const evidence: Evidence = {
      source: 'rpc',
      detail: `past its last valid height and no proof: ${reason}`,
    };
    this.#emit({ kind: 'unknown', signature: tracked.signature, evidence });
  }
}
