import type { Commitment, SlotLifeStatus } from '../engine/messages.js';
import { checkMax, checkName, type FilterLimits } from './filter-limits.js';
import { FilterNames, type NameSet } from './filter-names.js';
import type { SlotsFilterMessage } from './request-types.js';

const COMMITMENT_STATUSES: ReadonlySet<SlotLifeStatus> = new Set(['processed', 'confirmed', 'finalized']);

/** The slot filters of one subscriber. */
export class SlotMatcher {
  readonly #names: FilterNames;
  readonly #filters: readonly SlotsFilterMessage[];
  readonly #commitment: Commitment;

  /** Throws `FilterError`. */
  constructor(
    messages: ReadonlyMap<string, SlotsFilterMessage>,
    commitment: Commitment,
    limits: FilterLimits,
  ) {
    checkMax(messages.size, limits.filtersMax);
    for (const name of messages.keys()) checkName(name);
    this.#names = new FilterNames([...messages.keys()]);
    this.#filters = [...messages.values()];
    this.#commitment = commitment;
  }

  match(status: SlotLifeStatus): NameSet | undefined {
    const matched: number[] = [];
    for (const [index, filter] of this.#filters.entries()) {
      if (filter.filterByCommitment && status !== this.#commitment) continue;
      if (!filter.interslotUpdates && !COMMITMENT_STATUSES.has(status)) continue;
      matched.push(index);
    }
    return this.#names.setOf(matched);
  }
}
