/** Nodes load a transaction's lookup tables before they do anything else with it, preflight or not. */
import { resolveAccounts } from '../engine/lookup-tables.js';
import type { Commitment } from '../engine/messages.js';
import type { ParsedTransaction } from '../engine/wire.js';
import type { Ledger } from '../ledger/types.js';
import { describeTransactionError } from './encode/transaction-error.js';
import { invalidParams } from './errors.js';

/** As many as the SlotHashes sysvar lists: a table that was deactivated in one of them still serves. */
const SLOT_HASHES = 512;

/** Throws -32602 where a table cannot be loaded in the view at that commitment. */
export function checkLookups(
  ledger: Ledger,
  transaction: ParsedTransaction,
  commitment: Commitment,
  what = 'invalid transaction',
): void {
  if (transaction.lookups.length === 0) return;
  const store = { get: (address: string) => ledger.account(address, commitment)?.account ?? null };
  const resolved = resolveAccounts(transaction, store, {
    slot: ledger.slot(commitment),
    isRecentSlot(slot) {
      const block = ledger.block(Number(slot), commitment)?.info;
      return block !== undefined && ledger.blockHeight(commitment) - block.blockHeight < SLOT_HASHES;
    },
  });
  // That one account is named twice is found out later, when all are locked.
  if (!('err' in resolved) || resolved.err === 'AccountLoadedTwice') return;
  throw invalidParams(`${what}: ${describeTransactionError(resolved.err)}`);
}
