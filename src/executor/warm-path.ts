/**
 * A copy of the hot path on parts of its own: desk, queue, locks, builder, sender and lane are the real classes,
 * and what they are plugged into is private, synthetic or nothing. A trade on it runs the same machine code as a
 * real one and reaches neither journal, risk, histograms nor a node.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { SlotView } from '../cache/types.js';
import type { AttemptEvent } from '../confirm/types.js';
import { encodeRecord } from '../journal/record-codec.js';
import type { JournalRecord } from '../journal/types.js';
import { SigningKey } from '../keys/signing-key.js';
import type { DeskPorts, DeskSettings } from '../lifecycle/ports.js';
import { TradeDesk } from '../lifecycle/trade-desk.js';
import { RAYDIUM_CPMM_AUTHORITY, RAYDIUM_CPMM_PROGRAM } from '../market/raydium-cpmm-program.js';
import { Router } from '../market/router.js';
import type { CpmmState, PoolKeys, PoolSnapshot } from '../market/types.js';
import { LatencyRecorder } from '../metrics/latency.js';
import {
  type Address,
  asAddress,
  asBlockHeight,
  asBlockhash,
  asSlot,
  type Signature,
} from '../model/brands.js';
import type { TradeIntent } from '../model/trade-intent.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import { AccountInterner } from '../schedule/account-interner.js';
import { LockTable } from '../schedule/lock-table.js';
import { HttpLane } from '../send/http-lane.js';
import { TransactionSender } from '../send/transaction-sender.js';
import type { TransactionUpdate } from '../stream/types.js';
import { createAttemptBuilder } from '../threads/create-builder.js';
import { KeyRing } from '../threads/key-ring.js';
import { RouteBook } from '../threads/route-book.js';
import { SharedBoard } from '../threads/shared-board.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { encode32 } from '../transaction/base58.js';
import { SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../transaction/program-ids.js';
import { TradeLocks } from './trade-locks.js';
import { WarmSink } from './warm-sink.js';

/** A desk remembers its trades: after this many it is replaced by a new one. */
const TRADES_A_DESK = 512;
const SLOT = asSlot(1_000);
const HEIGHT = asBlockHeight(1_000);
const VALIDITY_BLOCKS = 150;
/** Thirty-two zero bytes: no cluster ever had this blockhash, so that no node would take the bytes. */
const NO_BLOCKHASH = asBlockhash(SYSTEM_PROGRAM);
const AMOUNT = 1_000_000n;
const LANE_TIMEOUT_MS = 1_000;
const NOT_A_TIMER = { cancel: () => undefined };

/** Nobody's account: an address that is a hash of words. */
const madeUp = (name: string): Address =>
  asAddress(encode32(createHash('sha256').update(`keep-warm ${name}`).digest()));

const POOL: PoolKeys = {
  pool: madeUp('pool'),
  venue: 'raydium-cpmm',
  programId: RAYDIUM_CPMM_PROGRAM,
  authority: RAYDIUM_CPMM_AUTHORITY,
  ammConfig: madeUp('config'),
  observation: madeUp('observation'),
  mint0: madeUp('mint 0'),
  mint1: madeUp('mint 1'),
  vault0: madeUp('vault 0'),
  vault1: madeUp('vault 1'),
  tokenProgram0: TOKEN_PROGRAM,
  tokenProgram1: TOKEN_PROGRAM,
  decimals0: 9,
  decimals1: 6,
};

const POOLS: readonly PoolKeys[] = [POOL];

const STATE: CpmmState = {
  reserve0: 1_000_000_000_000n,
  reserve1: 150_000_000_000n,
  tradeFeeRate: 2_500n,
  protocolFeeRate: 120_000n,
  fundFeeRate: 40_000n,
  creatorFeeRate: 0n,
  creatorFeeOn: 0,
  creatorFeeEnabled: false,
  swapEnabled: true,
  openTime: 0n,
  transferFeeBps0: 0,
  maxTransferFee0: 0n,
  transferFeeBps1: 0,
  maxTransferFee1: 0n,
};

