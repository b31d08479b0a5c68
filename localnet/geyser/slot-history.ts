import { SlotRecord } from './slot-record.js';

/** Slots that stay whatever their content weighs: confirmed subscribers still wait for them. */
const SLOTS_MIN = 40;

export interface HistoryLimits {
  /** Slots that can be replayed. */
  readonly slots: number;
  /** Estimated bytes, beyond which the oldest slots leave before their time. */
  readonly bytes: number;
}

/** The newest slots with their content, oldest first. */
export class SlotHistory {
  readonly #limits: HistoryLimits;
  readonly #records = new Map<number, SlotRecord>();

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  /** The record of a slot, made when it is not there yet. */
  record(slot: number): SlotRecord {
    let record = this.#records.get(slot);
    if (record === undefined) {
      record = new SlotRecord(slot);
      this.#records.set(slot, record);
    }
    return record;
  }

  find(slot: number): SlotRecord | undefined {
    return this.#records.get(slot);
  }

  /** The oldest slot that a replay can begin with; undefined before the first block. */
  firstAvailable(): number | undefined {
    let first: number | undefined;
    for (const { slot, frozen } of this.#records.values()) {
      if (frozen && (first === undefined || slot < first)) first = slot;
    }
    return first;
  }

  /** Frozen slots from `fromSlot` on, in ascending order. */
  frozenFrom(fromSlot: number): readonly SlotRecord[] {
    return [...this.#records.values()]
      .filter(({ slot, frozen }) => frozen && slot >= fromSlot)
      .sort((left, right) => left.slot - right.slot);
  }

  /**
   * Lets old slots go.
   *
   * @param newest the slot that was frozen last.
   */
  prune(newest: number): void {
    let bytes = 0;
    for (const record of this.#records.values()) bytes += record.bytes;
    const slots = [...this.#records.keys()].sort((left, right) => left - right);
    for (const slot of slots) {
      const tooOld = slot <= newest - this.#limits.slots;
      const tooHeavy = bytes > this.#limits.bytes && slot < newest - SLOTS_MIN;
      if (!tooOld && !tooHeavy) return;
      bytes -= this.#records.get(slot)!.bytes;
      this.#records.delete(slot);
    }
  }
}
