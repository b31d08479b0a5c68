/** Keeps the shared board up to date: listens to the cache, the pool book and the stream's liveness. */
import type { BlockhashEntry, CacheListener, SlotView } from '../cache/types.js';
import type { PoolBook, PoolListener } from '../market/pool-book.js';
import type { PoolNews } from '../market/types.js';
import type { Address, Slot } from '../model/brands.js';
import type { SharedBoard } from './shared-board.js';

export class BoardFeed implements CacheListener, PoolListener {
  readonly #board: SharedBoard;
  readonly #slots: SlotView;
  readonly #book: PoolBook;
  readonly #indexes = new Map<Address, number>();

  /** Register it with the cache after the book: it reads the book's answers. */
  constructor(board: SharedBoard, slots: SlotView, book: PoolBook) {
    this.#board = board;
    this.#slots = slots;
    this.#book = book;
    book.listen(this);
  }

  /** A pool's place on the board; given at first mention, never changed. @throws RangeError when full */
  indexOf(pool: Address): number {
    let index = this.#indexes.get(pool);
    if (index === undefined) {
      index = this.#indexes.size;
      if (index >= this.#board.poolCapacity) throw new RangeError('the board has no room for another pool');
      this.#indexes.set(pool, index);
    }
    return index;
  }

  onPool({ keys, slot, revision, numbers }: PoolNews): void {
    const index = this.indexOf(keys.pool);
    this.#board.setPool(index, slot, revision, numbers);
    this.#board.setPoolAge(index, this.#book.ageSlots(keys.pool));
  }

  onPoolLost(pool: Address): void {
    this.#board.clearPool(this.indexOf(pool));
  }

  onPoolUnsettled(pool: Address): void {
    this.#board.setPoolAge(this.indexOf(pool), Number.POSITIVE_INFINITY);
  }

  onHead(head: Slot): void {
    this.#board.setHeadSlot(head);
    this.#refreshAges();
  }

  onConfirmed(slot: Slot): void {
    const height = this.#slots.blockHeight('confirmed');
    if (height !== undefined) this.#board.setConfirmed(slot, height);
  }

  onBlockhash(entry: BlockhashEntry): void {
    this.#board.pushBlockhash(entry);
    const height = this.#slots.blockHeight('confirmed');
    if (height !== undefined) this.#board.setConfirmed(this.#slots.slot('confirmed'), height);
  }

  onSuspect(_addresses: readonly Address[]): void {
    this.#refreshAges();
  }

  /** To be called with everything that arrives on the stream, pings and pongs too. */
  onActivity(receivedUs: number): void {
    this.#board.setStreamActivity(receivedUs);
  }

  /** A re-fetch that changed nothing tells no listener: the pools' ages are looked at anew. */
  refreshAges(): void {
    this.#refreshAges();
  }

  #refreshAges(): void {
    for (const [pool, index] of this.#indexes) this.#board.setPoolAge(index, this.#book.ageSlots(pool));
  }
}
