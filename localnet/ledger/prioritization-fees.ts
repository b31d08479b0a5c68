/** What was paid in a block per compute unit: the least of all its transactions, and the least per written account. */
import type { ExecutedTransaction } from '../engine/messages.js';
import { COMPUTE_BUDGET_PROGRAM } from '../engine/well-known.js';
import { type ParsedTransaction, parseTransaction } from '../engine/wire.js';

/** The compute budget program's instruction SetComputeUnitPrice: this byte, then a u64 of micro-lamports. */
const SET_COMPUTE_UNIT_PRICE = 3;
const SET_COMPUTE_UNIT_PRICE_BYTES = 9;

export interface BlockFees {
  /** Micro-lamports a compute unit; 0 for a block without transactions. */
  readonly minimum: number;
  readonly byWrittenAccount: ReadonlyMap<string, number>;
}

export function blockFees(transactions: readonly ExecutedTransaction[]): BlockFees {
  let minimum: number | undefined;
  const byWrittenAccount = new Map<string, number>();
  for (const transaction of transactions) {
    // Votes pay no priority fee by their nature and would hide what others pay.
    if (transaction.isVote) continue;
    const parsed = parseTransaction(transaction.wire);
    const price = priceIn(parsed, transaction.accountKeys);
    minimum = minimum === undefined ? price : Math.min(minimum, price);
    for (const address of lockedForWriting(transaction, parsed)) {
      byWrittenAccount.set(address, Math.min(price, byWrittenAccount.get(address) ?? price));
    }
  }
  return { minimum: minimum ?? 0, byWrittenAccount };
}

/** The price that the transaction set for itself, micro-lamports a compute unit; 0 where it set none. */
export function computeUnitPrice({
  wire,
  accountKeys,
}: Pick<ExecutedTransaction, 'wire' | 'accountKeys'>): number {
  return accountKeys.includes(COMPUTE_BUDGET_PROGRAM) ? priceIn(parseTransaction(wire), accountKeys) : 0;
}

function priceIn({ instructions }: ParsedTransaction, accountKeys: readonly string[]): number {
  const programIndex = accountKeys.indexOf(COMPUTE_BUDGET_PROGRAM);
  for (const { programIdIndex, data } of instructions) {
    if (programIdIndex !== programIndex || data[0] !== SET_COMPUTE_UNIT_PRICE) continue;
    if (data.length < SET_COMPUTE_UNIT_PRICE_BYTES) continue;
    return Number(new DataView(data.buffer, data.byteOffset).getBigUint64(1, true));
  }
  return 0;
}

/** Every account that it asked to write, whether it succeeded or not: what it paid for was the lock. */
function lockedForWriting(
  { accountKeys, loadedWritable }: ExecutedTransaction,
  { requiredSignatures, readonlySigned, readonlyUnsigned, staticKeys }: ParsedTransaction,
): string[] {
  const signers = accountKeys.slice(0, requiredSignatures - readonlySigned);
  const others = accountKeys.slice(requiredSignatures, staticKeys.length - readonlyUnsigned);
  return [...signers, ...others, ...loadedWritable];
}
