/** One attempt: quote, build and sign, write down (L1), track, send. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { JournalRecord } from '../journal/types.js';
import type { Signature } from '../model/brands.js';
import type { Attempt } from '../model/trade.js';
import { TERMINAL_STATES } from '../model/trade-state.js';
import type { BuildOutcome, BuildRequest, BuiltAttempt } from '../threads/types.js';
import { AttemptNonces } from './attempt-nonce.js';
import type { LockKeeper } from './lock-keeper.js';
import { denialOf, LOCAL, type Moves } from './moves.js';
import type { DeskPorts } from './ports.js';
import type { LiveTrade, TradeStore } from './trade-store.js';

/** Builds of one attempt, should its signature be taken. */
const MAX_BUILDS = 3;
const MICRO_LAMPORTS_A_LAMPORT = 1_000_000n;

interface AcceptedBuild {
  readonly built: BuiltAttempt;
  readonly computeUnitLimit: number;
}

export class AttemptRunner {
  readonly #ports: DeskPorts;
  readonly #store: TradeStore;
  readonly #locks: LockKeeper;
  readonly #moves: Moves;
  readonly #nonces: AttemptNonces;

  constructor(ports: DeskPorts, store: TradeStore, locks: LockKeeper, moves: Moves) {
    this.#ports = ports;
    this.#store = store;
    this.#locks = locks;
    this.#moves = moves;
    this.#nonces = new AttemptNonces(ports.random);
  }

  /**
   * Runs to the first send or to a denial; never rejects. Where nothing has to be waited for (built in place, a lane
   * free, the disk left to the system) the bytes have left when it returns: whatever else this turn of the event
   * loop has to do, the answer to the client included, comes after them.
   */
  async run(live: LiveTrade): Promise<void> {
    try {
      const { intent } = live.trade;
      this.#assertMaySign(live);
      const zeroSignature = intent.dryRun || !this.#ports.settings.mayTradeLive;
      const request = this.#request(live, zeroSignature);
      const first = this.#ports.builder.build(request);
      const outcome = first instanceof Promise ? await first : first;
      const { built, computeUnitLimit } = this.#accept(outcome, request) ?? (await this.#rebuild(request));
      this.#stampBuild(live, built);
      if (zeroSignature) await this.#simulate(live, built);
      else await this.#launch(live, built, computeUnitLimit);
    } catch (error) {
      this.#deny(live, error);
    }
  }

  /** The kill switch and the clock may have moved while the trade stood in line. */
  #assertMaySign(live: LiveTrade): void {
    const { trade } = live;
    const grade = this.#ports.killGrade();
    const grows = grade === 'reduce' && this.#ports.admission.shrinks?.(trade) === false;
    if ((this.#wasStopped(live) || grows) && !trade.intent.dryRun) {
      throw new HotslotError('KILL_SWITCH_ACTIVE', { context: { grade } });
    }
    if (live.cancelRequested) throw new HotslotError('CANCELLED');
    const lateMs = this.#ports.clock.nowMs() - trade.deadlineAtMs;
    if (lateMs >= 0) throw new HotslotError('DEADLINE_PASSED', { context: { lateMs } });
  }

