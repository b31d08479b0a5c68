/** Reads a directory that `StateWriter` wrote, back into a ledger. */
import type { RunningLedger } from '../ledger/ledger.js';
import type { LedgerStoreOptions } from '../ledger/store.js';
import {
  type BlockRecord,
  type LogRecord,
  readMeta,
  readSegments,
  readSnapshot,
  type Snapshot,
  StateDirError,
  type StateMeta,
} from './state-dir.js';
import type { SegmentSummary } from './state-writer.js';

export interface LoadedState {
  readonly meta: StateMeta;
  readonly snapshot: Snapshot;
  /** The chain as it was, oldest first; never empty. */
  readonly blocks: readonly BlockRecord[];
  /** The highest slot that clients have heard of, but for the one after the head. */
  readonly lastSlot: number;
  readonly segments: readonly SegmentSummary[];
}

/** Undefined where the directory holds no ledger. Throws `StateDirError` where it holds a damaged one. */
export function loadState(dir: string): LoadedState | undefined {
  const meta = readMeta(dir);
  if (meta === undefined) return undefined;
  const snapshot = readSnapshot(dir);
  // Genesis was decided on and the process ended before anything was kept: it may begin again.
  if (snapshot === undefined) return undefined;
  const segments = readSegments(dir);
  const blocks = survivors(segments.flatMap(({ records }) => records));
  const [first] = blocks;
  if (first === undefined || blocks.at(-1)!.block.slot < snapshot.slot) {
    throw new StateDirError(`${dir}: the blocks end before the accounts' slot ${snapshot.slot}`);
  }
  const summaries = segments.map(({ number, bytes, records }) => ({
    number,
    bytes,
    transactions: records.reduce((sum, record) => sum + transactionsIn(record), 0),
    lastSlot: records.reduce((last, record) => Math.max(last, lastSlotOf(record)), 0),
  }));
  const lastSlot = Math.max(...summaries.map((segment) => segment.lastSlot));
  return { meta, snapshot, blocks, lastSlot, segments: summaries };
}

/** What a ledger has to start from, so that `replayState` can then bring it to the head. */
export function storeOptions(
  state: LoadedState,
): Pick<LedgerStoreOptions, 'base' | 'accounts' | 'transactionsTotal'> {
  const { block, transactionsTotal } = state.blocks[0]!;
  // Accounts as of the snapshot stand in for every earlier block: no view reaches back there after a start.
  return { base: block, transactionsTotal, accounts: state.snapshot.accounts };
}

/** Brings the ledger to the head, all of it finalized: on a restart there is nobody left to vote otherwise. */
export function replayState(
  state: LoadedState,
  { apply, store }: Pick<RunningLedger, 'apply' | 'store'>,
): void {
  for (const [index, { block, transactions, writes }] of state.blocks.entries()) {
    const { slot, parentSlot: parent } = block;
    for (const transaction of transactions) apply({ type: 'transaction', transaction });
    if (index === 0) continue;
    if (slot > state.snapshot.slot) apply({ type: 'accounts', slot, writes });
    apply(block);
    apply({ type: 'slot', slot, parent, status: 'processed', atMs: block.blockTime * 1_000 });
  }
  const { slot, block } = store.chain.head;
  apply({ type: 'slot', slot, parent: block.parentSlot, status: 'finalized', atMs: block.blockTime * 1_000 });
}

/** The blocks that were not rolled back. */
function survivors(records: readonly LogRecord[]): readonly BlockRecord[] {
  const chain: BlockRecord[] = [];
  for (const record of records) {
    if (record.type === 'begun') continue;
    if (record.type === 'rollback') {
      const oldest = Math.min(...record.slots);
      while (chain.length > 0 && chain.at(-1)!.block.slot >= oldest) chain.pop();
    } else {
      while (chain.length > 0 && chain.at(-1)!.block.slot > record.block.parentSlot) chain.pop();
      chain.push(record);
    }
  }
  return chain;
}

function transactionsIn(record: LogRecord): number {
  return record.type === 'block' ? record.transactions.length : 0;
}

function lastSlotOf(record: LogRecord): number {
  if (record.type === 'block') return record.block.slot;
  return record.type === 'begun' ? record.slot : Math.max(0, ...record.slots);
}
