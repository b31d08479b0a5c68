/**
 * The blocks that count, oldest first: each one's parent is the one before it. Slots on forks that were lost,
 * and slots still being made, are kept beside it.
 */
import type { BlockEvent } from '../engine/messages.js';
import type { BlockFees } from './prioritization-fees.js';
import type { StoredTransaction } from './stored-transaction.js';

export interface SlotRecord {
  readonly slot: number;
  /** `open`: being made. `frozen`: on the chain. `lost`: was frozen, then undone. `dead`: never was frozen. */
  state: 'open' | 'frozen' | 'lost' | 'dead';
  block: BlockEvent | undefined;
  transactions: StoredTransaction[];
  /** Addresses written in this slot; given up once no view can be older. */
  touched: Set<string> | undefined;
  /** Transactions from genesis to the end of this slot; set when frozen. */
  transactionsTotal: number;
  /** Worked out at the first question. */
  fees: BlockFees | undefined;
}

export function openSlot(slot: number): SlotRecord {
  return {
    slot,
    state: 'open',
    block: undefined,
    transactions: [],
    touched: new Set(),
    transactionsTotal: 0,
    fees: undefined,
  };
}

export interface FrozenSlot extends SlotRecord {
  block: BlockEvent;
}

export class SlotChain {
  #frozen: FrozenSlot[] = [];
  readonly #byHash = new Map<string, FrozenSlot>();

  get length(): number {
    return this.#frozen.length;
  }

  get first(): FrozenSlot {
    return this.#frozen[0]!;
  }

  get head(): FrozenSlot {
    return this.#frozen[this.#frozen.length - 1]!;
  }

  push(record: FrozenSlot): void {
    this.#frozen.push(record);
    this.#byHash.set(record.block.blockhash, record);
  }

  popHead(): FrozenSlot {
    const popped = this.#frozen.pop()!;
    this.#byHash.delete(popped.block.blockhash);
    return popped;
  }

  /** Takes the oldest `count` off. */
  dropOldest(count: number): readonly FrozenSlot[] {
    const dropped = this.#frozen.splice(0, count);
    for (const record of dropped) this.#byHash.delete(record.block.blockhash);
    return dropped;
  }

  byHash(blockhash: string): FrozenSlot | undefined {
    return this.#byHash.get(blockhash);
  }

  /** Index of the newest record at or before the slot; -1 if all are newer. */
  indexAt(slot: number): number {
    let low = 0;
    let high = this.#frozen.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#frozen[middle]!.slot <= slot) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The newest record at or before the slot; the oldest kept one if all are newer. */
  newestAt(slot: number): FrozenSlot {
    return this.#frozen[Math.max(0, this.indexAt(slot))]!;
  }

  at(slot: number): FrozenSlot | undefined {
    const record = this.#frozen[this.indexAt(slot)];
    return record?.slot === slot ? record : undefined;
  }

  /** Records from one index up to and without another, oldest first. */
  slice(from: number, to: number): readonly FrozenSlot[] {
    return this.#frozen.slice(Math.max(0, from), Math.max(0, to));
  }
}
