import { asAddress, asSlot, type Signature } from '../../src/model/brands.js';
import type { TransactionUpdate } from '../../src/stream/types.js';

/** A wallet's transaction as the stream tells of it. */
export function transactionUpdate(
  signature: Signature,
  slot: number,
  more: Partial<TransactionUpdate> = {},
): TransactionUpdate {
  return {
    signature,
    slot: asSlot(slot),
    index: 0,
    error: undefined,
    feeLamports: 5_000n,
    computeUnitsConsumed: 20_000n,
    accountKeys: [asAddress('wallet1')],
    preBalances: [],
    postBalances: [],
    preTokenBalances: [],
    postTokenBalances: [],
    logMessages: [],
    receivedUs: 0,
    ...more,
  };
}

/** Lets every promise that can go on do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
