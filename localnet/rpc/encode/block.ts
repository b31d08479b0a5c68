/** Blocks as getBlock and blockSubscribe show them. */
import type { LedgerBlock } from '../../ledger/types.js';
import type { Json } from './json.js';
import {
  encodeTransactionAccounts,
  encodeTransactionWithMeta,
  type TransactionFormat,
} from './transaction.js';

export type BlockDetails = 'full' | 'accounts' | 'signatures' | 'none';
export const BLOCK_DETAILS = ['full', 'accounts', 'signatures', 'none'];

export interface BlockFormat extends TransactionFormat {
  readonly details: BlockDetails;
  readonly rewards: boolean;
}

/** Throws -32015 when a transaction's version is not supported by the client. */
export function encodeBlock({ info, transactions }: LedgerBlock, format: BlockFormat): Json {
  const { details } = format;
  return {
    blockHeight: info.blockHeight,
    blockTime: info.blockTime,
    blockhash: info.blockhash,
    parentSlot: info.parentSlot,
    previousBlockhash: info.parentBlockhash,
    rewards: format.rewards ? [] : undefined,
    signatures: details === 'signatures' ? transactions.map(({ signature }) => signature) : undefined,
    transactions:
      details === 'full'
        ? transactions.map((transaction) => encodeTransactionWithMeta(transaction, format))
        : details === 'accounts'
          ? transactions.map((transaction) =>
              encodeTransactionAccounts(transaction, format.maxSupportedVersion),
            )
          : undefined,
  };
}
