/** What happened in each slot that is not finalized yet. */
import type { BlockEvent, EngineEvent, ExecutedTransaction } from '../../engine/messages.js';

/** Slots kept; the oldest fall out. More than any slot takes to be finalized, whatever the conditions. */
const SLOTS_MAX = 1024;

export type Level = 'processed' | 'confirmed' | 'finalized';

export interface SlotRecord {
  readonly slot: number;
  parent: number | undefined;
  block: BlockEvent | undefined;
  readonly transactions: ExecutedTransaction[];
  readonly writtenAddresses: Set<string>;
  readonly notified: Set<Level>;
}

export class SlotLog {
  readonly #slots = new Map<number, SlotRecord>();
  /** Written on forks that were lost: their accounts are to be looked at again on the next block. */
  #undone = new Set<string>();

  record(event: EngineEvent): void {
    if (event.type === 'transaction') {
      const { transaction } = event;
      const record = this.#at(transaction.slot);
      record.transactions.push(transaction);
      for (const { address } of transaction.writes) record.writtenAddresses.add(address);
    } else if (event.type === 'accounts') {
      const record = this.#at(event.slot);
      for (const { address } of event.writes) record.writtenAddresses.add(address);
    } else if (event.type === 'block') {
      const record = this.#at(event.slot);
      record.block = event;
      record.parent = event.parentSlot;
    } else if (event.type === 'rollback') {
      for (const slot of event.slots) {
        const lost = this.#slots.get(slot);
        // Nobody heard of a slot that never was processed.
        if (lost?.notified.has('processed') === true) {
          for (const address of lost.writtenAddresses) this.#undone.add(address);
        }
        this.#slots.delete(slot);
      }
    } else if (event.type === 'slot' && event.status === 'dead') {
      this.#slots.delete(event.slot);
    }
  }

  get(slot: number): SlotRecord | undefined {
    return this.#slots.get(slot);
  }

  /** The slot and those of its ancestors that have not reached that level before, oldest first. */
  reach(slot: number, level: Level): readonly SlotRecord[] {
    const reached: SlotRecord[] = [];
    let record = this.#slots.get(slot);
    while (record !== undefined && !record.notified.has(level)) {
      record.notified.add(level);
      reached.push(record);
      // Nothing more is told of a finalized slot.
      if (level === 'finalized') this.#slots.delete(record.slot);
      record = record.parent === undefined ? undefined : this.#slots.get(record.parent);
    }
    const newest = reached[0];
    if (level === 'processed' && newest !== undefined) {
      for (const address of this.#undone) newest.writtenAddresses.add(address);
      this.#undone = new Set();
    }
    return reached.reverse();
  }

  #at(slot: number): SlotRecord {
    let record = this.#slots.get(slot);
    if (record === undefined) {
      record = {
        slot,
        parent: undefined,
        block: undefined,
        transactions: [],
        writtenAddresses: new Set(),
        notified: new Set(),
      };
      this.#slots.set(slot, record);
      if (this.#slots.size > SLOTS_MAX) {
        const oldest = this.#slots.keys().next();
        if (!oldest.done) this.#slots.delete(oldest.value);
      }
    }
    return record;
  }
}
