/** What a leader does with transactions: buffers them by what they pay, and fills the open block from the top. */
import { type Admitted, admit } from './admission.js';
import { executeTransaction, type LeaderContext, type WriteVersions, writtenBy } from './bank.js';
import { LeaderBuffer } from './leader-buffer.js';
import type { DroppedEvent, EngineEvent, SlotConditions, TransactionErrorJson } from './messages.js';
import { mayUseNonce } from './nonce.js';
import type { OpenBlock, PendingTransaction } from './open-block.js';
import { createPrng } from './prng.js';
import { REQUEUE_PROBABILITY } from './slots.js';

export interface BankingHost {
  nowMs(): number;
  emit(event: EngineEvent): void;
  conditions(): SlotConditions;
  /** The place in the chain that the open block has. */
  context(open: OpenBlock): LeaderContext;
}

export class Banking {
  private readonly buffer: LeaderBuffer;
  /** Who set transactions aside, because there was no room in its block. */
  private deferredBy: string | null = null;

  constructor(
    private readonly seed: string,
    private readonly versions: WriteVersions,
    private readonly host: BankingHost,
  ) {
    this.buffer = new LeaderBuffer(() => host.conditions().bufferTransactions);
  }

  /** A transaction has reached the leader. */
  receive(transaction: PendingTransaction): void {
    const displaced = this.buffer.add(transaction);
    if (displaced !== undefined) this.drop(displaced.transaction, displaced.reason);
  }

  /** Transactions of an undone block, in its order. */
  putBack(transactions: readonly PendingTransaction[]): void {
    for (const displaced of this.buffer.putBack(transactions)) this.drop(displaced, 'overload');
  }

  /**
   * A block begins: what found no room in the last one tries again. With a change of leaders some of it is lost,
   * because the next one never got it.
   */
  beginBlock(open: OpenBlock): void {
    const { chain } = this.host.context(open);
    const handsOver = this.deferredBy !== null && this.deferredBy !== open.leader;
    this.deferredBy = null;
    const draw = createPrng(this.seed, 'handover', open.slot);
    const isLost = ({ sticky }: PendingTransaction) => handsOver && !sticky && draw() >= REQUEUE_PROBABILITY;
    const isExpired = ({ parsed }: PendingTransaction) =>
      !chain.isAlive(parsed.recentBlockhash) && !mayUseNonce(parsed);
    const left = new Map<PendingTransaction, DroppedEvent['reason']>();
    this.buffer.retryDeferred((transaction) => {
      if (isExpired(transaction)) left.set(transaction, 'expired');
      else if (isLost(transaction)) left.set(transaction, 'leaderChange');
      return !left.has(transaction);
    });
    for (const [transaction, reason] of left) this.drop(transaction, reason);
  }

  hasWaiting(): boolean {
    return this.buffer.hasNext();
  }

  /** Places or refuses the best paid one that waits. False: none waits for this block. */
  placeNext(open: OpenBlock): boolean {
    const next = this.buffer.next();
    if (next === undefined) return false;
    const { requestedUnits } = next.cost;
    const limits = this.host.conditions();
    if (!open.costs.hasRoom(requestedUnits, limits)) return this.defer(open);
    const context = this.host.context(open);
    const admitted = admit(next.parsed, context, { ignoreBlockhash: false, budget: next.budget });
    if (!('err' in admitted) && !open.costs.hasAccountRoom(requestedUnits, writtenBy(admitted), limits)) {
      return this.defer(open);
    }
    this.buffer.take();
    if ('err' in admitted) this.drop(next, dropReason(admitted.err));
    else this.execute(next, admitted, context);
    return true;
  }

  private defer(open: OpenBlock): true {
    this.buffer.deferNext();
    this.deferredBy = open.leader;
    return true;
  }

  private execute(transaction: PendingTransaction, admitted: Admitted, context: LeaderContext): void {
    const outcome = executeTransaction(transaction, admitted, context, this.versions, this.host.nowMs());
    if ('landed' in outcome) this.host.emit({ type: 'transaction', transaction: outcome.landed });
    else this.drop(transaction, dropReason(outcome.rejected));
  }

  private drop({ parsed }: PendingTransaction, reason: DroppedEvent['reason']): void {
    this.host.emit({ type: 'dropped', signature: parsed.signature, reason, atMs: this.host.nowMs() });
  }
}

function dropReason(error: TransactionErrorJson): DroppedEvent['reason'] {
  if (error === 'BlockhashNotFound') return 'expired';
  if (error === 'AlreadyProcessed') return 'duplicate';
  const unpayable = ['AccountNotFound', 'InsufficientFundsForFee', 'InvalidAccountForFee'];
  if (typeof error !== 'string') return 'InsufficientFundsForRent' in error ? 'unpayable' : 'invalid';
  return unpayable.includes(error) ? 'unpayable' : 'invalid';
}
