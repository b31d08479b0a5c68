/** The transactions of one address in ledger order; dropped from the front when pruned, from the back on forks. */
import type { StoredTransaction } from './stored-transaction.js';

/** Below this many dropped entries the array is not copied together. */
const COMPACT_AT = 64;

export class TransactionList {
  readonly address: string;
  #items: StoredTransaction[] = [];
  /** Entries before this index are dropped and wait for the next copying. */
  #start = 0;

  constructor(address: string) {
    this.address = address;
  }

  get size(): number {
    return this.#items.length - this.#start;
  }

  push(transaction: StoredTransaction): void {
    this.#items.push(transaction);
  }

  /** Removes one of the newest entries. */
  removeNewest(transaction: StoredTransaction): void {
    const index = this.#items.lastIndexOf(transaction);
    if (index >= this.#start) this.#items.splice(index, 1);
  }

  dropBefore(slot: number): void {
    while (this.#start < this.#items.length && this.#items[this.#start]!.slot < slot) this.#start += 1;
    if (this.#start < COMPACT_AT || this.#start * 2 < this.#items.length) {
      if (this.size === 0) this.#clear();
      return;
    }
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }

  *newestFirst(): IterableIterator<StoredTransaction> {
    for (let index = this.#items.length - 1; index >= this.#start; index -= 1) yield this.#items[index]!;
  }

  #clear(): void {
    this.#items = [];
    this.#start = 0;
  }
}
