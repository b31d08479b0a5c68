/**
 * Knows where the stream was complete and where it was not. Nobody announces what is missing, so it is inferred:
 *
 * - A slot is *whole* when its start was seen in this session (FIRST_SHRED or CREATED_BANK come before its first
 *   write). At processed, the slot in progress when a session begins has lost its earlier updates.
 * - Replay brings only frozen slots, and has been seen to skip blocks in silence. So every new session is a gap,
 *   open until the first live slot that is whole; what was held is repaired by a state fetched at the slot before
 *   it. A replayed status bears the time at which it was made, before the ping that opened the session.
 * - A block that names as its parent a slot whose BlockMeta never came tells of a hole.
 */
import { asSlot, type Slot } from '../model/brands.js';
import type { BlockMetaUpdate, SlotUpdate, StreamGap } from './types.js';

/** Slots behind the newest about which anything is remembered. */
const MEMORY_SLOTS = 1_024;
/** The first ping goes out with the request and the others follow half a second apart. */
const PONGS_TO_CATCH_UP = 3;
/** Replay starts this many slots before the last complete one, for short forks that froze meanwhile. */
export const RESUME_OVERLAP_SLOTS = 4;

export class ContinuityTracker {
  readonly #report: (gap: StreamGap) => void;
  /** Slots whose start was seen in this session. */
  readonly #started = new Set<number>();
  /** Slots whose BlockMeta came in this session. */
  readonly #frozenInSession = new Set<number>();
  /** Slots whose BlockMeta came at all, or whose absence was reported. */
  readonly #frozen = new Set<number>();
  /** Whole slots, frozen, with nothing missing before them. */
  #completeThrough = 0;
  #highestSeen = 0;
  #open = false;
  #reason: StreamGap['reason'] = 'start';
  /** Highest slot known to be incomplete; everything up to it needs a fetch. */
  #incompleteThrough = 0;
  /** Parents at or below it are not expected. */
  #floor: number | undefined;
  #replayed = false;
  /** Replay, if there was any, is known to be over. */
  #caughtUp = true;
  /** When the server opened this session, by its own clock. */
  #openedAtMs: number | undefined;
  #pongs = 0;
  #resumable = false;

  constructor(report: (gap: StreamGap) => void) {
    this.#report = report;
  }

  /** Highest slot that was named in any way. */
  get highestSeen(): Slot {
    return asSlot(this.#highestSeen);
  }

  /**
   * Where a new session should resume, or undefined where it should start fresh: nothing was complete yet, or
   * the server sends no inter-slot statuses or no times, without which a replayed slot cannot be told from a live one.
   */
  get resumeFrom(): Slot | undefined {
    if (this.#completeThrough === 0 || !this.#resumable) return undefined;
    return asSlot(Math.max(1, this.#completeThrough - RESUME_OVERLAP_SLOTS));
  }

  /** The first message of a new session is about to be handled. */
  beginSession(reason: StreamGap['reason'], fromSlot: Slot | undefined): void {
    this.#started.clear();
    this.#frozenInSession.clear();
    this.#replayed = fromSlot !== undefined;
    this.#caughtUp = !this.#replayed;
    this.#openedAtMs = undefined;
    this.#pongs = 0;
    this.#floor = fromSlot === undefined ? undefined : fromSlot - 1;
    this.#open = true;
    this.#reason = reason;
    this.#incompleteThrough = Math.max(this.#incompleteThrough, this.#completeThrough + 1);
    this.#tell(asSlot(this.#completeThrough + 1), reason);
  }

  /** The server's first ping comes as soon as the session is open. */
  onPing(createdAtMs: number | undefined): void {
    this.#openedAtMs ??= createdAtMs;
  }

  /** Times may come from clocks that differ (a proxy's and a node's): after some pongs replay is over in any case. */
  onPong(): void {
    this.#pongs++;
    if (this.#pongs >= PONGS_TO_CATCH_UP) this.#caughtUp = true;
  }

  onSlot(update: SlotUpdate, createdAtMs: number | undefined): void {
    const slot = update.slot;
    if (slot > this.#highestSeen) this.#highestSeen = slot;
    if (update.status === 'firstShred' || update.status === 'createdBank') {
      this.#started.add(slot);
      if (createdAtMs !== undefined && this.#openedAtMs !== undefined) {
        this.#resumable = true;
        if (createdAtMs >= this.#openedAtMs) this.#caughtUp = true;
      }
      if (this.#open && this.#caughtUp) this.#close(slot);
    }
    this.#forgetOld();
  }

  onBlockMeta(update: BlockMetaUpdate): void {
    const { slot, parentSlot } = update;
    if (slot > this.#highestSeen) this.#highestSeen = slot;
    this.#floor ??= slot - 1;
    const parentMissing = parentSlot > this.#floor && !this.#frozen.has(parentSlot);
    if (parentMissing) this.#missing(parentSlot);
    // Without replay a parent's BlockMeta is live, and a bank starts only after its parent froze.
    const whole = this.#started.has(slot) || (!this.#replayed && this.#frozenInSession.has(parentSlot));
    this.#frozen.add(slot);
    this.#frozenInSession.add(slot);
    if (whole) {
      if (this.#open && this.#caughtUp) this.#close(slot);
      if (slot > this.#incompleteThrough && slot > this.#completeThrough) this.#completeThrough = slot;
    } else {
      // Replayed slots have their start replayed too, or none has: in both cases the next start is a live one.
      this.#caughtUp = true;
      if (slot <= this.#incompleteThrough) return;
      this.#incompleteThrough = slot;
      if (!this.#open) this.#tell(asSlot(slot + 1), 'missingSlot');
    }
  }

  #missing(parentSlot: number): void {
    this.#frozen.add(parentSlot);
    this.#incompleteThrough = Math.max(this.#incompleteThrough, parentSlot);
    this.#tell(asSlot(parentSlot + 1), 'missingSlot');
  }

  /** `slot` is the first whole one: whatever was in progress when the session began lies before it. */
  #close(slot: Slot): void {
    this.#open = false;
    this.#incompleteThrough = Math.max(this.#incompleteThrough, slot - 1);
    this.#tell(slot, this.#reason);
  }

  #tell(resumedAt: Slot, reason: StreamGap['reason']): void {
    this.#report({
      completeThrough: asSlot(this.#completeThrough),
      resumedAt,
      reason,
      repairFrom: asSlot(this.#incompleteThrough),
      open: this.#open,
    });
  }

  #forgetOld(): void {
    const oldest = this.#highestSeen - MEMORY_SLOTS;
    for (const set of [this.#started, this.#frozen, this.#frozenInSession]) {
      // Insertion order is close to slot order: the front is where the old ones are.
      for (const slot of set) {
        if (slot >= oldest) break;
        set.delete(slot);
      }
    }
  }
}
