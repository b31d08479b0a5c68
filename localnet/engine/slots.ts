/** Slots begin and end here: blocks are opened, frozen, lost, confirmed. Time is the caller's affair. */
import type { BootState } from './boot.js';
import { Forks } from './forks.js';
import type { AccountState, EngineEvent, SlotConditions, SlotLifeStatus } from './messages.js';
import { OpenBlock, type PendingTransaction } from './open-block.js';
import { createPrng } from './prng.js';
import { SlotPlanner } from './slot-planner.js';

/** How likely the next leader finds a transaction of an undone block, or of a full one, in its own queue. */
export const REQUEUE_PROBABILITY = 0.5;

export interface SlotHost {
  nowMs(): number;
  emit(event: EngineEvent): void;
  conditions(): SlotConditions;
  leaderAt(slot: number): string;
  /** Transactions that come back by themselves after a roll-back, in their old order. */
  requeue(transactions: readonly PendingTransaction[]): void;
  /** Writes of the cluster itself that were undone with a block and have to be done again. */
  rewrite(writes: ReadonlyMap<string, AccountState>): void;
}

export class SlotProducer {
  readonly forks: Forks;
  /** Null before the first slot, and in a skipped one. */
  open: OpenBlock | null = null;
  private readonly planner: SlotPlanner;
  private undoneClusterWrites = new Map<string, AccountState>();

  constructor(
    private readonly state: BootState,
    private readonly seed: string,
    private readonly host: SlotHost,
  ) {
    this.forks = new Forks(state.chain, state.store);
    this.planner = new SlotPlanner(seed);
  }

  /** The slot that the clock is in. */
  currentSlot(): number {
    return this.state.counters.lastSlot;
  }

  /** Begins the slot after the last one. */
  begin(): void {
    this.state.counters.lastSlot += 1;
    const slot = this.currentSlot();
    const plan = this.planner.plan(slot, this.host.conditions());
    if (plan.fate === 'skipped') return;
    const { chain, store } = this.state;
    if (chain.head().doomed && !plan.continuesFork) this.abandonLostFork();
    const parent = chain.head();
    const unixTimestamp = Math.max(parent.blockTime, Math.floor(this.host.nowMs() / 1000));
    store.runtime.beginSlot(slot, unixTimestamp, chain.slotHashes());
    this.open = new OpenBlock(slot, parent, this.host.leaderAt(slot), unixTimestamp, plan.fate);
    this.status(slot, parent.slot, 'firstShred');
    this.status(slot, parent.slot, 'createdBank');
    const writes = this.undoneClusterWrites;
    this.undoneClusterWrites = new Map();
    this.host.rewrite(writes);
  }

  /** Ends the slot: its block is frozen or dies, and older ones are confirmed. */
  end(): void {
    const open = this.open;
    this.open = null;
    if (open?.fate === 'dead') this.die(open);
    else if (open !== null) this.freeze(open);
    this.confirm(this.currentSlot());
  }

  private freeze(open: OpenBlock): void {
    const parent = open.parent;
    this.forks.freeze(open);
    const block = this.state.chain.head();
    this.status(open.slot, parent.slot, 'completed');
    this.host.emit({
      type: 'block',
      slot: block.slot,
      parentSlot: parent.slot,
      blockhash: block.blockhash,
      parentBlockhash: parent.blockhash,
      blockHeight: block.height,
      blockTime: block.blockTime,
      leader: open.leader,
      transactionCount: open.transactions.length,
      entryCount: open.entryCount,
    });
    this.status(open.slot, parent.slot, 'processed');
  }

  private die(open: OpenBlock): void {
    this.host.emit({
      type: 'slot',
      slot: open.slot,
      parent: open.parent.slot,
      status: 'dead',
      atMs: this.host.nowMs(),
      deadError: 'the block could not be replayed',
    });
    this.forks.discard(open);
    this.afterRollback([open]);
  }

  private abandonLostFork(): void {
    this.afterRollback(this.forks.abandonLostFork());
  }

  private afterRollback(undone: readonly OpenBlock[]): void {
    this.host.emit({ type: 'rollback', slots: undone.map((block) => block.slot) });
    const returning: PendingTransaction[] = [];
    for (const block of undone) {
      const draw = createPrng(this.seed, 'requeue', block.slot);
      for (const transaction of block.transactions) {
        const returns = draw() < REQUEUE_PROBABILITY || transaction.sticky;
        if (returns) returning.push(transaction);
        else this.dropForked(transaction);
      }
      for (const [address, account] of block.clusterWrites) this.undoneClusterWrites.set(address, account);
    }
    this.host.requeue(returning);
  }

  private dropForked(transaction: PendingTransaction): void {
    const { signature } = transaction.parsed;
    this.host.emit({ type: 'dropped', signature, reason: 'forked', atMs: this.host.nowMs() });
  }

  /** Votes travel beside the blocks, so that a block is confirmed by slots passed, skipped ones included. */
  private confirm(endedSlot: number): void {
    const { confirmSlots, finalizeSlots } = this.host.conditions();
    for (const block of this.state.chain.all()) {
      if (block.doomed || block.slot > endedSlot - confirmSlots) return;
      if (!block.confirmed) {
        block.confirmed = true;
        this.status(block.slot, block.parentSlot, 'confirmed');
      }
      if (!block.finalized && block.slot <= endedSlot - finalizeSlots) {
        block.finalized = true;
        this.status(block.slot, block.parentSlot, 'finalized');
      }
    }
  }

  private status(slot: number, parent: number, status: SlotLifeStatus): void {
    this.host.emit({ type: 'slot', slot, parent, status, atMs: this.host.nowMs() });
  }
}
