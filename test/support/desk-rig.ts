/** A real desk, scheduler and lock table over stages that a test plays itself. */
import type { AttemptEvent, TrackedAttempt } from '../../src/confirm/types.js';
import { HotslotError } from '../../src/errors/hotslot-error.js';
import { StateBuilder } from '../../src/journal/replayed-state.js';
import type { JournalRecord } from '../../src/journal/types.js';
import type { Admission, DeskFault, DeskPorts, DeskSettings, KillGrade } from '../../src/lifecycle/ports.js';
import { TradeDesk, type TradeEvent } from '../../src/lifecycle/trade-desk.js';
import {
  type Address,
  asAddress,
  asBlockHeight,
  asBlockhash,
  asSignature,
  asSlot,
  type Commitment,
  type Signature,
  type TradeId,
} from '../../src/model/brands.js';
import type { Trade } from '../../src/model/trade.js';
import type { TradeIntent } from '../../src/model/trade-intent.js';
import { LockTable } from '../../src/schedule/lock-table.js';
import type { TransactionUpdate } from '../../src/stream/types.js';
import type { BuildFailure, BuildRequest, BuiltAttempt } from '../../src/threads/types.js';
import { MINTS, newsOf, poolKeys, SimLocks, WALLETS } from '../sim/market.js';
import { FakeSlots } from './fake-slots.js';
import { ManualClock } from './manual-clock.js';
import { settled, transactionUpdate } from './transactions.js';

export const HEAD = 2_000;
export const WALLET = WALLETS[0]!;
export const OTHER_WALLET = WALLETS[1]!;
const POOLS = ['pool1', 'pool2'].map(asAddress);
const EVIDENCE = { source: 'rpc:node' };

const DEFAULTS: DeskSettings = {
  maxAttempts: 3,
  expiryCommitment: 'finalized',
  computeUnitLimit: 60_000,
  computeUnitPriceMicroLamports: 1_000n,
  priorityFeeRaisePercent: 0,
  maxPriorityFeeLamports: 1_000_000n,
  maxBlockhashAgeSlots: 32,
  maxPoolAgeSlots: 8,
  lockRelease: 'processed',
  venueLockSlots: 4,
  maxConcurrent: 32,
  maxQueued: 100,
  maxRecentTrades: 100,
  journalDurable: false,
  mayTradeLive: true,
};

let orders = 0;
/** One for all rigs, so that two processes do not make the same ids. */
let chance = 0;

/** From mint A to mint B on pool 1, from wallet 1. */
export function intentOf(change: Partial<TradeIntent> = {}): TradeIntent {
  orders += 1;
  return {
    clientOrderId: `order-${orders}`,
    inputMint: MINTS[0]!,
    outputMint: MINTS[1]!,
    amount: 1_000n,
    mode: 'exactIn',
    slippageBps: 100,
    wallet: 'wallet1',
    priority: 4,
    deadlineMs: 60_000,
    validityBlocks: 150,
    dryRun: false,
    ...change,
  };
}

export class DeskRig {
  readonly clock = new ManualClock();
  readonly slots = new FakeSlots();
  readonly locks = new LockTable();
  readonly reserved = new Set<TradeId>();
  readonly heldWallets = new Set<Address>();
  readonly settledBy: TransactionUpdate[] = [];
  /** What was settled and not taken back. */
  readonly booked = new Set<Signature>();
  readonly kept = new Set<Signature>();
  readonly records: JournalRecord[] = [];
  readonly events: TradeEvent[] = [];
  readonly faults: DeskFault[] = [];
  readonly desk: TradeDesk;

