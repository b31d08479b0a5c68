/**
 * Several Yellowstone endpoints side by side, told to one sink as one stream. Slots, block metas and our
 * transactions come from whichever is first (slot-merge.ts has the rules), accounts from one at a time, the
 * *source*: write_version is a node's own count.
 *
 * The others keep their account updates of the last slots. When the source fails, lags or has missed something,
 * the next one's are laid over what is held, so that nothing is missing: trading goes on. What is held is fetched
 * again all the same, unhurriedly. Where the two do not overlap, everything is suspect until it is fetched.
 */
import type { Address, Slot } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import { SlotMerge } from './slot-merge.js';
import {
  DEFAULT_CHOICE_LIMITS,
  type SourceCandidate,
  SourceChoice,
  type SourceChoiceLimits,
} from './source-choice.js';
import { StandbyBuffer } from './standby-buffer.js';
import { StreamLag } from './stream-lag.js';
import type {
  AccountUpdate,
  StreamGap,
  StreamSink,
  StreamStatus,
  StreamSubscription,
  TransactionUpdate,
} from './types.js';

/** How often the source is looked at. */
const LOOK_MS = 100;
/** How often a live stream counts as a success at its breaker, with its lag as the time that it took. */
const REPORT_MS = 1_000;
/** Slots by which the new source must reach back below the old one's head: short forks freeze late. */
export const OVERLAP_SLOTS = 4;

/** A stream as the set needs it: `YellowstoneStream`. */
export interface MemberStream {
  readonly name: string;
  start(sink: StreamSink, subscription: StreamSubscription, fromSlot?: Slot): void;
  resubscribe(subscription: StreamSubscription): void;
  cut(detail: string): void;
  close(): void;
}

/** The circuit breakers of the streams, by the streams' names. */
export interface StreamGuard {
  /** Whether it may be connected to and trusted with accounts. */
  isUsable(name: string): boolean;
  /** Open by hand: it stays unused even where no other stream is left. */
  isForcedOpen(name: string): boolean;
  succeeded(name: string, lagMs: number): void;
  failed(name: string, detail: string): void;
}

export interface EndpointStatus {
  readonly name: string;
  readonly status: StreamStatus;
  /** Milliseconds since anything came; Infinity before the first. */
  readonly ageMs: number;
  readonly lagSlots: number;
  readonly lagMs: number;
  readonly isAccountSource: boolean;
  /** Sessions after the first. */
  readonly reconnects: number;
}

export interface StreamSetOptions {
  /** In order of preference. */
  readonly streams: readonly MemberStream[];
  readonly clock: Clock;
  readonly limits?: Partial<SourceChoiceLimits>;
  readonly guard?: StreamGuard;
  /** Each stream's own changes; the sink hears of the best only. */
  readonly onEndpoint?: (name: string, status: StreamStatus, detail: string) => void;
  /** Accounts come from another stream now; `covered`: without a hole. */
  readonly onSource?: (name: string, covered: boolean) => void;
}

interface Member {
  readonly stream: MemberStream;
  readonly index: number;
  readonly buffer: StandbyBuffer;
  status: StreamStatus;
  lastActivityUs: number;
  sessions: number;
  /** First slot of which, and of all after it, everything came; undefined while a gap is open. */
  wholeFrom: number | undefined;
  /** Accounts that joined the subscription and are not known to be covered by it yet. */
  readonly uncovered: Set<Address>;
}

const RANK: { readonly [Status in StreamStatus]: number } = { down: 0, connecting: 1, live: 2 };

export class StreamSet {
  readonly #options: StreamSetOptions;
  readonly #members: readonly Member[];
  readonly #lag: StreamLag;
  readonly #choice: SourceChoice;
  #sink: StreamSink | undefined;
  #merge: SlotMerge | undefined;
  #source: Member | undefined;
  #teller: string;
  #term = 0;
  #status: StreamStatus = 'down';
  /** The last word to the sink was that nothing may be taken for complete. */
  #isOpen = true;
  #timers: TimerHandle[] = [];

