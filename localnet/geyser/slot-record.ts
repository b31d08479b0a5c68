import type { AccountsEvent, BlockEvent, ExecutedTransaction } from '../engine/messages.js';
import { AccountUpdate } from './account-update.js';
import { type BlockContent, encodeEntries } from './block-update.js';
import type { SlotUpdate } from './slot-update.js';
import { TransactionUpdate } from './transaction-update.js';

/** What a transaction weighs beside the data of the accounts that it wrote: messages, logs, objects. */
const TRANSACTION_BYTES = 2_000;
const WRITE_BYTES = 300;

/** A slot's content in batch form: the last write of each account, the transactions, the entries. */
export interface SlotContent {
  readonly accounts: readonly AccountUpdate[];
  readonly transactions: readonly TransactionUpdate[];
  readonly block: BlockContent;
}

/** A slot status with its place in the order of everything that was sent. */
export interface OrderedStatus {
  readonly order: number;
  readonly update: SlotUpdate;
}

/**
 * What happened in one slot, kept for confirmed and finalized subscribers and for replay. It holds the engine's own
 * objects; updates are made from them only when somebody wants them.
 */
export class SlotRecord {
  readonly slot: number;
  readonly statuses: OrderedStatus[] = [];
  readonly #items: (ExecutedTransaction | AccountsEvent)[] = [];
  #block: BlockEvent | undefined;
  #blockAtMs = 0;
  #blockOrder = 0;
  /** Estimate of the memory that this slot holds. */
  bytes = 0;
  confirmed = false;
  finalized = false;

  constructor(slot: number) {
    this.slot = slot;
  }

  addTransaction(transaction: ExecutedTransaction): void {
    this.#items.push(transaction);
    this.bytes += TRANSACTION_BYTES;
    for (const { account } of transaction.writes) this.bytes += WRITE_BYTES + account.data.length;
  }

  addAccounts(event: AccountsEvent): void {
    this.#items.push(event);
    for (const { account } of event.writes) this.bytes += WRITE_BYTES + account.data.length;
  }

  /** The slot's block is complete: from now on the slot can be replayed. */
  freeze(block: BlockEvent, order: number, atMs: number): void {
    this.#block = block;
    this.#blockOrder = order;
    this.#blockAtMs = atMs;
  }

  get frozen(): boolean {
    return this.#block !== undefined;
  }

  /** Place of the block in the order of everything that was sent. */
  get blockOrder(): number {
    return this.#blockOrder;
  }

  /** Undefined before the slot is frozen. */
  content(): SlotContent | undefined {
    if (this.#block === undefined) return undefined;
    const transactions: TransactionUpdate[] = [];
    const accounts = new Map<string, AccountUpdate>();
    const add = (update: AccountUpdate): void => {
      const { address, writeVersion } = update.write;
      const other = accounts.get(address);
      if (other !== undefined && other.write.writeVersion >= writeVersion) return;
      // Set anew, so that the account stands where its last write stood.
      accounts.delete(address);
      accounts.set(address, update);
    };
    for (const item of this.#items) {
      if ('wire' in item) {
        const update = new TransactionUpdate(item);
        transactions.push(update);
        for (const write of item.writes) {
          add(new AccountUpdate(item.slot, write, update.signature, item.executedAtMs));
        }
      } else {
        for (const write of item.writes) add(new AccountUpdate(item.slot, write, undefined, this.#blockAtMs));
      }
    }
    const block: BlockContent = {
      info: this.#block,
      transactions,
      accounts: [...accounts.values()],
      entries: encodeEntries(this.#block),
      createdAtMs: this.#blockAtMs,
    };
    return { accounts: block.accounts, transactions, block };
  }
}
