/**
 * The laws, checked against the truth that only the simulation knows: at every write to a lane, at every state
 * that a client is told, and at the end.
 */
import type { JournalRecord } from '../../src/journal/types.js';
import type { LiveAttempt } from '../../src/lifecycle/trade-desk.js';
import type { Signature, TradeId } from '../../src/model/brands.js';
import type { StateChange, Trade } from '../../src/model/trade.js';
import { TERMINAL_STATES, type TradeState } from '../../src/model/trade-state.js';
import type { Profile } from './profile.js';
import type { VirtualCluster } from './virtual-cluster.js';

/** A broken world breaks many laws; the first ones tell the story. */
const MAX_VIOLATIONS = 20;

interface KnownAttempt {
  readonly signature: Signature;
  readonly lastValid: number;
  readonly signedSlot: number;
  laneWrites: number;
  /** An answer came that proved its end, while it was not seen anywhere. */
  proofWasToBeHad: boolean;
}

interface KnownTrade {
  readonly id: TradeId;
  readonly attempts: Map<Signature, KnownAttempt>;
  /** It was there when a stop was answered: nothing of it may leave ever again. */
  stopped: boolean;
  /** A client was told that nothing of it leaves any more. */
  cancelled: boolean;
  told: TradeState | undefined;
  /** The last end that was told, and by which life of the process. */
  end: { readonly state: TradeState; readonly life: number } | undefined;
}

export class Checker {
  readonly #cluster: VirtualCluster;
  readonly #profile: Profile;
  readonly #tell: (line: string) => void;
  readonly violations: string[] = [];
  readonly trades = new Map<TradeId, KnownTrade>();
  readonly #tradeOf = new Map<Signature, KnownTrade>();
  #stopIsAnswered = false;
  #life = 0;
  unknownsTold = 0;
  /** Records were lost on the disk: that a trade was never signed is then not always known. */
  damagedRecords = 0;

  constructor(cluster: VirtualCluster, profile: Profile, tell: (line: string) => void) {
    this.#cluster = cluster;
    this.#profile = profile;
    this.#tell = tell;
  }

  violated(law: string, detail: string): void {
    this.#tell(`VIOLATION ${law}: ${detail}`);
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(`${law}: ${detail}`);
  }

  /** The journal has it: nothing short of losing the disk takes it back. */
  journalled(record: JournalRecord): void {
    if (record.kind === 'intent') this.#trade(record.tradeId);
    if (record.kind !== 'attempt') return;
    const trade = this.#trade(record.tradeId);
    if (trade.attempts.has(record.signature)) return;
    trade.attempts.set(record.signature, {
      signature: record.signature,
      lastValid: record.lastValidBlockHeight,
      signedSlot: record.signedSlot,
      laneWrites: 0,
      proofWasToBeHad: false,
    });
    this.#tradeOf.set(record.signature, trade);
  }

  // --- bytes -------------------------------------------------------------------------------------------------

