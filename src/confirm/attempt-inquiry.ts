/** Asks the nodes about attempts of which the stream says nothing, and for the proof that one can no longer land. */
import type { SlotView } from '../cache/types.js';
import type { Evidence } from '../model/trade.js';
import { MAX_SIGNATURES_A_CALL, type StatusesAnswer } from '../send/chain-reader.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { type ExpiryProof, proveExpiry } from './expiry.js';
import { isLost, type SightingNews } from './sightings.js';
import type { StatusSource } from './status-source.js';
import type { Tracked } from './tracked.js';

/** How often the attempts are gone through for some that need a poll or a proof. */
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
/** Failed searches for a proof after which the outcome is reported as unknown; the search goes on. */
export const UNKNOWN_AFTER_FAILURES = 20;

/** Who follows the attempts, and hears what the nodes said. */
export interface InquiryHost {
  isFollowed(tracked: Tracked): boolean;
  /** A node has seen it. */
  seenByNode(tracked: Tracked, news: SightingNews): void;
  /** Its fork may have been lost without a word. */
  lookAgain(tracked: Tracked): void;
  /** What was put off is done now, as much of it as a turn may hold. */
  turn(): void;
  provenDead(tracked: Tracked, proof: Extract<ExpiryProof, { kind: 'proven' }>): void;
  outcomeUnknown(tracked: Tracked, evidence: Evidence): void;
}

export interface AttemptInquiryOptions {
  readonly slots: SlotView;
  readonly statuses: StatusSource;
  readonly clock: Clock;
  /** Hears of failures of the polls themselves; they are retried. */
  readonly onPollError: (error: unknown) => void;
}

export class AttemptInquiry {
  readonly #options: AttemptInquiryOptions;
  readonly #host: InquiryHost;
  /** Those that a sweep looks at; together with the waiting ones at most those that are followed. */
  readonly #restless = new Set<Tracked>();
  /** Those whose slot the stream has confirmed, the longest without news first: a sweep passes them over. */
  readonly #waiting = new Set<Tracked>();
  #sweeper: TimerHandle | undefined;
  #calls = 0;

  constructor(options: AttemptInquiryOptions, host: InquiryHost) {
    this.#options = options;
    this.#host = host;
  }

  follow(tracked: Tracked): void {
    this.#restless.add(tracked);
    this.#sweeper ??= this.#options.clock.every(SWEEP_MS, () => this.#sweep());
  }