  constructor(options: StreamSetOptions) {
    const [first] = options.streams;
    if (first === undefined) throw new Error('a stream set needs at least one stream');
    this.#options = options;
    this.#teller = first.name;
    this.#lag = new StreamLag(options.streams.length);
    this.#choice = new SourceChoice({ ...DEFAULT_CHOICE_LIMITS, ...options.limits });
    this.#members = options.streams.map((stream, index) => ({
      stream,
      index,
      buffer: new StandbyBuffer(),
      status: 'down',
      lastActivityUs: Number.NEGATIVE_INFINITY,
      sessions: 0,
      wholeFrom: undefined,
      uncovered: new Set(),
    }));
  }

  /** Name of the stream that told what the sink heard last: first of all streams, for evidence. */
  get teller(): string {
    return this.#teller;
  }

  /** The best of the streams' statuses. */
  get status(): StreamStatus {
    return this.#status;
  }

  endpoints(): EndpointStatus[] {
    const nowUs = this.#options.clock.monotonicUs();
    return this.#members.map((member) => ({
      name: member.stream.name,
      status: member.status,
      ageMs: (nowUs - member.lastActivityUs) / 1_000,
      lagSlots: this.#lag.slots(member.index),
      lagMs: this.#lag.ms(member.index, nowUs),
      isAccountSource: member === this.#source,
      reconnects: Math.max(0, member.sessions - 1),
    }));
  }

  /**
   * Connects all of them. Call once.
   * @param fromSlot where the first session of a single stream begins its replay; absent: none. Several begin without:
   *   a slot that one of them has in part would have to be judged by what the others had of it
   */
  start(sink: StreamSink, subscription: StreamSubscription, fromSlot?: Slot): void {
    if (this.#sink !== undefined) throw new Error('the stream set was started twice');
    this.#sink = sink;
    this.#merge = new SlotMerge(
      { ...forwarding(sink), onAccount: (update) => this.#tellAccount(update) },
      this.#members.length,
    );
    const { clock } = this.#options;
    this.#timers = [clock.every(LOOK_MS, () => this.#look()), clock.every(REPORT_MS, () => this.#report())];
    const from = this.#members.length === 1 ? fromSlot : undefined;
    for (const member of this.#members) member.stream.start(this.#sinkOf(member), subscription, from);
  }

  resubscribe(subscription: StreamSubscription): void {
    for (const { stream } of this.#members) stream.resubscribe(subscription);
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    for (const { stream } of this.#members) stream.close();
  }

  /** For a stream's `mayConnect`: an open breaker keeps it away, unless failures opened it and no other is live. */
  mayConnect(name: string): boolean {
    const { guard } = this.#options;
    if (guard === undefined || guard.isUsable(name)) return true;
    const others = this.#members.filter(({ stream }) => stream.name !== name);
    return !guard.isForcedOpen(name) && !others.some(({ status }) => status === 'live');
  }

  #sinkOf(member: Member): StreamSink {
    const merge = this.#merge!;
    const { index } = member;
    return {
      onSlot: (update) => {
        this.#teller = member.stream.name;
        if (update.status === 'processed') this.#lag.onProcessed(index, update.slot, update.receivedUs);
        merge.onSlot(index, update);
      },
      onBlockMeta: (update) => {
        this.#teller = member.stream.name;
        merge.onBlockMeta(index, update);
      },
      onAccount: (update) => this.#onAccount(member, update),
      onTransaction: (update) => this.#onTransaction(member, update),
      onGap: (gap) => this.#onGap(member, gap),
      onStatus: (status, detail) => this.#onStatus(member, status, detail),
      onActivity: (receivedUs) => {
        member.lastActivityUs = receivedUs;
        // What L5 asks is how old the accounts may be.
        if (member === this.#source) this.#sink!.onActivity(receivedUs);
      },
      onBehind: (isBehind) => this.#sink!.onBehind?.(isBehind),
    };
  }

  #onAccount(member: Member, update: AccountUpdate): void {
    if (member !== this.#source) {
      this.#merge!.noteAccount(member.index, update.slot);
      member.buffer.add(update);
    } else if (this.#term === 0 || this.#merge!.takesAccount(update.slot)) {
      this.#tellAccount(update);
    }
  }

  #tellAccount(update: AccountUpdate): void {
    this.#sink!.onAccount(this.#term === 0 ? update : { ...update, term: this.#term });
  }

  #onTransaction(member: Member, update: TransactionUpdate): void {
    if (!this.#merge!.isNewTransaction(update)) return;
    this.#teller = member.stream.name;
    this.#sink!.onTransaction(update);
  }

  #onGap(member: Member, gap: StreamGap): void {
    noteGap(member, gap);
    if (this.#source === undefined) this.#begin(member);
    if (member !== this.#source) return;
    if (gap.open !== true && gap.reason === 'missingSlot') {
      this.#merge!.onHole(gap);
      const { clock } = this.#options;
      const next = this.#choice.afterHole(this.#candidates(), member.index, clock.nowMs());
      // What it has told until the hole is all there.
      if (next !== member.index) {
        this.#takeOver(this.#members[next]!, gap.resumedAt - 2);
        return;
      }
    } else if (gap.open === true && gap.accounts === undefined) {
      // A session begins: another stream may have been whole all along.
      this.#look();
      if (member !== this.#source) return;
    }
    this.#tellGap(gap);
  }

  #tellGap(gap: StreamGap): void {
    if (gap.accounts === undefined && gap.reason !== 'missingSlot') this.#isOpen = gap.open === true;
    this.#sink!.onGap(gap);
  }

  #onStatus(member: Member, status: StreamStatus, detail: string): void {
    const before = member.status;
    member.status = status;
    if (status === 'live') member.sessions++;
    if (status === 'down' && before !== 'down') {
      // Until its next session says where it is whole again nothing of it can be relied on.
      member.wholeFrom = undefined;
      if (this.#options.guard?.isForcedOpen(member.stream.name) !== true) {
        this.#options.guard?.failed(member.stream.name, detail);
      }
    }
    this.#options.onEndpoint?.(member.stream.name, status, detail);
    if (this.#source === undefined && status === 'live') this.#begin(member);
    this.#look();
    this.#tellStatus(detail);
  }

  #tellStatus(detail: string): void {
    const best = this.#members.reduce((one, other) => (RANK[other.status] > RANK[one.status] ? other : one));
    if (best.status === this.#status) return;
    this.#status = best.status;
    this.#sink!.onStatus(best.status, detail);
  }

  // --- the source of accounts ---------------------------------------------------------------------------------

  #candidates(): SourceCandidate[] {
    return this.#members.map((member) => ({
      usable: member.status === 'live' && (this.#options.guard?.isUsable(member.stream.name) ?? true),
      whole: member.wholeFrom !== undefined && member.uncovered.size === 0,
      lagSlots: this.#lag.slots(member.index),
    }));
  }

  /** Changes the source where there is a reason, and cuts what was opened by hand. */
  #look(): void {
    for (const { stream, status } of this.#members) {
      if (status !== 'down' && this.#options.guard?.isForcedOpen(stream.name) === true) {
        stream.cut('its circuit breaker was opened by hand');
      }
    }
    const source = this.#source;
    if (source === undefined || this.#members.length === 1) return;
    const next = this.#choice.choose(this.#candidates(), source.index, this.#options.clock.nowMs());
    if (next === undefined || next === source.index) return;
    this.#takeOver(this.#members[next]!, this.#merge!.headOf(source.index));
  }

  #begin(member: Member): void {
    this.#source = member;
    this.#merge!.begin(member.index);
    this.#options.onSource?.(member.stream.name, false);
  }

  /** @param completeThrough slot up to which the old source has brought everything, if it was whole at all */
  #takeOver(next: Member, completeThrough: number): void {
    const old = this.#source!;
    const sink = this.#sink!;
    const merge = this.#merge!;
    const reachesBackTo =
      next.wholeFrom === undefined ? undefined : Math.max(next.wholeFrom, next.buffer.floor);
    const isCovered =
      !this.#isOpen && reachesBackTo !== undefined && reachesBackTo <= completeThrough - OVERLAP_SLOTS;
    this.#source = next;
    this.#teller = next.stream.name;
    this.#term++;
    if (!isCovered) this.#tellGap(switchGap(completeThrough, reachesBackTo));
    merge.takeOver(next.index, (slot) => next.buffer.of(slot));
    if (isCovered) {
      // Nothing is known to be missing; the old source's writes in slots that it did not finish are looked at again.
      const newest = Math.max(merge.newestOf(old.index), completeThrough + 1);
      this.#tellGap({ ...switchGap(completeThrough, newest + 1), covered: true });
      if (old.uncovered.size > 0) {
        this.#tellGap({
          ...switchGap(0, reachesBackTo),
          reason: 'resubscribe',
          accounts: [...old.uncovered],
        });
      }
    }
    next.buffer.restart(0);
    old.buffer.restart(merge.newestOf(old.index) + 1);
    if (Number.isFinite(next.lastActivityUs)) sink.onActivity(next.lastActivityUs);
    this.#options.onSource?.(next.stream.name, isCovered);
  }

  #report(): void {
    const nowUs = this.#options.clock.monotonicUs();
    for (const { stream, status, index } of this.#members) {
      if (status === 'live') this.#options.guard?.succeeded(stream.name, this.#lag.ms(index, nowUs));
    }
  }
}