  // What a test turns.
  writable = true;
  unreadable = false;
  /** The disk syncs that a test lets succeed or fail; appends resolve at once while this is undefined. */
  disk: { resolve(): void; reject(): void }[] | undefined;
  grade: KillGrade = 'off';
  stopCount = 0;
  lastStopAtMs = Number.NEGATIVE_INFINITY;
  failsToBuild: BuildFailure | undefined;
  /** Builds wait for the test while this is set. */
  building: (() => void)[] | undefined;
  firstSend: 'sent' | 'withheld' | 'waiting' = 'sent';
  onSend: (() => void) | undefined;
  /** Attempts are built without a promise, as on the main thread. */
  buildsInPlace = false;
  shrinks: boolean | undefined;
  /** Whether the profit and loss has what landed before a restart. */
  isBooked = true;
  simulate: DeskPorts['simulate'] = async () => ({ error: undefined, logs: [], unitsConsumed: 21_000 });
  fetched: TransactionUpdate | undefined;
  /** Nodes answer for a transaction when the test lets them while this is set. */
  reading: (() => void)[] | undefined;
  /** Whether the node that a turn asks knows it. */
  isFetchedAt: (turn: number) => boolean = () => true;

  // What it looks at.
  readonly builds: BuildRequest[] = [];
  readonly sends: string[] = [];
  /** With what count each that was taken up again went on. */
  readonly resumedSends: number[] = [];
  /** Transactions that nodes were asked for. */
  readonly reads: Signature[] = [];
  readonly sending = new Set<Signature>();
  readonly seen = new Map<Signature, boolean>();
  readonly tracked = new Map<Signature, TrackedAttempt>();
  readonly admitted = new Set<Signature>();

  readonly #listeners: ((event: AttemptEvent) => void)[] = [];
  #signatures = 0;

  /** @param admission instead of the rig's own, which knows no limits */
  constructor(settings: Partial<DeskSettings> = {}, admission?: Admission) {
    this.slots.reachAll(HEAD);
    const ports = this.#ports({ ...DEFAULTS, ...settings });
    this.desk = new TradeDesk(admission === undefined ? ports : { ...ports, admission });
    this.desk.onTrade((event) => this.events.push(event));
  }

  submit(change: Partial<TradeIntent> = {}): Trade {
    return this.desk.submit(intentOf(change), this.clock.monotonicUs());
  }

  /** Submits one and lets it be sent. */
  async sent(change: Partial<TradeIntent> = {}): Promise<Trade> {
    const trade = this.submit(change);
    await settled();
    return trade;
  }

  states(trade: Trade): string[] {
    return this.events.filter((event) => event.trade.id === trade.id).map((event) => event.change.state);
  }

  // --- the chain's news --------------------------------------------------------------------------------------

  landed(
    trade: Trade,
    commitment: Commitment,
    more: { slot?: number; error?: unknown; bare?: boolean } = {},
  ): void {
    const signature = lastOf(trade);
    const slot = asSlot(more.slot ?? HEAD + 1);
    const { error } = more;
    this.emit({
      kind: 'landed',
      signature,
      slot,
      commitment,
      error,
      evidence: { source: 'stream:test', slot, commitment },
      ...(more.bare ? {} : { transaction: transactionUpdate(signature, slot, { error }) }),
    });
  }

  forkLost(trade: Trade, slot = HEAD + 1): void {
    this.emit({ kind: 'forkLost', signature: lastOf(trade), slot: asSlot(slot), evidence: EVIDENCE });
  }

  expired(trade: Trade, commitment: 'confirmed' | 'finalized' = 'finalized'): void {
    this.emit({
      kind: 'expired',
      signature: lastOf(trade),
      commitment,
      evidence: { ...EVIDENCE, commitment },
    });
  }

  unknown(trade: Trade): void {
    this.emit({ kind: 'unknown', signature: lastOf(trade), evidence: EVIDENCE });
  }

