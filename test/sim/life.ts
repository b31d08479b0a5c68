/**
 * One life of the executor's process, from its start to its kill -9: production's cache, tracker, desk, scheduler,
 * locks, sender, journal and kill switch, wired as production wires them, over the virtual world.
 */
import { HotCache } from '../../src/cache/hot-cache.js';
import { AttemptTracker } from '../../src/confirm/attempt-tracker.js';
import { LostAttemptSearch } from '../../src/confirm/lost-attempts.js';
import { HotslotError } from '../../src/errors/hotslot-error.js';
import type { FileJournal } from '../../src/journal/file-journal.js';
import type { JournalFs } from '../../src/journal/journal-fs.js';
import { writeSettled } from '../../src/journal/settled-damage.js';
import type { JournalStretch } from '../../src/journal/types.js';
import type { Admission, DeskPorts } from '../../src/lifecycle/ports.js';
import { type CancelResult, TradeDesk } from '../../src/lifecycle/trade-desk.js';
import type { Router } from '../../src/market/router.js';
import type { Address, Signature, TradeId } from '../../src/model/brands.js';
import { asSlot } from '../../src/model/brands.js';
import type { TradeIntent } from '../../src/model/trade-intent.js';
import type { TradeState } from '../../src/model/trade-state.js';
import { KillSwitch } from '../../src/risk/kill-switch.js';
import { StopGate } from '../../src/risk/stop-gate.js';
import type { LockSet } from '../../src/schedule/lock-set.js';
import { LockTable } from '../../src/schedule/lock-table.js';
import { TransactionSender } from '../../src/send/transaction-sender.js';
import type { TransactionUpdate } from '../../src/stream/types.js';
import type { Clock } from '../../src/time/clock.js';
import { Faults } from './faults.js';
import { type LifeContext, later, mortalClock } from './life-context.js';
import { corruptJournal, DATA_DIR, diskOf, observed, openJournalOrEnd } from './machine.js';
import { createRouter, newsOf, poolKeys, SimLocks, WALLETS } from './market.js';
import { watchProofs } from './proof-watch.js';
import type { SeededRandom } from './seeded-random.js';
import { VirtualBuilder } from './virtual-builder.js';
import { VirtualLane } from './virtual-lane.js';
import { transactionOf, VirtualStream } from './virtual-stream.js';
import type { World } from './world.js';

const LANES = ['rpc:a', 'rpc:a', 'rpc:b'];
const MAX_AGE_SLOTS = 60;
const NO_LOCKS: LockSet = {
  accounts: new Int32Array(0),
  writable: new Uint8Array(0),
  venue: new Uint8Array(0),
};

export class Life {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #clock: Clock;
  readonly #context: LifeContext;
  readonly #faults: Faults;
  readonly #cache: HotCache;
  readonly #tracker: AttemptTracker;
  readonly #locks = new LockTable();
  readonly #lockSets = new SimLocks();
  readonly #killSwitch: KillSwitch;
  readonly #gate: StopGate;
  readonly #sender: TransactionSender;
  readonly #router: Router;
  readonly #reserved = new Map<TradeId, string>();
  readonly #heldWallets = new Set<Address>();
  #stream: VirtualStream | undefined;
  #desk: TradeDesk | undefined;
  #isAlive = true;
  #isReady = false;

