/** A binary heap whose least entry is on top; O(log n) to push, pop and remove any entry. */
export class IndexedHeap<T> {
  readonly #entries: T[] = [];
  readonly #less: (a: T, b: T) => boolean;
  readonly #positions = new Map<T, number>();

  /** @param less a strict order */
  constructor(less: (a: T, b: T) => boolean) {
    this.#less = less;
  }

  get size(): number {
    return this.#entries.length;
  }

  peek(): T | undefined {
    return this.#entries[0];
  }

  has(entry: T): boolean {
    return this.#positions.has(entry);
  }

  push(entry: T): void {
    if (this.#positions.has(entry)) throw new Error('the entry is in the heap already');
    this.#entries.push(entry);
    this.#up(entry, this.#entries.length - 1);
  }

  pop(): T | undefined {
    const top = this.#entries[0];
    if (top !== undefined) this.remove(top);
    return top;
  }

  /** Returns whether it was there. */
  remove(entry: T): boolean {
    const position = this.#positions.get(entry);
    if (position === undefined) return false;
    this.#positions.delete(entry);
    const last = this.#entries.pop()!;
    if (last !== entry) {
      this.#down(last, position);
      this.#up(last, this.#positions.get(last)!);
    }
    return true;
  }

  #set(entry: T, position: number): void {
    this.#entries[position] = entry;
    this.#positions.set(entry, position);
  }

  #up(entry: T, from: number): void {
    let position = from;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const above = this.#entries[parent]!;
      if (!this.#less(entry, above)) break;
      this.#set(above, position);
      position = parent;
    }
    this.#set(entry, position);
  }

  #down(entry: T, from: number): void {
    let position = from;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= this.#entries.length) break;
      const right = child + 1;
      if (right < this.#entries.length && this.#less(this.#entries[right]!, this.#entries[child]!))
        child = right;
      if (!this.#less(this.#entries[child]!, entry)) break;
      this.#set(this.#entries[child]!, position);
      position = child;
    }
    this.#set(entry, position);
  }
}