const SNAPSHOT: PoolSnapshot = {
  pool: POOL.pool,
  venue: POOL.venue,
  slot: SLOT,
  txnSignature: undefined,
  revision: 1,
  state: STATE,
};

const GATE = {
  stopCount: () => 0,
  admit: () => undefined,
  stoppedSince: () => false,
  forget: () => undefined,
};

/** A chain on which nothing moves. */
const STILL_SLOTS: SlotView = {
  head: () => SLOT,
  slot: () => SLOT,
  blockHeight: () => HEIGHT,
  isOnHeadFork: () => true,
  statusOf: () => 'finalized',
  firstSlotAboveHeight: () => undefined,
  observedBlockMs: () => 400,
};

export interface WarmPathOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** As the real desk has them. */
  readonly settings: DeskSettings;
  readonly lockScope: ConstructorParameters<typeof TradeLocks>[1];
}

export class WarmPath {
  readonly #options: WarmPathOptions;
  readonly #sink: WarmSink;
  readonly #lane: HttpLane;
  readonly #sender: TransactionSender;
  readonly #builder: ReturnType<typeof createAttemptBuilder>;
  readonly #keys = new KeyRing();
  readonly #wallet: Address;
  readonly #latency = new LatencyRecorder();
  readonly #router: Router;
  /** Timers of the desk and the builder would outlive a trade of microseconds. */
  readonly #stillClock: Clock;
  #desk: TradeDesk;
  #confirm: ((event: AttemptEvent) => void) | undefined;
  #count = 0;
  #finished = 0;
  #underWay = false;