function noteGap(member: Member, gap: StreamGap): void {
  const { uncovered } = member;
  const wholeAgainFrom = (gap.repairFrom ?? gap.resumedAt) + 1;
  if (gap.accounts !== undefined) {
    for (const address of gap.accounts) {
      if (gap.open === true) uncovered.add(address);
      else uncovered.delete(address);
    }
    if (gap.open !== true && member.wholeFrom !== undefined) {
      member.wholeFrom = Math.max(member.wholeFrom, wholeAgainFrom);
    }
    return;
  }
  // A session's gap takes in whatever was open; a hole inside a session does not.
  if (gap.reason !== 'missingSlot' && gap.eased !== true) uncovered.clear();
  member.wholeFrom = gap.open === true ? undefined : wholeAgainFrom;
}

/** @param wholeFrom first slot of which the new source has brought everything; undefined while that is not known */
function switchGap(completeThrough: number, wholeFrom: number | undefined): StreamGap {
  return {
    completeThrough: completeThrough as Slot,
    resumedAt: (wholeFrom ?? completeThrough + 1) as Slot,
    reason: 'switch',
    repairFrom: ((wholeFrom ?? completeThrough + 1) - 1) as Slot,
    open: wholeFrom === undefined,
  };
}

function forwarding(sink: StreamSink): StreamSink {
  return {
    onSlot: (update) => sink.onSlot(update),
    onBlockMeta: (update) => sink.onBlockMeta(update),
    onAccount: (update) => sink.onAccount(update),
    onTransaction: (update) => sink.onTransaction(update),
    onGap: (gap) => sink.onGap(gap),
    onStatus: (status, detail) => sink.onStatus(status, detail),
    onActivity: (receivedUs) => sink.onActivity(receivedUs),
    onBehind: (isBehind) => sink.onBehind?.(isBehind),
  };
}
