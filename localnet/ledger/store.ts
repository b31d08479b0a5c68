/**
 * The ledger's state, changed by the engine's events and by nothing else. At every moment one chain of frozen
 * slots is alive, with at most one slot open on top of it; what a lost or dead slot did is taken out again.
 */
import type {
  AccountState,
  BlockEvent,
  EngineEvent,
  ExecutedTransaction,
  SlotEvent,
} from '../engine/messages.js';
import { AccountStore } from './account-store.js';
import { type FrozenSlot, openSlot, SlotChain, type SlotRecord } from './slot-chain.js';
import { StoredTransaction } from './stored-transaction.js';
import { TransactionList } from './transaction-list.js';

/** Views reach this many slots under the root: recent statuses, lagging nodes and Yellowstone's replay need it. */
export const RECENT_SLOTS = 150;
/** Blocks kept unless told otherwise. */
export const LEDGER_SLOTS_DEFAULT = 100_000;
/** Transactions kept in all; whole blocks are dropped, oldest first, and never one of the recent slots. */
export const LEDGER_TRANSACTIONS_MAX = 200_000;

export interface LedgerStoreOptions {
  /** The block on which everything starts: genesis, or the oldest block of a ledger that was kept. */
  readonly base: BlockEvent;
  readonly accounts: Iterable<{
    readonly address: string;
    readonly account: AccountState;
    readonly writeVersion?: bigint;
  }>;
  /** Transactions from genesis to the end of the base block. */
  readonly transactionsTotal?: number;
  readonly slotsMax?: number;
  readonly transactionsMax?: number;
}

export class LedgerStore {
  readonly accounts = new AccountStore();
  readonly chain = new SlotChain();
  /** Transactions of the chain and of the open slot. */
  readonly bySignature = new Map<string, StoredTransaction>();
  readonly byAddress = new Map<string, TransactionList>();
  /** Every kept slot by number, those off the chain too. */
  readonly slots = new Map<number, SlotRecord>();
  confirmedSlot: number;
  rootSlot: number;
  tipSlot: number;
  /** The highest write version seen. */
  writeVersion = 0n;

  readonly #slotsMax: number;
  readonly #transactionsMax: number;
  /** Slots off the chain or not yet settled, oldest first, to be forgotten with time. */
  #settledSlot: number;

  constructor(options: LedgerStoreOptions) {
    const { base } = options;
    this.#slotsMax = options.slotsMax ?? LEDGER_SLOTS_DEFAULT;
    this.#transactionsMax = options.transactionsMax ?? LEDGER_TRANSACTIONS_MAX;
    for (const { address, account, writeVersion = 0n } of options.accounts) {
      this.accounts.write({ address, account, writeVersion }, base.slot);
      if (writeVersion > this.writeVersion) this.writeVersion = writeVersion;
    }
    const record: FrozenSlot = {
      ...openSlot(base.slot),
      state: 'frozen',
      block: base,
      touched: undefined,
      transactionsTotal: options.transactionsTotal ?? 0,
    };
    this.chain.push(record);
    this.slots.set(base.slot, record);
    this.confirmedSlot = base.slot;
    this.rootSlot = base.slot;
    this.tipSlot = base.slot;
    this.#settledSlot = base.slot;
  }

  apply(event: EngineEvent): void {
    switch (event.type) {
      case 'transaction':
        this.#addTransaction(event.transaction);
        break;
      case 'accounts':
        this.#write(this.#record(event.slot), event.writes);
        break;
      case 'block':
        this.#record(event.slot).block = event;
        break;
      case 'slot':
        this.#onSlot(event);
        break;
      case 'rollback':
        // Newest first, so that each one is the head when its turn comes.
        for (const slot of event.slots.toSorted((left, right) => right - left)) this.#lose(slot, 'lost');
        break;
      case 'dropped':
        break;
    }
  }

  /** No view is older than this slot. */
  get oldestViewSlot(): number {
    return this.rootSlot - RECENT_SLOTS;
  }

