import { setImmediate } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type {
  AccountsEvent,
  BlockEvent,
  Commitment,
  EngineEvent,
  ExecutedTransaction,
  SlotEvent,
} from '../engine/messages.js';
import { AccountUpdate } from './account-update.js';
import { type BlockContent, encodeEntryUpdate } from './block-update.js';
import type { StreamEnd } from './outbox.js';
import { type HistoryLimits, SlotHistory } from './slot-history.js';
import type { SlotContent, SlotRecord } from './slot-record.js';
import { SlotUpdate } from './slot-update.js';
import type { Subscription, SubscriptionHost } from './subscription.js';
import { TransactionUpdate } from './transaction-update.js';

/** A replay pauses while more updates than this wait for its client. */
const REPLAY_BACKLOG_MAX = 4_096;
/** Account updates and transactions that a replay sends before it lets others have the thread. */
const REPLAY_BATCH = 512;
const REPLAY_PAUSE_MS = 5;

/** A step of a replay with its place in the order of everything that was sent. */
interface ReplayStep {
  readonly order: number;
  readonly record?: SlotRecord;
  readonly status?: SlotUpdate;
}

export interface UpdateHubOptions extends HistoryLimits {
  readonly nowMs: () => number;
  /** Waits; so that tests and shutdown can end it. */
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Turns the engine's events into updates and brings them, in each commitment's own order, to the subscriptions of
 * that commitment: processed as they come, confirmed and finalized slot by slot.
 */
export class UpdateHub implements SubscriptionHost {
  readonly #options: UpdateHubOptions;
  readonly #history: SlotHistory;
  readonly #subscriptions = new Set<Subscription>();
  #byCommitment = groupByCommitment([]);
  #order = 0;
  /** When the last slot status was made: blocks are told with the statuses around them, and by the same clock. */
  #statusAtMs: number | undefined;

  constructor(options: UpdateHubOptions) {
    this.#options = options;
    this.#history = new SlotHistory(options);
  }

  get subscriptions(): ReadonlySet<Subscription> {
    return this.#subscriptions;
  }

  /** The oldest slot for `from_slot`. */
  firstAvailable(): number | undefined {
    return this.#history.firstAvailable();
  }

  add(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
    this.#regroup();
  }

  onFilter = (): void => this.#regroup();

  onClose = (subscription: Subscription): void => {
    this.#subscriptions.delete(subscription);
    this.#regroup();
  };

