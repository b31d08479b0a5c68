/** A binary heap: `take` gives the entry that comes before all others. */
export class Heap<Entry> {
  private entries: Entry[] = [];

  constructor(private readonly isBefore: (a: Entry, b: Entry) => boolean) {}

  get size(): number {
    return this.entries.length;
  }

  first(): Entry | undefined {
    return this.entries[0];
  }

  add(entry: Entry): void {
    const { entries } = this;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.isBefore(entry, entries[parent]!)) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = entry;
  }

  take(): Entry | undefined {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (last !== undefined && entries.length > 0) this.sink(last);
    return first;
  }

  /** Keeps only what `holds` for; the rest is forgotten. */
  retain(holds: (entry: Entry) => boolean): void {
    const kept = this.entries.filter(holds);
    this.entries = [];
    for (const entry of kept) this.add(entry);
  }

  /** Puts the entry in the place of the first one, and from there where it belongs. */
  private sink(entry: Entry): void {
    const { entries } = this;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < entries.length && this.isBefore(entries[child + 1]!, entries[child]!)) child += 1;
      if (child >= entries.length || !this.isBefore(entries[child]!, entry)) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = entry;
  }
}
