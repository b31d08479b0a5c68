/** Landed transactions that the stream did not bring (a gap, a restart): nodes are asked for their balances. */
import type { Signature, Slot } from '../model/brands.js';
import { awaitsOutcome, type Trade, type TradeOutcome } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import type { TransactionUpdate } from '../stream/types.js';
import type { Moves } from './moves.js';
import type { DeskPorts } from './ports.js';
import type { LiveTrade } from './trade-store.js';

/** Reads of a landed transaction before its balances are given up. */
const MAX_OUTCOME_READS = 40;
const OUTCOME_RETRY_MS = 500;
/**
 * And how long they may take, those before it among them: the journal's compaction, which comes no sooner after a start,
 * parts a trade from what is written of it later.
 */
const MAX_READING_US = 240_000_000;
/**
 * Reads under way at once. After a restart or a gap as many are due as landed in some seconds: asked all together, they
 * time out behind one another, and behind them the statuses; the node counts as down then.
 */
const MAX_READS_AT_ONCE = 4;

export class OutcomeReads {
  readonly #ports: DeskPorts;
  readonly #moves: Moves;
  #underWay = 0;
  /** Those whose turn comes, in order; as a rule one of a trade, of which there is a bounded number in memory. */
  readonly #waiting = new Set<() => void>();

  constructor(ports: DeskPorts, moves: Moves) {
    this.#ports = ports;
    this.#moves = moves;
  }

  /** Reads what a trade gained and cost, and tells it; never rejects. @param slot of the landing */
  async read(live: LiveTrade, signature: Signature, slot: Slot): Promise<void> {
    const { trade } = live;
    const { clock } = this.#ports;
    const untilUs = clock.monotonicUs() + MAX_READING_US;
    // Its fork may have been lost meanwhile; then it is settled anew when it lands again.
    const stands = () => live.landedSlot === slot;
    const isInTime = () => clock.monotonicUs() <= untilUs;
    for (let tries = 1; tries <= MAX_OUTCOME_READS; tries += 1) {
      const transaction = await this.#inTurn(async () =>
        stands() && isInTime() ? this.#readTransaction(trade, signature, tries - 1) : undefined,
      );
      if (!stands()) return;
      if (transaction !== undefined) {
        this.#tell(live, signature, transaction, slot);
        return;
      }
      if (!isInTime()) break;
      await new Promise<void>((resolve) => clock.after(OUTCOME_RETRY_MS, resolve));
    }
    const message = 'a landed transaction could not be read';
    this.#moves.fault({ kind: 'rpc', message, tradeId: trade.id });
  }

  async #inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.#underWay < MAX_READS_AT_ONCE) this.#underWay += 1;
    else await new Promise<void>((resolve) => this.#waiting.add(resolve));
    try {
      return await read();
    } finally {
      this.#giveTurn();
    }
  }

  /** To the one that waits longest. */
  #giveTurn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#underWay -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  async #readTransaction(
    trade: Trade,
    signature: Signature,
    turn: number,
  ): Promise<TransactionUpdate | undefined> {
    try {
      return await this.#ports.fetchTransaction(signature, turn);
    } catch (error) {
      const message = 'a node could not give a landed transaction; trying on';
      this.#moves.fault({ kind: 'rpc', message, tradeId: trade.id, error });
      return undefined;
    }
  }

  #tell(live: LiveTrade, signature: Signature, transaction: TransactionUpdate, slot: Slot): void {
    const { trade } = live;
    const isLate = awaitsOutcome(trade);
    const error = trade.outcome?.error;
    trade.outcome = {
      slot,
      slotDelta: slot - trade.intentSlot,
      ...balancesOf(trade, transaction),
      ...(error === undefined ? {} : { error }),
    };
    this.#moves.amend(live);
    this.#ports.admission.settle(trade, transaction);
    if (TERMINAL_STATES.has(trade.state)) this.#ports.admission.keep(signature);
    if (isLate) this.#moves.tellLateOutcome(live);
  }
}

/** What the wallet spent and received, from the transaction's own balances; fees apart. */
export function balancesOf(
  trade: Trade,
  transaction: TransactionUpdate,
): Pick<TradeOutcome, 'feeLamports' | 'spent' | 'received'> {
  const change = (mint: string): bigint => {
    const sum = (balances: TransactionUpdate['preTokenBalances']) =>
      balances.reduce(
        (total, one) => (one.mint === mint && one.owner === trade.wallet ? total + one.amount : total),
        0n,
      );
    return sum(transaction.postTokenBalances) - sum(transaction.preTokenBalances);
  };
  return {
    feeLamports: transaction.feeLamports,
    spent: -change(trade.intent.inputMint),
    received: change(trade.intent.outputMint),
  };
}
