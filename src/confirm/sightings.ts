/**
 * Where one attempt was seen. The same bytes may land on several forks, and news of them comes from sources
 * that do not agree; what counts is the one sighting that the chain, as we follow it, bears out best.
 */
import type { SlotFate, SlotView } from '../cache/types.js';
import { type Commitment, isAtLeast, type Slot } from '../model/brands.js';
import type { TransactionUpdate } from '../stream/types.js';

/** Forks on which one attempt is remembered at once. */
export const MAX_SIGHTINGS = 8;

export interface Sighting {
  readonly slot: Slot;
  /** Strongest commitment that any source gave it. */
  commitment: Commitment;
  /** Undefined on success. */
  error: unknown;
  /** Undefined while only a node's word is known. */
  transaction: TransactionUpdate | undefined;
  /** Of the news that gave it its commitment. */
  source: string;
}

/** News of one sighting. */
export type SightingNews = Omit<Sighting, 'transaction'> & { readonly transaction?: TransactionUpdate };

const RANK = { processed: 2, confirmed: 3, finalized: 4 } as const;
/** A slot that the stream has not brought, or that is still in progress: better than nothing. */
const RANK_UNKNOWN = 1;
const RANK_LOST = 0;

export class Sightings {
  #all: Sighting[] = [];

  get size(): number {
    return this.#all.length;
  }

  slots(): Slot[] {
    return this.#all.map((sighting) => sighting.slot);
  }

  /** Adds to what is known of a slot; a weaker word takes nothing back. */
  add(news: SightingNews): void {
    const known = this.#all.find((sighting) => sighting.slot === news.slot);
    if (known === undefined) {
      if (this.#all.length >= MAX_SIGHTINGS) this.#all.shift();
      this.#all.push({ ...news, transaction: news.transaction });
      return;
    }
    known.transaction ??= news.transaction;
    if (isAtLeast(known.commitment, news.commitment)) return;
    known.commitment = news.commitment;
    known.source = news.source;
    known.error = news.error;
  }

  clear(): void {
    this.#all = [];
  }

  /**
   * The sighting that the chain bears out best, its commitment raised to what the slot has reached; lost ones
   * are forgotten. Undefined where none is left.
   */
  best(slots: SlotView, current: Slot | undefined, streamSource: string): Sighting | undefined {
    let best: Sighting | undefined;
    let bestRank = RANK_LOST;
    this.#all = this.#all.filter((sighting) => {
      const rank = rankOf(sighting, slots, streamSource);
      if (rank === RANK_LOST) return false;
      if (best === undefined || rank > bestRank || (rank === bestRank && sighting.slot === current)) {
        best = sighting;
        bestRank = rank;
      }
      return true;
    });
    return best;
  }
}

/** Whether nothing that landed in such a slot stands, as we follow the chain. */
export function isLost(fate: SlotFate): fate is 'lost' | 'dead' {
  return fate === 'lost' || fate === 'dead';
}

function rankOf(sighting: Sighting, slots: SlotView, streamSource: string): number {
  const status = slots.statusOf(sighting.slot);
  if (isLost(status)) {
    // A node's word of confirmation outweighs our view of the fork until our own confirmed chain passes beside it.
    const stands = isAtLeast(sighting.commitment, 'confirmed') && slots.slot('confirmed') < sighting.slot;
    return stands ? RANK[sighting.commitment] : RANK_LOST;
  }
  if (status === 'unknown') {
    return sighting.commitment === 'processed' ? RANK_UNKNOWN : RANK[sighting.commitment];
  }
  if (!isAtLeast(sighting.commitment, status)) {
    sighting.commitment = status;
    sighting.source = streamSource;
  }
  return RANK[sighting.commitment];
}