  endAll(reason: StreamEnd): void {
    for (const subscription of [...this.#subscriptions]) subscription.end(reason);
  }

  onEvent(event: EngineEvent): void {
    this.#order++;
    switch (event.type) {
      case 'transaction':
        this.#onTransaction(event.transaction);
        break;
      case 'accounts':
        this.#onAccounts(event);
        break;
      case 'block':
        this.#onBlock(event);
        break;
      case 'slot':
        this.#onSlot(event);
        break;
      case 'rollback':
      case 'dropped':
        // No client is told: a lost fork is silence.
        break;
    }
  }

  #onAccounts(event: AccountsEvent): void {
    this.#history.record(event.slot).addAccounts(event);
    if (this.#byCommitment.processed.length === 0) return;
    for (const write of event.writes) {
      const update = new AccountUpdate(event.slot, write, undefined, this.#options.nowMs());
      for (const subscription of this.#byCommitment.processed) subscription.account(update);
    }
  }

  #onTransaction(transaction: ExecutedTransaction): void {
    this.#history.record(transaction.slot).addTransaction(transaction);
    const { processed } = this.#byCommitment;
    if (processed.length === 0) return;
    const update = new TransactionUpdate(transaction);
    for (const write of transaction.writes) {
      const written = new AccountUpdate(transaction.slot, write, update.signature, transaction.executedAtMs);
      for (const subscription of processed) subscription.account(written);
    }
    for (const subscription of processed) subscription.transaction(update);
  }

  #onBlock(event: BlockEvent): void {
    const record = this.#history.record(event.slot);
    record.freeze(event, this.#order, this.#statusAtMs ?? this.#options.nowMs());
    this.#history.prune(event.slot);
    if (this.#byCommitment.processed.length === 0) return;
    const content = record.content()!;
    for (const subscription of this.#byCommitment.processed) {
      offerEntries(subscription, content.block);
      subscription.block(content.block);
    }
  }

  #onSlot(event: SlotEvent): void {
    this.#statusAtMs = event.atMs;
    const update = new SlotUpdate(event);
    const record = this.#history.record(event.slot);
    record.statuses.push({ order: this.#order, update });
    if (event.status === 'confirmed' || event.status === 'finalized') this.#flush(record, event.status);
    for (const subscription of this.#subscriptions) subscription.slot(update);
  }

  /** Confirmed and finalized subscribers get a slot in one batch, before its status. */
  #flush(record: SlotRecord, commitment: 'confirmed' | 'finalized'): void {
    if (record[commitment]) return;
    record[commitment] = true;
    if (commitment === 'finalized') record.confirmed = true;
    if (this.#byCommitment[commitment].length === 0) return;
    const content = record.content();
    if (content === undefined) return;
    for (const subscription of this.#byCommitment[commitment]) offerContent(subscription, content);
  }

  onReplay = async (subscription: Subscription, fromSlot: bigint): Promise<void> => {
    const first = this.#history.firstAvailable();
    if (first !== undefined && fromSlot < BigInt(first)) {
      const details = `broadcast from ${fromSlot} is not available, last available: ${first}`;
      subscription.end({ code: status.OUT_OF_RANGE, details });
      return;
    }
    const steps = this.#replaySteps(Number(fromSlot), subscription.filter.commitment);
    if (steps.length === 0) return;
    subscription.beginReplay();
    for (const { record, status: update } of steps) {
      if (update !== undefined) subscription.replay(() => subscription.slot(update));
      const content = record?.content();
      if (content !== undefined) await this.#replayContent(subscription, content);
      if (subscription.closed) return;
    }
    subscription.endReplay();
  };

  #replaySteps(fromSlot: number, commitment: Commitment): readonly ReplayStep[] {
    const steps: ReplayStep[] = [];
    for (const record of this.#history.frozenFrom(fromSlot)) {
      for (const { order, update } of record.statuses) steps.push({ order, status: update });
      if (commitment === 'processed' || record[commitment]) steps.push({ order: record.blockOrder, record });
    }
    return steps.sort((left, right) => left.order - right.order);
  }

  async #replayContent(subscription: Subscription, content: SlotContent): Promise<void> {
    const updates = [...content.accounts, ...content.transactions];
    for (let at = 0; at < updates.length; at += REPLAY_BATCH) {
      subscription.replay(() => {
        for (const update of updates.slice(at, at + REPLAY_BATCH)) {
          if (update instanceof AccountUpdate) subscription.account(update);
          else subscription.transaction(update);
        }
      });
      await this.#letOthersRun(subscription);
      if (subscription.closed) return;
    }
    subscription.replay(() => {
      offerEntries(subscription, content.block);
      subscription.block(content.block);
    });
  }

  async #letOthersRun(subscription: Subscription): Promise<void> {
    await setImmediate();
    // Bounded by the ping: a client that is gone fails it, and that closes the subscription.
    while (!subscription.closed && subscription.backlog > REPLAY_BACKLOG_MAX) {
      await this.#options.sleep(REPLAY_PAUSE_MS);
    }
  }

  #regroup(): void {
    this.#byCommitment = groupByCommitment(this.#subscriptions);
  }
}

function groupByCommitment(subscriptions: Iterable<Subscription>): Record<Commitment, Subscription[]> {
  const groups = { processed: [], confirmed: [], finalized: [] } as Record<Commitment, Subscription[]>;
  for (const subscription of subscriptions) groups[subscription.filter.commitment].push(subscription);
  return groups;
}

function offerContent(subscription: Subscription, content: SlotContent): void {
  for (const update of content.accounts) subscription.account(update);
  for (const update of content.transactions) subscription.transaction(update);
  offerEntries(subscription, content.block);
  subscription.block(content.block);
}

function offerEntries(subscription: Subscription, block: BlockContent): void {
  for (const entry of block.entries) subscription.entry(() => encodeEntryUpdate(entry, block.createdAtMs));
}
