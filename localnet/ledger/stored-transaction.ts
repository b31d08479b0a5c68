/**
 * One transaction as the ledger keeps it: whole while young, then packed into bytes, since a long history as
 * objects would cost several times the memory. What a packed one loses are its account writes, which only
 * Yellowstone's replay asks for, and that reaches no further than the young ones.
 */
import { Packr } from 'msgpackr';
import type { AccountWrite, ExecutedTransaction, TransactionErrorJson } from '../engine/messages.js';
import { ownBuffer } from '../own-buffer.js';
import type { TransactionList } from './transaction-list.js';

// Shared record structures keep the property names out of every packed transaction.
const packr = new Packr({ structures: [], copyBuffers: true });

type PackedBody = Omit<ExecutedTransaction, 'writes' | 'accountKeys'>;

const NO_WRITES: readonly AccountWrite[] = Object.freeze([]);

export class StoredTransaction {
  readonly signature: string;
  readonly slot: number;
  readonly index: number;
  readonly err: TransactionErrorJson | null;
  /** The lists of the addresses it names, in the order of its account keys. */
  readonly lists: readonly TransactionList[];
  #body: ExecutedTransaction | Buffer;

  constructor(transaction: ExecutedTransaction, lists: readonly TransactionList[]) {
    this.signature = transaction.signature;
    this.slot = transaction.slot;
    this.index = transaction.index;
    this.err = transaction.err;
    this.lists = lists;
    this.#body = transaction;
  }

  /** The transaction; without its writes once it was packed. */
  read(): ExecutedTransaction {
    if (!Buffer.isBuffer(this.#body)) return this.#body;
    const body = packr.unpack(this.#body) as PackedBody;
    return { ...body, accountKeys: this.lists.map((list) => list.address), writes: NO_WRITES };
  }

  pack(): void {
    if (Buffer.isBuffer(this.#body)) return;
    const { writes: _writes, accountKeys: _accountKeys, ...body } = this.#body;
    // Copied, because the packer hands out a view of a larger pool, which it would keep alive.
    this.#body = ownBuffer(packr.pack(body));
  }
}
