/** What a leader checks before a transaction costs anything. Nothing here changes any state. */

import type { AccountStore } from './account-store.js';
import { encodeAddress } from './address-book.js';
import type { Chain, ChainBlock } from './chain.js';
import { type ComputeBudget, computeBudgetOf } from './compute-budget.js';
import { feePayerError } from './fee-payer.js';
import { type ResolvedAccounts, resolveAccounts } from './lookup-tables.js';
import type { TransactionErrorJson } from './messages.js';
import { usableNonce } from './nonce.js';
import type { OpenBlock } from './open-block.js';
import type { ParsedTransaction } from './wire.js';

/** Where in the chain a transaction would go. */
export interface BlockContext {
  readonly chain: Chain;
  readonly store: AccountStore;
  readonly slot: number;
  readonly parent: ChainBlock;
  /** Absent between blocks (simulation on the head). */
  readonly open: OpenBlock | null;
}

export interface Admitted {
  readonly accounts: ResolvedAccounts;
  readonly budget: ComputeBudget;
  /** Set when the transaction lives by a durable nonce. */
  readonly nonce: { readonly address: string; readonly key: Uint8Array } | null;
  /** It will land and pay, but its programs cannot be loaded, so that nothing of it runs. */
  readonly loadError: TransactionErrorJson | null;
}

export function admit(
  tx: ParsedTransaction,
  context: BlockContext,
  options: {
    readonly ignoreBlockhash: boolean;
    /** Where it was worked out before. */
    readonly budget?: ComputeBudget;
  },
): Admitted | { readonly err: TransactionErrorJson } {
  const { chain, store, open, parent } = context;
  const resolved = resolveAccounts(tx, store, {
    slot: context.slot,
    isRecentSlot: (slot) => chain.isRecentSlot(slot),
  });
  if ('err' in resolved) return resolved;
  const { accounts } = resolved;
  const compute = options.budget === undefined ? computeBudgetOf(tx) : { budget: options.budget };
  if ('err' in compute) return compute;
  let nonce: Admitted['nonce'] = null;
  if (!options.ignoreBlockhash && !chain.isAlive(tx.recentBlockhash)) {
    nonce = usableNonce(tx, accounts, store, chain.bytesOf(parent));
    if (nonce === null) return { err: 'BlockhashNotFound' };
  }
  if (chain.hasSignature(tx.signature) || open?.hasSignature(tx.signature) === true) {
    return { err: 'AlreadyProcessed' };
  }
  const payerError = feePayerError(store, accounts.addresses[0]!, accounts.keys[0]!, compute.budget.fee);
  if (payerError !== null) return { err: payerError };
  return { accounts, budget: compute.budget, nonce, loadError: loadErrorOf(tx, store) };
}

function loadErrorOf(tx: ParsedTransaction, store: AccountStore): TransactionErrorJson | null {
  for (const instruction of tx.instructions) {
    const key = tx.staticKeys[instruction.programIdIndex]!;
    const program = store.get(encodeAddress(key), key);
    if (program === null) return 'ProgramAccountNotFound';
    if (!program.executable) return 'InvalidProgramForExecution';
  }
  return null;
}
