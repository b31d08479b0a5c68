/** Account updates of a stream from which no accounts are taken now, kept so that it can take over without a hole. */
import type { Slot } from '../model/brands.js';
import type { AccountUpdate } from './types.js';

/** Slots kept: what another stream may be behind before a takeover from here would leave a hole. */
export const MAX_STANDBY_SLOTS = 64;
/** Account bytes kept; beyond, the oldest slots go. */
export const MAX_STANDBY_BYTES = 32 * 1024 * 1024;
/** What an update weighs beside its account's bytes. */
const UPDATE_BYTES = 256;

interface SlotUpdates {
  readonly updates: AccountUpdate[];
  bytes: number;
}

export class StandbyBuffer {
  readonly #bySlot = new Map<number, SlotUpdates>();
  #bytes = 0;
  #floor = 0;
  #newest = 0;

  /** Updates of slots below it were not kept. */
  get floor(): number {
    return this.#floor;
  }

  /** Keeps a copy: the update's bytes are a view into a received message, which would be held whole. */
  add(update: AccountUpdate): void {
    if (update.slot < this.#floor) return;
    if (update.slot > this.#newest) this.#newest = update.slot;
    let kept = this.#bySlot.get(update.slot);
    if (kept === undefined) {
      kept = { updates: [], bytes: 0 };
      this.#bySlot.set(update.slot, kept);
    }
    const bytes = update.data.length + UPDATE_BYTES;
    kept.updates.push({ ...update, data: new Uint8Array(update.data) });
    kept.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > MAX_STANDBY_BYTES) this.#dropOldest();
    this.#dropBelow(this.#newest - MAX_STANDBY_SLOTS + 1);
  }

  /** In the order in which they came. */
  of(slot: Slot): readonly AccountUpdate[] {
    return this.#bySlot.get(slot)?.updates ?? [];
  }

  /** Forgets everything; what comes of slots below this one is not kept. */
  restart(fromSlot: number): void {
    this.#bySlot.clear();
    this.#bytes = 0;
    this.#floor = fromSlot;
  }

  #dropOldest(): void {
    this.#dropBelow(Math.min(...this.#bySlot.keys()) + 1);
  }

  #dropBelow(slot: number): void {
    if (slot <= this.#floor) return;
    this.#floor = slot;
    for (const [kept, { bytes }] of this.#bySlot) {
      if (kept >= slot) continue;
      this.#bySlot.delete(kept);
      this.#bytes -= bytes;
    }
  }
}