  private constructor(options: WarmPathOptions, sink: WarmSink) {
    const { clock } = options;
    this.#options = options;
    this.#sink = sink;
    this.#stillClock = {
      nowMs: () => clock.nowMs(),
      monotonicUs: () => clock.monotonicUs(),
      after: () => NOT_A_TIMER,
      every: () => NOT_A_TIMER,
    };
    const key = SigningKey.fromSeed('keep-warm', randomBytes(32));
    this.#keys.add(key);
    this.#wallet = key.address;
    this.#lane = new HttpLane({ url: sink.url, timeoutMs: LANE_TIMEOUT_MS, clock });
    this.#sender = new TransactionSender({
      lanes: [this.#lane],
      gate: { mayLeave: () => true },
      clock: this.#stillClock,
      blockMs: () => STILL_SLOTS.observedBlockMs(),
    });
    this.#sender.onReport(({ signature }) => this.#finish(signature));
    this.#router = new Router({ pools: () => POOLS, keysOf: () => POOL, snapshotOf: () => SNAPSHOT }, () =>
      clock.nowMs(),
    );
    this.#builder = createAttemptBuilder({
      mode: 'inline',
      board: warmBoard(),
      routes: new RouteBook({ keysOf: () => POOL, indexOf: () => 0, accountExists: () => true }),
      keys: this.#keys,
      clock: this.#stillClock,
    });
    this.#desk = this.#newDesk();
  }

  static async open(options: WarmPathOptions): Promise<WarmPath> {
    return new WarmPath(options, await WarmSink.open(options.clock));
  }

  /** Whether the last run is over and the next one could be written at once. */
  get ready(): boolean {
    return this.#lane.ready && !this.#underWay;
  }

  /** Trades that the sink has answered and that came to their end. */
  get finished(): number {
    return this.#finished;
  }

  /** Microseconds spent on the sink's side of the socket. */
  get sinkBusyUs(): number {
    return this.#sink.busyUs;
  }

  /** One trade from intent to the bytes at the sink; what follows its answer ends the trade. */
  run(): void {
    this.#count += 1;
    this.#underWay = true;
    if (this.#count % TRADES_A_DESK === 0) this.#desk = this.#newDesk();
    this.#desk.submit(intentOf(this.#count), this.#options.clock.monotonicUs());
  }

  async close(): Promise<void> {
    this.#sender.close();
    this.#sink.close();
    await this.#builder.close();
    this.#keys.clear();
  }

  /** The sink has answered: what the chain would say. */
  #finish(signature: Signature): void {
    this.#confirm?.({
      kind: 'landed',
      signature,
      slot: SLOT,
      commitment: 'finalized',
      error: undefined,
      evidence: { source: 'local' },
      transaction: landingOf(signature),
    });
  }

  #newDesk(): TradeDesk {
    const desk = new TradeDesk(this.#ports());
    desk.onTrade(({ trade, change }) => {
      if (change.state === 'sent') this.#latency.recordSent(trade);
      if (!TERMINAL_STATES.has(change.state)) return;
      this.#underWay = false;
      if (change.state === 'finalized') this.#finished += 1;
    });
    return desk;
  }

  #ports(): DeskPorts {
    const { random, settings, lockScope } = this.#options;
    const tradeLocks = new TradeLocks(new AccountInterner(), lockScope, () => POOL);
    const admitted = { wallet: this.#wallet };
    return {
      clock: this.#stillClock,
      random,
      settings: { ...settings, mayTradeLive: true, journalDurable: false, lockRelease: 'processed' },
      slots: STILL_SLOTS,
      route: (question) => this.#router.choose(question),
      locks: new LockTable(),
      poolKeys: () => POOL,
      lockSet: (trade) => tradeLocks.lockSet(trade),
      admission: {
        admit: () => admitted,
        readmit: () => undefined,
        release: () => undefined,
        settle: () => undefined,
      },
      killGrade: () => 'off',
      gate: GATE,
      builder: this.#builder,
      journal: {
        writable: true,
        append: (record: JournalRecord) => void encodeRecord(record),
        appendDurable: async () => undefined,
        close: async () => undefined,
      },
      sender: this.#sender,
      confirmer: {
        track: () => undefined,
        untrack: () => undefined,
        hurry: () => undefined,
        onEvent: (listener) => {
          this.#confirm = listener;
        },
      },
      simulate: () => Promise.reject(new Error('nothing is simulated here')),
      fetchTransaction: async () => undefined,
      errorName: () => 'none',
      history: { byId: () => undefined, byClientOrderId: () => undefined, knowsSignature: () => false },
      onFault: () => undefined,
    };
  }
}

function warmBoard(): SharedBoard {
  const board = SharedBoard.create(1);
  board.setHeadSlot(SLOT);
  board.pushBlockhash({
    blockhash: NO_BLOCKHASH,
    slot: SLOT,
    blockHeight: HEIGHT,
    lastValidBlockHeight: HEIGHT + VALIDITY_BLOCKS,
  });
  board.setConfirmed(SLOT, HEIGHT);
  board.setPool(0, SLOT, 1, STATE);
  board.setPoolAge(0, 0);
  return board;
}

/** To and fro, each with a name and an amount of its own. */
function intentOf(count: number): TradeIntent {
  const zeroForOne = count % 2 === 0;
  return {
    clientOrderId: `keep-warm-${count}`,
    inputMint: zeroForOne ? POOL.mint0 : POOL.mint1,
    outputMint: zeroForOne ? POOL.mint1 : POOL.mint0,
    amount: AMOUNT + BigInt(count % TRADES_A_DESK),
    mode: 'exactIn',
    slippageBps: 100,
    priority: 4,
    deadlineMs: 30_000,
    validityBlocks: VALIDITY_BLOCKS,
    dryRun: false,
  };
}

function landingOf(signature: Signature): TransactionUpdate {
  return {
    signature,
    slot: SLOT,
    index: 0,
    error: undefined,
    feeLamports: 0n,
    computeUnitsConsumed: undefined,
    accountKeys: [],
    preBalances: [],
    postBalances: [],
    preTokenBalances: [],
    postTokenBalances: [],
    logMessages: [],
    receivedUs: 0,
  };
}
