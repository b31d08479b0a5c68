/**
 * Knows where the stream was complete and where it was not. Nobody announces what is missing, so it is inferred:
 *
 * - A slot is *whole* when its start was seen in this session (FIRST_SHRED or CREATED_BANK come before its first
 *   write). At processed, the slot in progress when a session begins has lost its earlier updates.
 * - Replay brings only frozen slots, and has been seen to skip blocks in silence. So every new session is a gap,
 *   open until the first live slot that is whole; what was held is repaired by a state fetched at the slot before
 *   it. A replayed status bears the time at which it was made, before the ping that opened the session.
 * - A block that names as its parent a slot whose BlockMeta never came tells of a hole.
 * - A slot that is not whole (*partial*) can be asked for once it is frozen: a replay from it on brings all of it. Where
 *   a session that began with a replay has no partial slot left, everything above the slot before `from_slot` has
 *   come, block by block along the parents, and a state fetched there or later makes up for the gap: it is *eased*. A
 *   partial slot that shows later, on whichever fork, makes it a gap again. Only the first session may be eased: a
 *   later one would have to know what the one before it missed.
 */
import { asSlot, type Slot } from '../model/brands.js';
import type { BlockMetaUpdate, SlotUpdate, StreamGap } from './types.js';

/** Slots behind the newest about which anything is remembered. */
const MEMORY_SLOTS = 1_024;
/** The first ping goes out with the request and the others follow half a second apart. */
const PONGS_TO_CATCH_UP = 3;
/** A replay starts this many slots before the one that is known whole, for short forks that froze meanwhile. */
export const RESUME_OVERLAP_SLOTS = 4;

/**
 * What is stamped so shortly before the session's first ping may have been made after it, where a proxy's clock is
 * ahead of the node's: such a slot is asked for once more.
 */
export const CLOCK_SKEW_MS = 2_000;

export class ContinuityTracker {
  readonly #report: (gap: StreamGap) => void;
  readonly #onPartial: (slot: Slot) => void;
  /** Slots whose start was seen in this session, and whether it was seen live. */
  readonly #started = new Map<number, boolean>();
  /** Slots of this session above the floor of which something may not have come. */
  readonly #partial = new Set<number>();
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
  #reachedLive = false;
  #eased = false;
  #sessions = 0;
  /** What may be a matter of clocks was asked for in this session: one replay brings all of it. */
  #askedForSkew = false;

