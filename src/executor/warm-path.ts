/**
 * A copy of the hot path on parts of its own: the reading of the request, risk, desk, queue, locks, builder, sender
 * and lane are the real code, and what they are plugged into is private, synthetic or nothing. A trade on it runs the
 * same machine code as a real one and reaches neither journal, limits, histograms nor a node.
 */
import { randomBytes } from 'node:crypto';
import type { AttemptEvent } from '../confirm/types.js';
import { parseTradeRequest } from '../control/trade-request.js';
import { fingerprintOf } from '../journal/fingerprint.js';
import { encodeRecord } from '../journal/record-codec.js';
import type { JournalRecord } from '../journal/types.js';
import { SigningKey } from '../keys/signing-key.js';
import type { DeskPorts, DeskSettings } from '../lifecycle/ports.js';
import { TradeDesk } from '../lifecycle/trade-desk.js';
import { Router } from '../market/router.js';
import { LatencyRecorder } from '../metrics/latency.js';
import type { Address, Signature } from '../model/brands.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import { PnlBook } from '../risk/pnl.js';
import { Reservations } from '../risk/reservations.js';
import { RiskGate } from '../risk/risk-gate.js';
import { AccountInterner } from '../schedule/account-interner.js';
import { LockTable } from '../schedule/lock-table.js';
import { HttpLane } from '../send/http-lane.js';
import { TransactionSender } from '../send/transaction-sender.js';
import { createAttemptBuilder } from '../threads/create-builder.js';
import { KeyRing } from '../threads/key-ring.js';
import { RouteBook } from '../threads/route-book.js';
import type { Clock } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { RiskAdmission } from './risk-admission.js';
import { TradeLocks } from './trade-locks.js';
import {
  BALANCES,
  GATE,
  landingOf,
  POOL,
  POOLS,
  SLOT,
  SNAPSHOT,
  STILL_SLOTS,
  warmBoard,
} from './warm-market.js';
import { WarmSink } from './warm-sink.js';

/** A desk remembers its trades: after this many it is replaced by a new one. */
const TRADES_A_DESK = 512;
const AMOUNT = 1_000_000;
const LANE_TIMEOUT_MS = 1_000;
const WALLET = 'keep-warm';
const DEFAULTS = { slippageBps: 100, deadlineMs: 30_000, validityBlocks: 150 };
const NO_SWITCH: ConstructorParameters<typeof RiskGate>[0]['killSwitch'] = {
  mayAccept: () => true,
  status: () => ({
    active: false,
    grade: undefined,
    reason: undefined,
    source: undefined,
    sinceMs: undefined,
    history: [],
  }),
};
const NOT_A_TIMER = { cancel: () => undefined };

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
    const key = SigningKey.fromSeed(WALLET, randomBytes(32));
    this.#keys.add(key);
    this.#wallet = key.address;
    this.#lane = new HttpLane({ url: sink.url, timeoutMs: LANE_TIMEOUT_MS, clock, reconnects: true });
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
    const receivedUs = this.#options.clock.monotonicUs();
    const body: unknown = JSON.parse(requestText(this.#count));
    this.#desk.submit(parseTradeRequest(body, DEFAULTS), receivedUs, fingerprintOf(body));
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

  #newAdmission(): RiskAdmission {
    const reservations = new Reservations();
    const valuation = () => undefined;
    const pnl = new PnlBook({ valuation, clock: this.#stillClock });
    const gate = new RiskGate({
      clock: this.#stillClock,
      limits: {},
      killSwitch: NO_SWITCH,
      positions: BALANCES,
      reservations,
      pnl,
      valuation,
      quoteMint: POOL.mint0,
    });
    const wallets = [{ name: WALLET, address: this.#wallet }];
    const costs = { minWalletLamports: 0n, maxCostLamports: 1n };
    return new RiskAdmission({ wallets, gate, reservations, positions: BALANCES, pnl, ...costs });
  }

  #ports(): DeskPorts {
    const { random, settings, lockScope } = this.#options;
    const tradeLocks = new TradeLocks(new AccountInterner(), lockScope, () => POOL);
    return {
      clock: this.#stillClock,
      random,
      settings: { ...settings, mayTradeLive: true, journalDurable: false, lockRelease: 'processed' },
      slots: STILL_SLOTS,
      route: (question) => this.#router.choose(question),
      locks: new LockTable(),
      poolKeys: () => POOL,
      lockSet: (trade) => tradeLocks.lockSet(trade),
      admission: this.#newAdmission(),
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

/** To and fro, each with a name and an amount of its own, as a client would write it. */
function requestText(count: number): string {
  const zeroForOne = count % 2 === 0;
  return JSON.stringify({
    clientOrderId: `keep-warm-${count}`,
    inputMint: zeroForOne ? POOL.mint0 : POOL.mint1,
    outputMint: zeroForOne ? POOL.mint1 : POOL.mint0,
    amount: String(AMOUNT + (count % TRADES_A_DESK)),
    mode: 'exactIn',
    pool: POOL.pool,
    wallet: WALLET,
  });
}