  leave(tracked: Tracked): void {
    this.#restless.delete(tracked);
    this.#waiting.delete(tracked);
    if (this.#restless.size + this.#waiting.size > 0) return;
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
  }

  /** It had news, or an answer: only one that waits for finality by the stream's word is left in peace. */
  newsOf(tracked: Tracked): void {
    const { told, askedAtMs } = tracked;
    this.#waiting.delete(tracked);
    if (told?.commitment === 'confirmed' && told.isStreams && askedAtMs > Number.NEGATIVE_INFINITY) {
      this.#restless.delete(tracked);
      this.#waiting.add(tracked);
    } else this.#restless.add(tracked);
  }

  /** It is asked about at the next sweep, without waiting for silence. */
  hurry(tracked: Tracked): void {
    tracked.askedAtMs = Number.NEGATIVE_INFINITY;
    this.newsOf(tracked);
  }

  #sweep(): void {
    const now = this.#options.clock.nowMs();
    this.#wakeWaiting(now);
    const height = this.#options.slots.blockHeight('confirmed');
    const polls: Tracked[] = [];
    const proofs: Tracked[] = [];
    for (const tracked of this.#restless) {
      // A fork that was never the head's is lost without a word.
      if (tracked.told?.commitment === 'processed') this.#host.lookAgain(tracked);
      if (tracked.asking || tracked.told?.commitment === 'finalized') continue;
      const isQuiet = now - tracked.askedAtMs >= QUIET_MS;
      const isPast = height !== undefined && height > tracked.lastValidBlockHeight;
      // Past its height an attempt's status is history: nodes keep recent ones only.
      if (isPast && (isQuiet || this.#needsProof(tracked))) proofs.push(tracked);
      else if (isQuiet) polls.push(tracked);
    }
    this.#host.turn();
    this.#ask(proofs, true);
    this.#ask(polls, false);
  }

  #wakeWaiting(now: number): void {
    for (const tracked of this.#waiting) {
      if (now - tracked.askedAtMs < CONFIRMED_QUIET_MS) return;
      this.#waiting.delete(tracked);
      this.#restless.add(tracked);
    }
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
      const askedAtMs = this.#options.clock.nowMs();
      this.#calls += 1;
      for (const tracked of batch) {
        tracked.asking = true;
        tracked.askedAtMs = askedAtMs;
      }
      void this.#askBatch(batch, searchHistory).finally(() => {
        this.#calls -= 1;
        const now = this.#options.clock.nowMs();
        for (const tracked of batch) {
          tracked.asking = false;
          // The answer may be from before what one that was hurried meanwhile is asked about for.
          if (tracked.askedAtMs > Number.NEGATIVE_INFINITY) tracked.askedAtMs = now;
          if (this.#host.isFollowed(tracked)) this.newsOf(tracked);
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
      if (this.#takeStatus(tracked, index, answer)) return false;
      // News that came meanwhile outweighs an answer that may be from before it.
      return tracked.told === toldBefore[index];
    });
    this.#host.turn();
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
  #takeStatus(tracked: Tracked, index: number, { statuses, host }: StatusesAnswer): boolean {
    const status = statuses[index];
    if (status === undefined) return false;
    if (!this.#host.isFollowed(tracked)) return true;
    const { slot, commitment } = status;
    // Processed by a node's word alone may be a fork that we know to be lost: neither a landing nor a proof.
    if (commitment === 'processed' && isLost(this.#options.slots.statusOf(slot))) return true;
    this.#host.seenByNode(tracked, {
      slot,
      commitment,
      error: status.error ?? undefined,
      source: `rpc:${host}`,
    });
    return true;
  }

  async #prove(missing: readonly Tracked[], answer: StatusesAnswer): Promise<void> {
    // What was told as landed is taken back by nothing less than a rooted block.
    const doubtful = missing.filter((tracked) => tracked.told === undefined || this.#isRootedPast(tracked));
    if (doubtful.length === 0) return;
    const toldBefore = doubtful.map((tracked) => tracked.told);
    const firstAvailable = await this.#orFailed(this.#options.statuses.firstAvailableBlock(answer.host));
    doubtful.forEach((tracked, index) => {
      if (!this.#host.isFollowed(tracked) || tracked.told !== toldBefore[index]) return;
      if (firstAvailable === undefined) {
        this.#failProof(tracked, `${answer.host} does not say how far back its history goes`);
        return;
      }
      const proof = proveExpiry(tracked, this.#options.slots, answer, firstAvailable);
      if (proof.kind === 'unproven') this.#failProof(tracked, proof.reason);
      else this.#host.provenDead(tracked, proof);
    });
  }

  #isRootedPast(tracked: Tracked): boolean {
    const { slots } = this.#options;
    return slots.firstSlotAboveHeight(tracked.lastValidBlockHeight, 'finalized') !== undefined;
  }

  #failProof(tracked: Tracked, reason: string): void {
    if (!this.#host.isFollowed(tracked) || tracked.told?.commitment === 'confirmed') return;
    tracked.failures += 1;
    if (tracked.failures < UNKNOWN_AFTER_FAILURES || tracked.unknownReported) return;
    tracked.unknownReported = true;
    this.#host.outcomeUnknown(tracked, {
      source: 'rpc',
      detail: `past its last valid height and no proof: ${reason}`,
    });
  }
}