  emit(event: AttemptEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  head(slot: number): void {
    this.slots.reach('processed', slot);
    this.desk.poolNews.onHead(asSlot(slot));
  }

  poolPublished(pool: string, slot: number, author?: Trade, passed: readonly Trade[] = []): void {
    const address = asAddress(pool);
    const signature = author === undefined ? undefined : lastOf(author);
    this.desk.poolNews.onPool(newsOf(address, slot, signature, passed.map(lastOf)));
  }

  /** Of a process that follows others: their signatures are taken. */
  skipSignatures(count: number): void {
    this.#signatures += count;
  }

  stop(): void {
    this.grade = 'stop';
    this.stopCount += 1;
    this.lastStopAtMs = this.clock.nowMs();
  }

  /** What a new process reads in the journal. */
  replay(): Trade[] {
    const state = new StateBuilder();
    for (const record of this.records) {
      const fault = state.add(record);
      if (fault !== undefined) throw new Error(fault);
    }
    return [...state.trades.values()];
  }

  /** Everything that trades hold: nothing, once all have ended. */
  held(): { [what: string]: number } {
    return {
      locks: this.locks.heldCount + this.locks.waitingCount,
      reservations: this.reserved.size,
      slots: this.desk.scheduler.status().running,
      sending: this.sending.size,
      tracked: this.tracked.size,
      admitted: this.admitted.size,
      live: this.desk.liveCount,
    };
  }

  // --- wiring ------------------------------------------------------------------------------------------------

  #ports(settings: DeskSettings): DeskPorts {
    const locks = new SimLocks();
    return {
      settings,
      clock: this.clock,
      random: {
        next: () => {
          chance = (chance + 0.618_033_988) % 1;
          return chance;
        },
      },
      slots: this.slots,
      locks: this.locks,
      lockSet: (trade) => locks.of(trade),
      poolKeys,
      route: (question) => ({
        keys: poolKeys(
          question.outputMint === MINTS[2] || question.inputMint === MINTS[2] ? POOLS[1]! : POOLS[0]!,
        )!,
        zeroForOne: question.inputMint === MINTS[0],
        quote: {
          amountIn: question.amount,
          amountOut: question.amount * 2n,
          feeAmount: 1n,
          priceImpactBps: 1,
        },
        slot: this.slots.head(),
      }),
      admission: {
        admit: ({ tradeId, intent }) => {
          if (intent.amount === 0n) throw new HotslotError('RISK_LIMIT');
          this.reserved.add(tradeId);
          return { wallet: walletOf(intent.wallet) };
        },
        hold: (wallet) => void this.heldWallets.add(wallet),
        free: (wallet) => void this.heldWallets.delete(wallet),
        readmit: (trade) => void this.reserved.add(trade.id),
        release: (tradeId) => void this.reserved.delete(tradeId),
        settle: (_trade, transaction) => {
          this.settledBy.push(transaction);
          this.booked.add(transaction.signature);
        },
        unsettle: (signature) => void this.booked.delete(signature),
        keep: (signature) => void this.kept.add(signature),
        hasSettled: () => this.isBooked,
        shrinks: () => this.shrinks ?? true,
      },
      killGrade: () => this.grade,
      gate: {
        stopCount: () => this.stopCount,
        admit: (signature) => void this.admitted.add(signature),
        stoppedSince: (atMs, stopCount) =>
          atMs <= this.lastStopAtMs || (stopCount !== undefined && stopCount !== this.stopCount),
        forget: (signature) => void this.admitted.delete(signature),
      },
      builder: { build: (request) => (this.buildsInPlace ? this.#built(request) : this.#build(request)) },
      journal: this.#journal(),
      sender: this.#sender(),
      confirmer: {
        track: (attempt) => void this.tracked.set(attempt.signature, attempt),
        untrack: (signature) => void this.tracked.delete(signature),
        hurry: () => undefined,
        onEvent: (listener) => void this.#listeners.push(listener),
      },
      simulate: (wire) => this.simulate(wire),
      fetchTransaction: (signature, turn) => this.#read(signature, turn),
      errorName: () => 'raydium-cpmm:ExceededSlippage',
      history: { byId: () => undefined, byClientOrderId: () => undefined, knowsSignature: () => false },
      onFault: (fault) => void this.faults.push(fault),
    };
  }

  async #read(signature: Signature, turn: number): Promise<TransactionUpdate | undefined> {
    this.reads.push(signature);
    if (this.reading !== undefined) await new Promise<void>((resolve) => this.reading!.push(resolve));
    return this.isFetchedAt(turn) ? this.fetched : undefined;
  }

  async #build(request: BuildRequest): Promise<BuiltAttempt | BuildFailure> {
    this.builds.push(request);
    if (this.building !== undefined) await new Promise<void>((resolve) => this.building!.push(resolve));
    return this.#built(request);
  }

