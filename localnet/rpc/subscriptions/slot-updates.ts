/** The messages of slotsUpdatesSubscribe: each step of a slot's life with its time in milliseconds. */
import type { SlotEvent } from '../../engine/messages.js';
import type { Json } from '../encode/json.js';
import type { SlotRecord } from './slot-log.js';

/** Undefined for a status that this subscription does not tell of. */
export function slotUpdate({ slot, parent, status, atMs, deadError }: SlotEvent): Json | undefined {
  const timestamp = Math.round(atMs);
  switch (status) {
    case 'firstShred':
      return { slot, timestamp, type: 'firstShredReceived' };
    case 'completed':
      return { slot, timestamp, type: 'completed' };
    case 'createdBank':
      return { parent: parent ?? Math.max(0, slot - 1), slot, timestamp, type: 'createdBank' };
    case 'dead':
      return { err: deadError ?? 'dead', slot, timestamp, type: 'dead' };
    case 'confirmed':
      return { slot, timestamp, type: 'optimisticConfirmation' };
    case 'finalized':
      return { slot, timestamp, type: 'root' };
    case 'processed':
      return undefined;
  }
}

/** A bank whose block is complete; undefined before that. */
export function frozenUpdate({ slot, block, transactions }: SlotRecord, atMs: number): Json | undefined {
  if (block === undefined) return undefined;
  const failed = transactions.filter(({ err }) => err !== null).length;
  return {
    slot,
    stats: {
      maxTransactionsPerEntry: transactions.length === 0 ? 0 : 1,
      numFailedTransactions: failed,
      numSuccessfulTransactions: transactions.length - failed,
      numTransactionEntries: block.entryCount,
    },
    timestamp: Math.round(atMs),
    type: 'frozen',
  };
}
