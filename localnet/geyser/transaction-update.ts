import type { ExecutedTransaction, TokenBalanceInfo } from '../engine/messages.js';
import { encodeTransactionError } from '../engine/transaction-error.js';
import { writeTransactionMeta } from './encode-meta.js';
import { firstSignature, writeTransaction } from './encode-transaction.js';
import { writeCreatedAt } from './timestamp.js';
import type { TokenOwners } from './transaction-filter.js';
import { WireWriter } from './wire-writer.js';

const UPDATE_TRANSACTION = 4;
const UPDATE_TRANSACTION_STATUS = 10;

const writer = new WireWriter();

/** One executed transaction on its way to subscribers; each of its forms is encoded once. */
export class TransactionUpdate {
  readonly transaction: ExecutedTransaction;
  readonly signature: Uint8Array;
  #info: Buffer | undefined;
  #body: Buffer | undefined;
  #statusBody: Buffer | undefined;
  #keys: ReadonlySet<string> | undefined;
  readonly #widenedKeys = new Map<TokenOwners, ReadonlySet<string>>();

  constructor(transaction: ExecutedTransaction) {
    this.transaction = transaction;
    this.signature = firstSignature(transaction.wire);
  }

  /** The static and looked-up keys; with `tokenOwners` also the owners of token balances. */
  keys(tokenOwners?: TokenOwners): ReadonlySet<string> {
    this.#keys ??= new Set(this.transaction.accountKeys);
    if (tokenOwners === undefined) return this.#keys;
    let keys = this.#widenedKeys.get(tokenOwners);
    if (keys === undefined) {
      keys = new Set([...this.#keys, ...ownersOf(this.transaction, tokenOwners)]);
      this.#widenedKeys.set(tokenOwners, keys);
    }
    return keys;
  }

  /** The encoded `SubscribeUpdateTransactionInfo`, as updates and blocks carry it. */
  info(): Buffer {
    if (this.#info === undefined) {
      const { transaction } = this;
      writer.bytes(1, this.signature);
      writer.bool(2, transaction.isVote);
      const inner = writer.open(3);
      writeTransaction(writer, transaction.wire);
      writer.close(inner);
      const meta = writer.open(4);
      writeTransactionMeta(writer, transaction);
      writer.close(meta);
      writer.uint(5, transaction.index);
      this.#info = writer.finish();
    }
    return this.#info;
  }

  /** The encoded transaction update without its filter names. */
  body(): Buffer {
    if (this.#body === undefined) {
      const info = this.info();
      const start = writer.open(UPDATE_TRANSACTION);
      writer.bytesAlways(1, info);
      writer.uint(2, this.transaction.slot);
      writer.close(start);
      writeCreatedAt(writer, this.transaction.executedAtMs);
      this.#body = writer.finish();
    }
    return this.#body;
  }

  /** The encoded transaction-status update without its filter names. */
  statusBody(): Buffer {
    if (this.#statusBody === undefined) {
      const { slot, isVote, index, err, executedAtMs } = this.transaction;
      const start = writer.open(UPDATE_TRANSACTION_STATUS);
      writer.uint(1, slot);
      writer.bytes(2, this.signature);
      writer.bool(3, isVote);
      writer.uint(4, index);
      if (err !== null) {
        const error = writer.open(5);
        writer.bytes(1, encodeTransactionError(err));
        writer.close(error);
      }
      writer.close(start);
      writeCreatedAt(writer, executedAtMs);
      this.#statusBody = writer.finish();
    }
    return this.#statusBody;
  }
}

function ownersOf(transaction: ExecutedTransaction, tokenOwners: TokenOwners): Iterable<string> {
  const { preTokenBalances: before, postTokenBalances: after } = transaction;
  if (tokenOwners === 'all') return [...before, ...after].map(({ owner }) => owner);
  const beforeByIndex = new Map(before.map((balance) => [balance.accountIndex, balance]));
  const afterIndices = new Set(after.map(({ accountIndex }) => accountIndex));
  const changed = (balance: TokenBalanceInfo): boolean =>
    beforeByIndex.get(balance.accountIndex)?.amount !== balance.amount;
  const closed = before.filter(({ accountIndex }) => !afterIndices.has(accountIndex));
  return [...after.filter(changed), ...closed].map(({ owner }) => owner);
}
