import { WireWriter } from './wire-writer.js';

/** Field of `SubscribeUpdate.filters`. */
const FILTERS_FIELD = 1;
/** Combinations of names that one filter kind of one subscriber remembers. */
const COMBINATIONS_MAX = 4096;

const writer = new WireWriter();

/** The names of the filters that an update matched, already encoded. */
export interface NameSet {
  readonly prefix: Buffer;
}

function encodeNames(names: readonly string[]): NameSet {
  for (const name of names) writer.stringAlways(FILTERS_FIELD, name);
  return { prefix: writer.finish() };
}

/** No names at all, as on pings. */
export const NO_NAMES: NameSet = { prefix: Buffer.alloc(0) };

/** Encodes the names of one kind of filter once for each combination that occurs. */
export class FilterNames {
  readonly #names: readonly string[];
  readonly #single: readonly NameSet[];
  readonly #combinations = new Map<string, NameSet>();

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#single = names.map((name) => encodeNames([name]));
  }

  /** @param indices positions in the list of names, ascending; none gives undefined. */
  setOf(indices: readonly number[]): NameSet | undefined {
    if (indices.length <= 1) return indices.length === 0 ? undefined : this.#single[indices[0]!];
    const key = indices.join();
    let names = this.#combinations.get(key);
    if (names === undefined) {
      names = encodeNames(indices.map((index) => this.#names[index]!));
      if (this.#combinations.size >= COMBINATIONS_MAX) this.#combinations.clear();
      this.#combinations.set(key, names);
    }
    return names;
  }
}