  /** A stop is in force, or came since the trade was accepted: a release revives nothing. */
  #wasStopped(live: LiveTrade): boolean {
    return this.#ports.killGrade() === 'stop' || this.#ports.gate.stopCount() !== live.stopCount;
  }

  /** Bytes that another trade has signed would land once and count twice: undefined. @throws its failure */
  #accept(outcome: BuildOutcome, { computeUnitLimit }: BuildRequest): AcceptedBuild | undefined {
    if (!outcome.ok) throw HotslotError.fromPlain(outcome.error);
    const isTaken = outcome.signature !== undefined && this.#isTaken(outcome.signature);
    return isTaken ? undefined : { built: outcome, computeUnitLimit };
  }

  /** The signature was taken: the bytes are made anew, with another nonce. */
  async #rebuild(request: BuildRequest): Promise<AcceptedBuild> {
    const { settings } = this.#ports;
    for (let builds = 1; builds < MAX_BUILDS; builds++) {
      const computeUnitLimit = settings.computeUnitLimit + this.#nonces.next(request.wallet);
      const maxComputeUnitPriceMicroLamports = highestPrice(settings, computeUnitLimit);
      const again = { ...request, computeUnitLimit, maxComputeUnitPriceMicroLamports };
      const accepted = this.#accept(await this.#ports.builder.build(again), again);
      if (accepted !== undefined) return accepted;
    }
    throw new HotslotError('WORKER_FAILED', { detail: 'Every signature was taken.' });
  }

  #isTaken(signature: Signature): boolean {
    return this.#store.bySignature(signature) !== undefined || this.#ports.history.knowsSignature(signature);
  }

  #request(live: LiveTrade, zeroSignature: boolean): BuildRequest {
    const { trade } = live;
    const { settings } = this.#ports;
    const computeUnitLimit = settings.computeUnitLimit + this.#nonces.next(trade.wallet);
    return {
      tradeId: trade.id,
      wallet: trade.wallet,
      pool: trade.pool,
      zeroForOne: this.#locks.isZeroForOne(trade),
      mode: trade.intent.mode,
      amount: trade.intent.amount,
      limit: trade.limit,
      slippageBps: trade.intent.slippageBps,
      computeUnitLimit,
      computeUnitPriceMicroLamports: settings.computeUnitPriceMicroLamports,
      priceRaisePercent: trade.attempts.length * settings.priorityFeeRaisePercent,
      maxComputeUnitPriceMicroLamports: highestPrice(settings, computeUnitLimit),
      validityBlocks: trade.intent.validityBlocks,
      maxBlockhashAgeSlots: settings.maxBlockhashAgeSlots,
      maxPoolAgeSlots: settings.maxPoolAgeSlots,
      pending: this.#locks.pendingOn(trade),
      zeroSignature,
    };
  }

  #stampBuild(live: LiveTrade, built: BuiltAttempt): void {
    const doneUs = this.#ports.clock.monotonicUs() - live.receivedUs;
    const { times } = live.trade;
    times.signedUs = doneUs;
    times.builtUs = doneUs - built.signUs;
    times.quotedUs = doneUs - built.signUs - built.buildUs;
  }

  async #launch(live: LiveTrade, built: BuiltAttempt, computeUnitLimit: number): Promise<void> {
    const { trade } = live;
    // A stop or a cancellation that came while it was being signed: nothing is written down, nothing leaves.
    this.#assertMaySign(live);
    const attempt = attemptOf(trade.attempts.length + 1, built, computeUnitLimit, this.#ports);
    const written = this.#writeDown(live, attempt);
    const isWritten = written === true || (await written);
    trade.attempts.push(attempt);
    this.#store.addSignature(attempt.signature, live);
    this.#moves.move(live, 'signed', LOCAL);
    trade.times.journalledUs = this.#ports.clock.monotonicUs() - live.receivedUs;
    this.#ports.confirmer.track(attempt);
    // While the disk was waited for a stop or a cancellation may have come. The record is there, so that a
    // restart would take the attempt for one that is out: only the chain can say that it is dead (L4).
    if (!isWritten || this.#wasStopped(live) || live.cancelRequested) {
      this.#locks.sent(live);
      return;
    }
    this.#ports.gate.admit(attempt.signature);
    try {
      const sent = this.#ports.sender.start(attempt.signature, attempt.wire);
      this.#sent(live, attempt, typeof sent === 'number' ? sent : await sent);
    } catch (error) {
      // It is written down and may not be called dead before the chain says so (L4), though nothing left.
      this.#moves.fault({ kind: 'sender', message: 'the first send was withheld', tradeId: trade.id, error });
      if (!live.dead.has(attempt.signature) && !TERMINAL_STATES.has(trade.state)) this.#locks.sent(live);
    }
  }

  #sent(live: LiveTrade, attempt: Attempt, sentUs: number): void {
    const { trade } = live;
    trade.times.sentUs = sentUs - live.receivedUs;
    attempt.sends = Math.max(attempt.sends, this.#ports.sender.sendsOf(attempt.signature));
    // News of the landing, or of the end, may be faster than the promise of the send.
    if (TERMINAL_STATES.has(trade.state) || trade.attempts.at(-1) !== attempt) return;
    if (trade.state === 'signed') this.#moves.move(live, 'sent', LOCAL);
    this.#locks.sent(live);
  }

  /**
   * False: the record may or may not outlive the machine, so the attempt counts as written and is not sent.
   * @throws HotslotError JOURNAL_UNWRITABLE when it was not written at all
   */
  #writeDown(live: LiveTrade, attempt: Attempt): true | Promise<boolean> {
    const { sends: _sends, ...facts } = attempt;
    const record = { kind: 'attempt', tradeId: live.trade.id, ...facts } as const;
    const { journal, settings } = this.#ports;
    if (settings.journalDurable) return this.#writeDurably(live, record);
    journal.append(record);
    return true;
  }

  async #writeDurably(live: LiveTrade, record: JournalRecord): Promise<boolean> {
    const { journal } = this.#ports;
    const written = journal.appendDurable(record);
    // Unwritable at once: the record was cut back. Later: it is in the file, and the disk did not promise it.
    const isInFile = journal.writable;
    try {
      await written;
      return true;
    } catch (error) {
      if (!isInFile) throw error;
      const message = 'an attempt may not be on disk and is not sent';
      this.#moves.fault({ kind: 'journal', message, tradeId: live.trade.id, error });
      return false;
    }
  }

  async #simulate(live: LiveTrade, built: BuiltAttempt): Promise<void> {
    const run = await this.#ports.simulate(built.wire);
    const error = run.error === undefined ? undefined : this.#ports.errorName(run.error, undefined);
    const detail = error ?? `ok, ${run.unitsConsumed ?? 0} compute units`;
    const outcome = {
      slot: built.signedSlot,
      feeLamports: 0n,
      spent: built.quotedIn,
      received: built.quotedOut,
      ...(error === undefined ? {} : { error }),
      slotDelta: 0,
    };
    this.#moves.finish(live, 'simulated', { source: 'rpc', slot: built.signedSlot, detail }, { outcome });
  }

  /** Nothing of this attempt was signed, or nothing was written down: the trade is denied, or was expired before. */
  #deny(live: LiveTrade, error: unknown): void {
    const { trade } = live;
    if (!(error instanceof HotslotError)) {
      this.#moves.fault({ kind: 'builder', message: 'an attempt failed', tradeId: trade.id, error });
    }
    const coded = error instanceof HotslotError ? error : new HotslotError('WORKER_FAILED', { cause: error });
    if (trade.state !== 'queued') {
      this.#moves.fault({
        kind: 'invariant',
        message: `an attempt failed in ${trade.state}`,
        tradeId: trade.id,
        error,
      });
      return;
    }
    const denial = denialOf(coded);
    const proof = trade.history.findLast((change) => change.state === 'queued')?.evidence;
    if (trade.attempts.length > 0 && proof) {
      this.#moves.finish(live, 'expired', proof, { denial });
      return;
    }
    const isCancel = coded.code === 'CANCELLED' || coded.code === 'KILL_SWITCH_ACTIVE';
    const evidence = { ...LOCAL, detail: coded.code };
    this.#moves.finish(live, isCancel ? 'cancelled' : 'denied', evidence, { denial });
  }
}

/** The price at which the requested limit costs as much as the cap allows, micro-lamports a compute unit. */
function highestPrice(settings: DeskPorts['settings'], computeUnitLimit: number): bigint {
  return (settings.maxPriorityFeeLamports * MICRO_LAMPORTS_A_LAMPORT) / BigInt(computeUnitLimit);
}

function attemptOf(
  number: number,
  built: BuiltAttempt,
  computeUnitLimit: number,
  { clock }: DeskPorts,
): Attempt {
  if (built.signature === undefined) throw new Error('an attempt without a signature');
  return {
    number,
    signature: built.signature,
    blockhash: built.blockhash,
    lastValidBlockHeight: built.lastValidBlockHeight,
    signedSlot: built.signedSlot,
    signedAtMs: clock.nowMs(),
    poolSlot: built.poolSlot,
    quotedIn: built.quotedIn,
    quotedOut: built.quotedOut,
    limit: built.limit,
    computeUnitLimit,
    computeUnitPriceMicroLamports: built.computeUnitPriceMicroLamports,
    wire: built.wire,
    sends: 0,
  };
}
