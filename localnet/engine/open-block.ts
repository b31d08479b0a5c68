/** The block that is being filled: what went in, and how to take it out again. */
import { createHash, type Hash } from 'node:crypto';
import { base58 } from '@scure/base';
import type { UndoLog } from './account-store.js';
import { BlockCosts } from './block-costs.js';
import type { ChainBlock } from './chain.js';
import { type ComputeBudget, computeBudgetOf } from './compute-budget.js';
import { costOf, priorityOf, type TransactionCost } from './cost-model.js';
import type { AccountState } from './messages.js';
import type { ParsedTransaction } from './wire.js';

/** Entries without transactions in every block: one a tick. */
export const TICKS_PER_SLOT = 64;

/** A transaction on its way to a leader, or in a block. */
export interface PendingTransaction {
  readonly parsed: ParsedTransaction;
  readonly external: boolean;
  /** The cluster's own: comes back after every roll-back, as a faucet's payment must. */
  readonly sticky: boolean;
  readonly budget: ComputeBudget;
  readonly cost: TransactionCost;
  /** The higher the sooner; the cluster's own goes before all others. */
  readonly priority: number;
}

/** Undefined for a compute budget with which every leader refuses it. */
export function pendingTransaction(
  parsed: ParsedTransaction,
  { external, sticky }: Pick<PendingTransaction, 'external' | 'sticky'>,
): PendingTransaction | undefined {
  const compute = computeBudgetOf(parsed);
  if ('err' in compute) return undefined;
  const { budget } = compute;
  const cost = costOf(parsed, budget);
  const priority = sticky ? Number.POSITIVE_INFINITY : priorityOf(budget, cost);
  return { parsed, external, sticky, budget, cost, priority };
}

export class OpenBlock {
  readonly undo: UndoLog = new Map();
  readonly transactions: PendingTransaction[] = [];
  readonly costs = new BlockCosts();
  /** What the cluster itself wrote; done again if the block is undone. */
  readonly clusterWrites = new Map<string, AccountState>();
  private readonly signatures = new Set<string>();
  private readonly hash: Hash;

  constructor(
    readonly slot: number,
    readonly parent: ChainBlock,
    readonly leader: string,
    readonly unixTimestamp: number,
    readonly fate: 'survives' | 'lostFork' | 'dead',
  ) {
    this.hash = createHash('sha256').update(`${slot}:${parent.blockhash}`);
  }

  get entryCount(): number {
    return TICKS_PER_SLOT + this.transactions.length;
  }

  hasSignature(signature: string): boolean {
    return this.signatures.has(signature);
  }

  add(transaction: PendingTransaction): void {
    this.transactions.push(transaction);
    this.signatures.add(transaction.parsed.signature);
    this.hash.update(transaction.parsed.signature);
  }

  /** Ends the block. Call once. */
  freeze(): ChainBlock {
    return {
      slot: this.slot,
      parentSlot: this.parent.slot,
      height: this.parent.height + 1,
      blockhash: base58.encode(this.hash.digest()),
      blockTime: this.unixTimestamp,
      doomed: this.fate === 'lostFork',
      signatures: [...this.signatures],
      confirmed: false,
      finalized: false,
    };
  }
}