  #onSlot(event: SlotEvent): void {
    this.tipSlot = Math.max(this.tipSlot, event.slot);
    switch (event.status) {
      case 'firstShred':
      case 'createdBank':
      case 'completed':
        this.#record(event.slot);
        break;
      case 'processed':
        this.#freeze(event.slot);
        break;
      case 'confirmed':
        this.confirmedSlot = Math.max(this.confirmedSlot, event.slot);
        break;
      case 'finalized':
        this.confirmedSlot = Math.max(this.confirmedSlot, event.slot);
        this.rootSlot = Math.max(this.rootSlot, event.slot);
        this.#settle();
        this.#prune();
        break;
      case 'dead':
        this.#lose(event.slot, 'dead');
        break;
    }
  }

  #record(slot: number): SlotRecord {
    const known = this.slots.get(slot);
    if (known !== undefined) return known;
    const record = openSlot(slot);
    this.slots.set(slot, record);
    return record;
  }

  #addTransaction(transaction: ExecutedTransaction): void {
    const record = this.#record(transaction.slot);
    const lists = transaction.accountKeys.map((address) => this.#list(address));
    const stored = new StoredTransaction(transaction, lists);
    // A set, because two places of one message may name one account (once static, once looked up).
    for (const list of new Set(lists)) list.push(stored);
    record.transactions.push(stored);
    this.bySignature.set(transaction.signature, stored);
    this.#write(record, transaction.writes);
  }

  #list(address: string): TransactionList {
    const known = this.byAddress.get(address);
    if (known !== undefined) return known;
    const list = new TransactionList(address);
    this.byAddress.set(address, list);
    return list;
  }

  #write(record: SlotRecord, writes: ExecutedTransaction['writes']): void {
    for (const write of writes) {
      this.accounts.write(write, record.slot);
      record.touched?.add(write.address);
      if (write.writeVersion > this.writeVersion) this.writeVersion = write.writeVersion;
    }
  }

  #freeze(slot: number): void {
    // An engine that goes on from a kept ledger announces its last blocks again.
    if (slot <= this.rootSlot) return;
    const record = this.#record(slot);
    if (record.state !== 'open') return;
    const { block } = record;
    if (block === undefined) throw new Error(`slot ${slot} was processed without its block`);
    // The engine says so itself as a rule; a parent further down says it as well.
    while (this.chain.length > 1 && this.chain.head.slot > block.parentSlot) {
      this.#lose(this.chain.head.slot, 'lost');
    }
    record.transactionsTotal = this.chain.head.transactionsTotal + block.transactionCount;
    record.state = 'frozen';
    this.chain.push(record as FrozenSlot);
  }

  #lose(slot: number, state: 'lost' | 'dead'): void {
    const record = this.slots.get(slot);
    if (record === undefined || record.state === 'lost' || record.state === 'dead') return;
    if (record.state === 'frozen') {
      // What was built on a lost slot is lost with it.
      while (this.chain.head !== record) this.#lose(this.chain.head.slot, 'lost');
      this.chain.popHead();
    }
    for (const address of record.touched ?? []) this.accounts.removeSlot(address, slot);
    for (let index = record.transactions.length - 1; index >= 0; index -= 1) {
      this.#forget(record.transactions[index]!, (list, stored) => list.removeNewest(stored));
    }
    record.touched = undefined;
    // A slot that is undone while still being made will be announced dead, or not at all.
    record.state = record.block === undefined ? 'dead' : state;
  }

  #forget(stored: StoredTransaction, remove: (list: TransactionList, stored: StoredTransaction) => void) {
    if (this.bySignature.get(stored.signature) === stored) this.bySignature.delete(stored.signature);
    for (const list of new Set(stored.lists)) {
      remove(list, stored);
      if (list.size === 0) this.byAddress.delete(list.address);
    }
  }

  /** Slots that no view can tell from their successors any more: one version an account, packed transactions. */
  #settle(): void {
    const floor = this.oldestViewSlot;
    for (let slot = this.#settledSlot; slot <= floor; slot += 1) {
      const record = this.slots.get(slot);
      if (record === undefined) continue;
      if (record.state !== 'frozen') {
        this.slots.delete(slot);
        continue;
      }
      for (const address of record.touched ?? []) this.accounts.prune(address, slot);
      record.touched = undefined;
      record.fees = undefined;
      for (const stored of record.transactions) stored.pack();
    }
    this.#settledSlot = Math.max(this.#settledSlot, floor + 1);
  }

  #prune(): void {
    const settled = this.chain.indexAt(this.oldestViewSlot);
    let excess = this.bySignature.size - this.#transactionsMax;
    let count = 0;
    // The newest settled slot stays: views at the very edge still read its block.
    for (const record of this.chain.slice(0, settled)) {
      if (this.chain.length - count <= this.#slotsMax && excess <= 0) break;
      excess -= record.transactions.length;
      count += 1;
    }
    for (const record of this.chain.dropOldest(count)) {
      this.slots.delete(record.slot);
      for (const stored of record.transactions) {
        this.#forget(stored, (list) => list.dropBefore(record.slot + 1));
      }
    }
  }
}