  /** @param onPartial called with each frozen slot of a session with replay of which not everything came */
  constructor(report: (gap: StreamGap) => void, onPartial: (slot: Slot) => void) {
    this.#report = report;
    this.#onPartial = onPartial;
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
    this.#partial.clear();
    this.#reachedLive = false;
    this.#eased = false;
    this.#askedForSkew = false;
    this.#sessions += 1;
    this.#replayed = fromSlot !== undefined;
    this.#caughtUp = !this.#replayed;
    this.#openedAtMs = undefined;
    this.#pongs = 0;
    this.#floor = fromSlot === undefined ? undefined : Math.max(0, fromSlot - 1);
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
      const isLive = this.#isLive(createdAtMs);
      if (isLive !== undefined) this.#resumable = true;
      if (isLive === true) this.#caughtUp = true;
      if (this.#started.get(slot) !== true) this.#started.set(slot, isLive === true);
      if (this.#open && this.#caughtUp) this.#close(slot);
      if (isLive === true && update.parent !== undefined && this.#isWhole(update.parent)) this.#ease(true);
    } else if (update.status === 'completed' && this.#mayEase && !this.#started.has(slot)) {
      // It was in progress when the session began, and can be asked for once it is frozen.
      if (this.#isLive(createdAtMs) === true) this.#addPartial(slot);
    }
    this.#forgetOld();
  }

  /** @param createdAtMs when the server made the update, by its own clock */
  onBlockMeta(update: BlockMetaUpdate, createdAtMs: number | undefined): void {
    const { slot, parentSlot } = update;
    if (slot > this.#highestSeen) this.#highestSeen = slot;
    this.#floor ??= slot - 1;
    const parentMissing = parentSlot > this.#floor && !this.#frozen.has(parentSlot);
    if (parentMissing) this.#missing(parentSlot);
    // Without replay a parent's BlockMeta is live, and a bank starts only after its parent froze.
    const whole = this.#started.has(slot) || (!this.#replayed && this.#frozenInSession.has(parentSlot));
    if (this.#mayEase) this.#notePartial(slot, createdAtMs);
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
    if (this.#mayEase) this.#partial.add(parentSlot);
    this.#eased = false;
    this.#tell(asSlot(parentSlot + 1), 'missingSlot');
    if (this.#mayEase && this.#resumable) this.#onPartial(asSlot(parentSlot));
  }

  /**
   * A slot of which one end was replayed and the other one came live was in progress in between. A second BlockMeta is
   * a replay's, and brings the slot whole.
   */
  #notePartial(slot: number, createdAtMs: number | undefined): void {
    const startedLive = this.#started.get(slot);
    const isLive = this.#isLive(createdAtMs);
    const isReplay = startedLive === false && isLive === false;
    const isWhole = startedLive === true || (isReplay && !this.#mayBeSkewed(createdAtMs));
    if (isWhole || this.#frozenInSession.has(slot)) {
      this.#partial.delete(slot);
      this.#ease(isLive === true);
      return;
    }
    this.#addPartial(slot);
    if (!this.#partial.has(slot) || (isLive !== true && (!isReplay || this.#askedForSkew))) return;
    if (isReplay) this.#askedForSkew = true;
    this.#onPartial(asSlot(slot));
  }

  get #mayEase(): boolean {
    return this.#replayed && this.#sessions === 1;
  }

  #mayBeSkewed(createdAtMs: number | undefined): boolean {
    return (createdAtMs ?? 0) > (this.#openedAtMs ?? 0) - CLOCK_SKEW_MS;
  }

  /** Whether an update was made after the session was opened; undefined where times are not told. */
  #isLive(createdAtMs: number | undefined): boolean | undefined {
    if (createdAtMs === undefined || this.#openedAtMs === undefined) return undefined;
    return createdAtMs >= this.#openedAtMs;
  }

  #addPartial(slot: number): void {
    if (this.#floor !== undefined && slot <= this.#floor) return;
    this.#partial.add(slot);
    if (!this.#eased) return;
    this.#eased = false;
    this.#incompleteThrough = Math.max(this.#incompleteThrough, slot);
    this.#tell(asSlot(this.#incompleteThrough + 1), 'missingSlot');
  }

  #isWhole(slot: number): boolean {
    if (this.#floor !== undefined && slot <= this.#floor) return true;
    return this.#frozenInSession.has(slot) && !this.#partial.has(slot);
  }

  /**
   * Nothing above the floor is missing any more where the chain of whole slots reaches one that began, or at least
   * ended, in this session: what was in progress when it began lies before it.
   * @param reachesLive whether such a slot was seen just now
   */
  #ease(reachesLive: boolean): void {
    this.#reachedLive ||= reachesLive;
    if (!this.#mayEase || !this.#reachedLive || this.#eased || this.#partial.size > 0) return;
    this.#eased = true;
    this.#open = false;
    this.#report({
      completeThrough: asSlot(this.#completeThrough),
      resumedAt: asSlot((this.#floor ?? 0) + 1),
      reason: this.#reason,
      repairFrom: asSlot(this.#floor ?? 0),
      open: false,
      eased: true,
    });
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
    for (const set of [this.#started, this.#frozen, this.#frozenInSession, this.#partial]) {
      // Insertion order is close to slot order: the front is where the old ones are.
      for (const slot of set.keys()) {
        if (slot >= oldest) break;
        set.delete(slot);
      }
    }
  }
}
