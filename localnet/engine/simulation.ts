/** `simulateTransaction` on the newest state: the same checks and the same runtime, without a trace. */

import { decodeAddress, encodeAddress } from './address-book.js';
import { admit, type BlockContext } from './admission.js';
import { notRun, type Run, summarizeFailure, summarizeMeta } from './bank.js';
import { MAX_BLOCKHASH_AGE_BLOCKS } from './chain.js';
import { computeBudgetOf } from './compute-budget.js';
import type { AccountState, SimulationRequest, SimulationResult } from './messages.js';
import { FailedTransactionMetadata, toAccountState } from './runtime.js';
import { assertValidSignatures } from './signatures.js';
import { parseTransaction } from './wire.js';

/** @throws WireError for bytes that cannot be a transaction, or for a bad signature where `sigVerify` is set. */
export function simulateTransaction(request: SimulationRequest, context: BlockContext): SimulationResult {
  const tx = parseTransaction(request.wire);
  if (request.sigVerify) assertValidSignatures(tx);
  const compute = computeBudgetOf(tx);
  const admitted = admit(tx, context, { ignoreBlockhash: request.replaceRecentBlockhash });
  const refusal = 'err' in admitted ? admitted.err : admitted.loadError;
  const posted = new Map<string, AccountState>();
  const run = refusal !== null ? notRun(refusal) : runOnce(request.wire, context, posted);
  const accounts = request.accounts.map((address) => {
    const after = posted.get(address) ?? context.store.get(address, decodeAddress(address));
    return after === null || after.lamports === 0n ? null : after;
  });
  return {
    err: run.err,
    logs: run.logMessages,
    unitsConsumed: run.computeUnitsConsumed,
    fee: 'err' in compute ? 0n : compute.budget.fee,
    accounts,
    innerInstructions: run.innerInstructions,
    ...(run.returnData === undefined ? {} : { returnData: run.returnData }),
    ...(request.replaceRecentBlockhash ? { replacementBlockhash: newestBlockhash(context) } : {}),
    slot: context.slot,
  };
}

function runOnce(wire: Uint8Array, context: BlockContext, posted: Map<string, AccountState>): Run {
  const result = context.store.runtime.simulate(wire);
  if (result instanceof FailedTransactionMetadata) return summarizeFailure(result);
  for (const entry of result.postAccounts()) {
    posted.set(encodeAddress(entry.address), toAccountState(entry.account()));
  }
  return summarizeMeta(result.meta(), null);
}

function newestBlockhash(context: BlockContext): NonNullable<SimulationResult['replacementBlockhash']> {
  const { blockhash, height } = context.parent;
  return { blockhash, lastValidBlockHeight: height + MAX_BLOCKHASH_AGE_BLOCKS };
}
