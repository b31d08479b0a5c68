// Yellowstone carries errors as bincode of an enum; a wrong number would tell traders another error than happened.
import { txErrDecode } from '@triton-one/yellowstone-grpc';
import { describe, expect, it } from 'vitest';
import type { TransactionErrorJson } from '../../localnet/engine/messages.js';
import {
  encodeTransactionError,
  INSTRUCTION_ERRORS,
  TRANSACTION_ERRORS,
} from '../../localnet/engine/transaction-error.js';
import { address, signedTransaction, solTransfer, TestCluster } from './engine-fixture.js';

function sampleOf(variant: string): TransactionErrorJson {
  if (variant === 'InstructionError') return { InstructionError: [3, { Custom: 6005 }] };
  if (variant === 'DuplicateInstruction') return { DuplicateInstruction: 4 };
  const withIndex = ['InsufficientFundsForRent', 'ProgramExecutionTemporarilyRestricted'];
  return withIndex.includes(variant) ? { [variant]: { account_index: 2 } } : variant;
}

describe('transaction errors', () => {
  it.each(TRANSACTION_ERRORS)('%s is read back by the official decoder', (variant) => {
    const error = sampleOf(variant);
    expect(txErrDecode.decode(Buffer.from(encodeTransactionError(error)))).toEqual(error);
  });

  it.each(INSTRUCTION_ERRORS)('InstructionError %s is read back by the official decoder', (variant) => {
    const error = { InstructionError: [1, variant === 'Custom' ? { Custom: 4_294_967_295 } : variant] };
    expect(txErrDecode.decode(Buffer.from(encodeTransactionError(error)))).toEqual(error);
  });

  it('refuses a name that no error has', () => {
    expect(() => encodeTransactionError('NoSuchError')).toThrow('NoSuchError');
  });

  it('names what the runtime reports by number', () => {
    const cluster = new TestCluster();
    const hash = cluster.headBlock().blockhash;
    const tooMuch = cluster.land(signedTransaction([solTransfer(address('bob'), 10n ** 15n)], hash));
    expect(tooMuch.err).toEqual({ InstructionError: [0, { Custom: 1 }] });
    const unrented = cluster.land(signedTransaction([solTransfer(address('nobody'), 1n)], hash));
    expect(unrented.err).toEqual({ InsufficientFundsForRent: { account_index: 1 } });
  });
});
