/** What was paid in a block per compute unit: the least of all its transactions, and the least per written account. */
import type { ExecutedTransaction } from '../engine/messages.js';
import { COMPUTE_BUDGET_PROGRAM } from '../engine/well-known.js';

/** The compute budget program's instruction SetComputeUnitPrice: this byte, then a u64 of micro-lamports. */
const SET_COMPUTE_UNIT_PRICE = 3;
const SET_COMPUTE_UNIT_PRICE_BYTES = 9;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const VERSION_FLAG = 0x80;

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
    const { price, written } = readOffer(transaction);
    minimum = minimum === undefined ? price : Math.min(minimum, price);
    for (const address of written) {
      byWrittenAccount.set(address, Math.min(price, byWrittenAccount.get(address) ?? price));
    }
  }
  return { minimum: minimum ?? 0, byWrittenAccount };
}

interface Offer {
  /** Micro-lamports a compute unit; 0 where the transaction set no price. */
  readonly price: number;
  /** Every account that it asked to write, whether it succeeded or not: what it paid for was the lock. */
  readonly written: readonly string[];
}

/** Reads the little that is needed and checks nothing: these bytes were executed. Whole parsing costs ten times it. */
function readOffer({
  wire,
  accountKeys,
  loadedWritable,
}: Pick<ExecutedTransaction, 'wire' | 'accountKeys' | 'loadedWritable'>): Offer {
  // So few signatures and static keys fit into a transaction that each of these counts is one byte.
  let at = 1 + wire[0]! * SIGNATURE_BYTES;
  if ((wire[at]! & VERSION_FLAG) !== 0) at += 1;
  const [required, readonlySigned, readonlyUnsigned, staticKeys] = [0, 1, 2, 3].map((by) => wire[at + by]!);
  const signers = accountKeys.slice(0, required! - readonlySigned!);
  const others = accountKeys.slice(required, staticKeys! - readonlyUnsigned!);
  const price = readPrice(wire, at + 4 + (staticKeys! + 1) * KEY_BYTES, accountKeys);
  return { price, written: [...signers, ...others, ...loadedWritable] };
}

/** @param start where the instructions' count is */
function readPrice(wire: Uint8Array, start: number, accountKeys: readonly string[]): number {
  const program = accountKeys.indexOf(COMPUTE_BUDGET_PROGRAM);
  if (program < 0) return 0;
  let at = start;
  const compact = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wire[at++]!;
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
  };
  for (let left = compact(); left > 0; left -= 1) {
    const called = wire[at++]!;
    const accounts = compact();
    at += accounts;
    const length = compact();
    const isPrice = called === program && wire[at] === SET_COMPUTE_UNIT_PRICE;
    if (isPrice && length >= SET_COMPUTE_UNIT_PRICE_BYTES) {
      return Number(new DataView(wire.buffer, wire.byteOffset + at + 1).getBigUint64(0, true));
    }
    at += length;
  }
  return 0;
}
