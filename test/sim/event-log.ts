const FNV_PRIME = 0x01000193;
/** Lines kept for a failing seed's story; the hash is of all. */
const MAX_LINES = 4_000;

/** What happened, in order: its hash tells whether a replay was exact, its lines tell the story. */
export class EventLog {
  readonly lines: string[] = [];
  readonly #keep: boolean;
  #high = 0x811c9dc5 | 0;
  #low = 0x01234567;
  #count = 0;

  constructor(keepLines: boolean) {
    this.#keep = keepLines;
  }

  get count(): number {
    return this.#count;
  }

  get hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  add(atMs: number, line: string): void {
    this.#count += 1;
    const text = `${atMs.toFixed(3)} ${line}`;
    for (let index = 0; index < text.length; index += 1) {
      this.#high = Math.imul(this.#high ^ text.charCodeAt(index), FNV_PRIME);
      this.#low = Math.imul((this.#low + text.charCodeAt(index)) ^ this.#high, FNV_PRIME);
    }
    if (!this.#keep) return;
    if (this.lines.length >= MAX_LINES) this.lines.shift();
    this.lines.push(text);
  }
}