  laneWrite(signature: Signature): void {
    const trade = this.#tradeOf.get(signature);
    const attempt = trade?.attempts.get(signature);
    if (trade === undefined || attempt === undefined) {
      this.violated('L1', `${signature} left before it was in the journal`);
      return;
    }
    attempt.laneWrites += 1;
    if (this.#stopIsAnswered) this.violated('L3', `${signature} left after stop was answered`);
    else if (trade.stopped) this.violated('L3', `${signature} left after a stop and its release`);
    if (trade.cancelled) this.violated('cancel', `${signature} left after its cancellation was answered`);
    for (const other of trade.attempts.values()) {
      if (other === attempt) continue;
      if (!this.#cluster.isDead(other.signature, other.lastValid, this.#profile.expiryCommitment)) {
        this.violated('L2', `${signature} left while ${other.signature} could still land, or had landed`);
      }
    }
  }

  stopAnswered(listed: readonly LiveAttempt[]): void {
    this.#stopIsAnswered = true;
    const known = new Set(listed.map((one) => one.signature));
    for (const trade of this.trades.values()) {
      trade.stopped = true;
      if (trade.end !== undefined) continue;
      for (const { signature, lastValid, laneWrites } of trade.attempts.values()) {
        const isOver =
          this.#cluster.isDead(signature, lastValid, 'confirmed') ||
          this.#cluster.landed(signature, 'confirmed') !== undefined;
        if (laneWrites > 0 && !isOver && !known.has(signature)) {
          this.violated('L3', `the answer to stop does not list ${signature}, which may still land`);
        }
      }
    }
  }

  cancelAnswered(id: TradeId): void {
    this.#trade(id).cancelled = true;
  }

  released(): void {
    this.#stopIsAnswered = false;
  }

  // --- what clients are told ---------------------------------------------------------------------------------

  told(trade: Trade, change: StateChange): void {
    const known = this.#trade(trade.id);
    const { state } = change;
    if (known.end !== undefined && !this.#mayBeToldAgain(known.end, state)) {
      this.violated('L4', `${trade.id} was ${known.end.state} and then ${state}`);
    }
    known.told = state;
    if (TERMINAL_STATES.has(state)) known.end = { state, life: this.#life };
    if (state === 'processed' || state === 'sent') {
      for (const attempt of known.attempts.values()) attempt.proofWasToBeHad = false;
    }
    if (state === 'unknown') this.#unknown(known);
    else this.#assertTrue(known, state, 'told');
  }

  /** What the chain ended, a new life may learn anew if the disk was full: by the same steps, to the same end. */
  #mayBeToldAgain(end: { state: TradeState; life: number }, state: TradeState): boolean {
    if (end.life === this.#life) return false;
    if (TERMINAL_STATES.has(state)) return end.state === state;
    return end.state === 'finalized' || end.state === 'failed';
  }

  lifeBegan(): void {
    this.#life += 1;
  }

  /** A node's answer, good enough for the proof, reached the process. */
  proofCame(signature: Signature): void {
    const trade = this.#tradeOf.get(signature);
    const attempt = trade?.attempts.get(signature);
    if (attempt !== undefined && (trade?.told === 'sent' || trade?.told === 'signed')) {
      attempt.proofWasToBeHad = true;
    }
  }

  factsOf(signature: Signature): { readonly lastValid: number; readonly signedSlot: number } | undefined {
    return this.#tradeOf.get(signature)?.attempts.get(signature);
  }

  #unknown(known: KnownTrade): void {
    this.unknownsTold += 1;
    const last = [...known.attempts.values()].at(-1);
    if (last?.proofWasToBeHad) this.violated('L4', `${known.id} became unknown although its end was proven`);
  }

  /** Whether the chain bears a state out. What the process knows is older than the truth, never newer. */
  #assertTrue(known: KnownTrade, state: TradeState, when: string): void {
    const attempts = [...known.attempts.values()];
    const commitment = state === 'finalized' && when === 'told' ? 'finalized' : 'confirmed';
    const landed = attempts.filter(({ signature }) => this.#cluster.landed(signature, commitment));
    const failed = landed.filter(({ signature }) => this.#cluster.transactions.get(signature)?.fails);
    const say = (what: string): void => this.violated('L4', `${known.id} is ${when} ${state}, but ${what}`);
    if (state === 'confirmed' || state === 'finalized') {
      if (landed.length === 0) say('nothing landed');
      else if (failed.length > 0) say('what landed failed');
    } else if (state === 'failed') {
      if (failed.length === 0) say('nothing landed with an error');
    } else if (state === 'expired') {
      const alive = attempts.filter(
        (one) => !this.#cluster.isDead(one.signature, one.lastValid, 'confirmed'),
      );
      if (attempts.length === 0 && this.damagedRecords === 0) say('nothing was ever signed');
      if (alive.length > 0) say(`${alive[0]!.signature} landed or can still land`);
    } else if (state === 'denied' || state === 'cancelled' || state === 'simulated') {
      if (attempts.length > 0) say('something was signed');
    }
  }

  // --- the end -----------------------------------------------------------------------------------------------

  /** With the network healed and every hash run out: what clients hear now is final and true. */
  atEnd(stateOf: (id: TradeId) => TradeState | undefined): void {
    for (const known of this.trades.values()) {
      const state = stateOf(known.id);
      if (state === undefined) {
        this.violated('lost', `${known.id} is not known any more`);
        continue;
      }
      if (!TERMINAL_STATES.has(state)) {
        this.violated('liveness', `${known.id} is still ${state} long after the network healed`);
        continue;
      }
      if (known.end !== undefined && known.end.state !== state) {
        this.violated('L4', `${known.id} was told ${known.end.state} and is ${state}`);
      }
      this.#assertTrue(known, state, 'finally');
      const landed = [...known.attempts.keys()].filter((one) => this.#cluster.landed(one, 'finalized'));
      if (landed.length > 1) this.violated('L2', `${known.id} landed twice: ${landed.join(' ')}`);
    }
  }

  /** Every signature that can be in somebody's hands. */
  lastHeight(): number {
    let last = 0;
    for (const { attempts } of this.trades.values()) {
      for (const { lastValid } of attempts.values()) last = Math.max(last, lastValid);
    }
    return last;
  }

  #trade(id: TradeId): KnownTrade {
    let trade = this.trades.get(id);
    if (trade === undefined) {
      trade = { id, attempts: new Map(), stopped: false, cancelled: false, told: undefined, end: undefined };
      this.trades.set(id, trade);
    }
    return trade;
  }
}
