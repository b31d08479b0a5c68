/** What became of transactions that never executed, in numbers: no client is ever told. */
import type { DroppedEvent } from '../engine/messages.js';
import type { LedgerFeed } from '../ledger/types.js';

export type DropCounts = Readonly<Partial<Record<DroppedEvent['reason'], number>>>;

/** Counts from now on; what it answers is the live record. */
export function countDrops(feed: LedgerFeed): DropCounts {
  const counts: Partial<Record<DroppedEvent['reason'], number>> = {};
  feed.subscribe((event) => {
    if (event.type === 'dropped') counts[event.reason] = (counts[event.reason] ?? 0) + 1;
  });
  return counts;
}
