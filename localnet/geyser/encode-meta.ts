import type { ExecutedTransaction, TokenBalanceInfo } from '../engine/messages.js';
import { encodeTransactionError } from '../engine/transaction-error.js';
import { addressBytes } from './base58.js';
import type { WireWriter } from './wire-writer.js';

/** The fields of `TransactionStatusMeta`. */
export function writeTransactionMeta(out: WireWriter, transaction: ExecutedTransaction): void {
  if (transaction.err !== null) {
    const error = out.open(1);
    out.bytes(1, encodeTransactionError(transaction.err));
    out.close(error);
  }
  out.bigint(2, transaction.fee);
  writePacked(out, 3, transaction.preBalances);
  writePacked(out, 4, transaction.postBalances);
  writeInnerInstructions(out, transaction);
  for (const line of transaction.logMessages) out.stringAlways(6, line);
  for (const balance of transaction.preTokenBalances) writeTokenBalance(out, 7, balance);
  for (const balance of transaction.postTokenBalances) writeTokenBalance(out, 8, balance);
  for (const address of transaction.loadedWritable) out.bytesAlways(12, addressBytes(address));
  for (const address of transaction.loadedReadonly) out.bytesAlways(13, addressBytes(address));
  if (transaction.returnData === undefined) {
    out.bool(15, true);
  } else {
    const returnData = out.open(14);
    out.bytes(1, addressBytes(transaction.returnData.programId));
    out.bytes(2, transaction.returnData.data);
    out.close(returnData);
  }
  out.bigintAlways(16, transaction.computeUnitsConsumed);
}

function writePacked(out: WireWriter, field: number, values: readonly bigint[]): void {
  if (values.length === 0) return;
  const start = out.open(field);
  for (const value of values) out.varint64(value);
  out.close(start);
}

function writeInnerInstructions(out: WireWriter, { innerInstructions }: ExecutedTransaction): void {
  for (const { index, instructions } of innerInstructions) {
    const group = out.open(5);
    out.uint(1, index);
    for (const instruction of instructions) {
      const start = out.open(2);
      out.uint(1, instruction.programIdIndex);
      out.bytes(2, instruction.accounts);
      out.bytes(3, instruction.data);
      if (instruction.stackHeight !== undefined) out.uintAlways(4, instruction.stackHeight);
      out.close(start);
    }
    out.close(group);
  }
}

function writeTokenBalance(out: WireWriter, field: number, balance: TokenBalanceInfo): void {
  const start = out.open(field);
  out.uint(1, balance.accountIndex);
  out.string(2, balance.mint);
  const amount = out.open(3);
  const text = uiAmountText(balance.amount, balance.decimals);
  out.double(1, Number(text));
  out.uint(2, balance.decimals);
  out.string(3, balance.amount.toString());
  out.string(4, text);
  out.close(amount);
  out.string(4, balance.owner);
  out.string(5, balance.programId);
  out.close(start);
}

/** The amount in whole tokens, without zeros at its end. */
function uiAmountText(amount: bigint, decimals: number): string {
  if (decimals === 0) return amount.toString();
  const digits = amount.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  const whole = digits.slice(0, -decimals);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