  constructor(world: World, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
    this.#clock = mortalClock(world, () => this.#isAlive);
    this.#faults = new Faults(world.profile, this.#clock);
    const clock = this.#clock;
    this.#context = {
      world,
      random,
      clock,
      isAlive: () => this.#isAlive,
      kill: (why) => this.kill(why),
    };
    const files = diskOf(this.#context);
    this.#killSwitch = new KillSwitch({ path: `${DATA_DIR}/kill-switch.json`, clock, files });
    this.#gate = new StopGate(this.#killSwitch);
    this.#cache = new HotCache({ clock, random });
    this.#router = createRouter(
      () => clock.nowMs(),
      () => this.#cache.slots.head(),
    );
    this.#tracker = new AttemptTracker({
      slots: this.#cache.slots,
      statuses: this.#faults.statuses(
        watchProofs(world.nodes.source, world.checker, () => this.#cache.slots),
        () => asSlot(this.#cache.slots.head()),
      ),
      clock,
      streamName: 'sim',
      onPollError: (error) => {
        if (!(error instanceof HotslotError)) throw error;
      },
    });
    this.#sender = new TransactionSender({
      lanes: LANES.map((name) => this.#lane(name)),
      gate: this.#faults.gate(this.#gate),
      clock,
      blockMs: () => this.#cache.slots.observedBlockMs(),
    });
    void this.#start(files);
    world.dirty();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Takes trades: its journal is replayed and its market is warm. */
  get isReady(): boolean {
    return this.#isAlive && this.#isReady;
  }

  get desk(): TradeDesk {
    return this.#desk!;
  }

  get stream(): VirtualStream | undefined {
    return this.#stream;
  }

  /** kill -9: whatever still runs of it reaches nothing. */
  kill(why: string): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#world.log(`kill -9 ${why}`);
    this.#world.lifeEnded();
  }

  submit(intent: TradeIntent): TradeId | HotslotError | undefined {
    try {
      const trade = this.desk.submit(intent, this.#clock.monotonicUs());
      return this.#isAlive ? trade.id : undefined;
    } catch (error) {
      if (error instanceof HotslotError) return this.#isAlive ? error : undefined;
      throw error;
    }
  }

  /** Undefined where no answer was given: the process died, or could not promise it. */
  cancel(id: TradeId): CancelResult['outcome'] | undefined {
    try {
      const { outcome } = this.desk.cancel(id);
      return this.#isAlive ? outcome : undefined;
    } catch (error) {
      if (error instanceof HotslotError && error.code === 'JOURNAL_UNWRITABLE') return undefined;
      throw error;
    }
  }

  /** What the kill switch's route does. The answer counts only if the process lived to give it. */
  trip(grade: 'stop' | 'drain' | 'reduce'): boolean {
    this.#killSwitch.trip(grade, 'simulated', 'operator');
    if (grade === 'stop') this.desk.clearQueue();
    return this.#isAlive;
  }

  release(): boolean {
    this.#killSwitch.release('simulated', 'operator');
    return this.#isAlive;
  }

  stateOf(id: TradeId): TradeState | undefined {
    return this.desk.get(id)?.state;
  }

  /** What must be nothing once every trade has ended. */
  leftOver(): string[] {
    const { queued, running } = this.desk.scheduler.status();
    const counts = {
      'locks held': this.#locks.heldCount,
      'locks waited for': this.#locks.waitingCount,
      reservations: this.#reserved.size,
      'wallets held for a damaged journal': this.#heldWallets.size,
      'queued trades': queued,
      'concurrency slots taken': running,
      'attempts tracked': this.#tracker.trackedCount,
      'attempts being sent': this.#sender.activeCount,
      'signatures admitted': this.#gate.size,
      'live trades': this.desk.liveCount,
      'live trades of wallets': WALLETS.reduce((sum, wallet) => sum + this.desk.liveTradesOf(wallet), 0),
    };
    return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
  }

  // --- wiring ------------------------------------------------------------------------------------------------

  async #start(files: JournalFs): Promise<void> {
    const { profile, checker } = this.#world;
    corruptJournal(this.#context, files);
    const opened = await openJournalOrEnd(this.#context, files);
    if (opened === undefined) return;
    const { journal, replayed } = opened;

    for (const fault of replayed.faults) {
      if (fault.kind !== 'torn' && checker.damagedRecords === 0)
        checker.violated('journal', `${fault.kind}: ${fault.detail ?? ''}`);
    }
    for (const trade of replayed.trades.values()) {
      checker.journalled({ kind: 'intent', tradeId: trade.id } as never);
      for (const attempt of trade.attempts) {
        const { sends: _sends, ...facts } = attempt;
        checker.journalled({ kind: 'attempt', tradeId: trade.id, ...facts });
      }
    }
    const desk = new TradeDesk(this.#ports(journal));
    this.#desk = desk;
    desk.onTrade(({ trade, change }) => {
      if (this.#isAlive) this.#world.told(trade, change);
    });
    this.#cache.addListener(desk.poolNews);
    this.#cache.addListener(this.#tracker);
    this.#stream = new VirtualStream({
      clock: this.#world.clock,
      random: this.#random.fork(),
      profile,
      buffer: this.#world.replayBuffer,
      whenAwake: (run) => this.#world.whenAwake(run),
      cache: this.#cache,
      onTransaction: (update) => this.#onTransaction(update),
      isAlive: () => this.#isAlive,
    });
    if (this.#world.isHealed) this.#stream.heal();
    // Trades that were queued wait for a market to be quoted on; those that are out are followed at once.
    desk.scheduler.pause('warming up');
    const isSuspect = replayed.suspect && !this.#faults.ignoresDamage;
    desk.resume([...replayed.trades.values()], isSuspect);
    if (isSuspect) this.#searchLost(desk, journal, replayed.faults);
    this.#cache.addListener({
      onBlockhash: () => {
        if (this.#isReady) return;
        this.#isReady = true;
        desk.scheduler.resume();
      },
    });
  }

  #searchLost(desk: TradeDesk, journal: FileJournal, damage: readonly JournalStretch[]): void {
    void new LostAttemptSearch({
      clock: this.#clock,
      slots: this.#cache.slots,
      trades: desk.inDoubt,
      history: this.#world.nodes.history,
      isKnown: (signature) => desk.knowsSignature(signature),
      onSettled: () => {
        this.#world.log('the damage is settled');
        writeSettled(journal, damage, this.#clock.nowMs());
      },
      onFault: (_wallet, error) => {
        if (!(error instanceof HotslotError)) throw error;
      },
    });
  }

  #ports(file: FileJournal): DeskPorts {
    const { profile } = this.#world;
    return {
      clock: this.#clock,
      random: this.#random,
      slots: this.#cache.slots,
      route: (question) => this.#router.choose(question),
      poolKeys,
      locks: this.#locks,
      lockSet: (trade) => (this.#faults.ignoresLocks ? NO_LOCKS : this.#lockSets.of(trade)),
      admission: this.#admission(),
      killGrade: () => this.#killSwitch.grade ?? 'off',
      gate: {
        stopCount: () => this.#killSwitch.stopCount,
        admit: (signature) => this.#gate.admit(signature),
        stoppedSince: (atMs, stopCount) => this.#gate.stoppedSince(atMs, stopCount),
        forget: (signature) => this.#gate.forget(signature),
      },
      builder: new VirtualBuilder(this.#context, this.#cache, () => this.desk),
      journal: this.#faults.journal(observed(file, this.#context)),
      sender: this.#sender,
      confirmer: this.#faults.confirmer(this.#tracker),
      simulate: () =>
        later(this.#context, this.#random.between(1, 50), () => ({
          error: undefined,
          logs: [],
          unitsConsumed: 1,
        })),
      fetchTransaction: (signature) => this.#fetch(signature),
      errorName: () => 'raydium-cpmm:ExceededSlippage',
      history: { byId: () => undefined, byClientOrderId: () => undefined, knowsSignature: () => false },
      onFault: (fault) => {
        if (fault.kind === 'invariant' || (fault.kind === 'builder' && this.#isAlive)) {
          this.#world.checker.violated('fault', `${fault.message} ${fault.tradeId} ${String(fault.error)}`);
        }
      },
      settings: {
        maxAttempts: profile.maxAttempts,
        expiryCommitment: profile.expiryCommitment,
        computeUnitLimit: 60_000,
        computeUnitPriceMicroLamports: 1_000n,
        priorityFeeRaisePercent: 50,
        maxPriorityFeeLamports: 1_000_000n,
        maxBlockhashAgeSlots: MAX_AGE_SLOTS,
        maxPoolAgeSlots: MAX_AGE_SLOTS,
        lockRelease: profile.lockRelease,
        venueLockSlots: profile.venueLockSlots,
        maxConcurrent: profile.maxConcurrent,
        maxQueued: profile.maxQueued,
        maxRecentTrades: 20_000,
        journalDurable: profile.durable,
        mayTradeLive: true,
      },
    };
  }

  #lane(name: string): VirtualLane {
    const { clock, profile, cluster, checker } = this.#world;
    return new VirtualLane(name, {
      clock,
      random: this.#random.fork(),
      profile,
      cluster,
      isAlive: () => this.#isAlive,
      isHealed: () => this.#world.isHealed,
      whenAwake: (run) => this.#world.whenAwake(run),
      dirty: () => this.#world.dirty(),
      onWrite: (signature, lane) => {
        this.#world.log(`write ${signature} ${lane}`);
        checker.laneWrite(signature);
        if (!this.#world.isHealed && this.#random.chance(profile.crashAtPointChance)) this.kill('at a send');
      },
    });
  }

  #admission(): Admission {
    return {
      admit: ({ tradeId, intent }) => {
        if (this.#random.chance(0.01)) throw new HotslotError('RISK_LIMIT');
        const wallet = intent.wallet === undefined ? this.#random.pick(WALLETS) : WALLETS[0]!;
        if (this.#heldWallets.has(wallet)) throw new HotslotError('RECONCILING');
        this.#reserved.set(tradeId, wallet);
        return { wallet };
      },
      hold: (wallet) => void this.#heldWallets.add(wallet),
      free: (wallet) => void this.#heldWallets.delete(wallet),
      readmit: (trade) => void this.#reserved.set(trade.id, trade.wallet),
      release: (tradeId) => void this.#reserved.delete(tradeId),
      settle: () => undefined,
      unsettle: () => undefined,
      keep: () => undefined,
    };
  }

  // --- the chain's news --------------------------------------------------------------------------------------

  /** The pool's accounts come before the transaction's own update, or after it, or not at all. */
  #onTransaction(update: TransactionUpdate): void {
    const poolNews = update.error === undefined && this.#random.chance(0.7);
    const isFirst = this.#random.chance(0.5);
    if (poolNews && isFirst) this.#publishPool(update);
    this.#tracker.onTransaction(update);
    if (poolNews && !isFirst) this.#publishPool(update);
  }

  #publishPool(update: TransactionUpdate): void {
    const tradeId = this.#world.cluster.transactions.get(update.signature)?.tradeId as TradeId | undefined;
    const pool = tradeId === undefined ? undefined : this.desk.get(tradeId)?.pool;
    if (pool === undefined) return;
    this.desk.poolNews.onPool(newsOf(pool, update.slot, update.signature));
  }

  async #fetch(signature: Signature): Promise<TransactionUpdate | undefined> {
    if (!(await this.#world.nodes.knows(signature))) return undefined;
    const { cluster } = this.#world;
    const slot = cluster.landed(signature, 'confirmed')?.slot ?? 0;
    const fails = cluster.transactions.get(signature)?.fails ?? false;
    return transactionOf({ signature, slot: asSlot(slot), index: 0, fails }, this.#clock.monotonicUs());
  }
}