  #built(request: BuildRequest): BuiltAttempt | BuildFailure {
    if (this.failsToBuild !== undefined) return this.failsToBuild;
    this.#signatures += 1;
    const height = this.slots.blockHeight('confirmed') ?? 0;
    return {
      ok: true,
      wire: Uint8Array.of(this.#signatures),
      signature: request.zeroSignature ? undefined : asSignature(`signature${this.#signatures}`),
      blockhash: asBlockhash(`hash${height}`),
      lastValidBlockHeight: asBlockHeight(height + 150),
      signedSlot: this.slots.head(),
      poolSlot: this.slots.head(),
      quotedIn: request.amount,
      quotedOut: request.amount * 2n,
      limit: request.limit,
      computeUnitPriceMicroLamports: request.computeUnitPriceMicroLamports,
      quoteUs: 1,
      buildUs: 1,
      signUs: 1,
      lane: 'inline',
    };
  }

  #journal(): DeskPorts['journal'] {
    const append = (record: JournalRecord): void => {
      if (!this.writable) {
        // As the file journal does: states wait for the disk, others are refused.
        if (record.kind !== 'state') throw new HotslotError('JOURNAL_UNWRITABLE');
        return;
      }
      this.records.push(record);
    };
    const isWritable = () => this.writable;
    const isUnreadable = () => this.unreadable;
    return {
      get isUnreadable() {
        return isUnreadable();
      },
      append,
      appendDurable: async (record) => {
        append(record);
        if (this.disk === undefined) return;
        await new Promise<void>((resolve, reject) => {
          this.disk!.push({ resolve, reject: () => reject(new HotslotError('JOURNAL_UNWRITABLE')) });
        });
      },
      get writable() {
        return isWritable();
      },
      close: async () => undefined,
    };
  }

  #sender(): DeskPorts['sender'] {
    /** What ends the wait of first sends. */
    const waiting = new Map<Signature, () => void>();
    const begin = (signature: Signature, how: string): void => {
      this.sends.push(`${how} ${signature}`);
      this.sending.add(signature);
    };
    return {
      start: async (signature) => {
        const isWritten = this.records.some((one) => one.kind === 'attempt' && one.signature === signature);
        if (!isWritten) throw new Error('L1: sent before it was written down');
        if (this.firstSend === 'withheld') throw new HotslotError('KILL_SWITCH_ACTIVE');
        begin(signature, 'start');
        this.onSend?.();
        if (this.firstSend === 'waiting') {
          await new Promise<void>((_resolve, reject) => {
            waiting.set(signature, () => reject(new HotslotError('CANCELLED')));
          });
        }
        return this.clock.monotonicUs();
      },
      resume: (signature, _wire, sends) => {
        this.resumedSends.push(sends);
        begin(signature, 'resume');
      },
      stop: (signature) => {
        this.sending.delete(signature);
        waiting.get(signature)?.();
      },
      markSeen: (signature, isSeen) => void this.seen.set(signature, isSeen),
      sendsOf: (signature) => (this.sending.has(signature) ? 3 : 0),
      activeCount: 0,
      onReport: () => undefined,
    };
  }
}

function walletOf(named: string | undefined): Address {
  return WALLETS.find((wallet) => wallet === named) ?? WALLET;
}

function lastOf(trade: Trade): Signature {
  const last = trade.attempts.at(-1);
  if (last === undefined) throw new Error('it has no attempt');
  return last.signature;
}

export const NOTHING_HELD = {
  locks: 0,
  reservations: 0,
  slots: 0,
  sending: 0,
  tracked: 0,
  admitted: 0,
  live: 0,
};
