/**
 * What happens to trades and to the kill switch, on a capped stream in Redis. Telling is putting into a bounded
 * buffer; a turn of its own writes. An event may come twice, with the same `seq`, where Redis went away before it had
 * answered; past the bound the oldest are dropped, and the stream says so when it is back.
 */
import type { TradeEvent } from '../lifecycle/trade-desk.js';
import type { KillSwitchStatus } from '../risk/kill-switch.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { RedisConnection } from './connection.js';

export const EVENTS_TURN_MS = 50;
/** Events written at once; with it a turn takes under a millisecond of the main thread. */
export const MAX_EVENTS_A_TURN = 32;
/** Events that wait for Redis: at 100 changes a second more than a minute and a half. */
export const MAX_BUFFERED_EVENTS = 10_000;
/** About as many events as the stream keeps. */
export const STREAM_LENGTH = 100_000;

export interface EventStreamOptions {
  readonly connection: RedisConnection;
  /** The stream's key. */
  readonly key: string;
  readonly executor: string;
  readonly clock: Clock;
}

interface Fields {
  readonly [field: string]: string | number;
}

interface Waiting {
  readonly seq: number;
  /** Remembered when it is told, put into words when it is written. */
  readonly fields: () => Fields;
}

interface Gap {
  readonly count: number;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #timer: TimerHandle;
  #waiting: Waiting[] = [];
  #seq: number;
  #dropped = 0;
  /** Dropped since the stream last said so. */
  #gap: Gap | undefined;
  #writing: Promise<boolean> | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    // Counted on from the clock, so that no number comes twice over a restart.
    this.#seq = options.clock.nowMs() * 1_000;
    this.#timer = options.clock.every(EVENTS_TURN_MS, () => void this.#turn());
  }

  /** Events that wait, and those that were dropped since the start. */
  get counts(): { readonly buffered: number; readonly dropped: number } {
    return { buffered: this.#waiting.length, dropped: this.#dropped };
  }

  /** On the path of trades: it remembers, and no more. */
  onTrade({ trade, change, attempts }: TradeEvent): void {
    const signature = trade.attempts[attempts - 1]?.signature;
    const { denial, outcome } = trade;
    this.#add(() => ({
      type: 'trade',
      tradeId: trade.id,
      clientOrderId: trade.intent.clientOrderId,
      state: change.state,
      atMs: change.atMs,
      knownAtMs: change.knownAtMs,
      evidence: JSON.stringify(change.evidence),
      wallet: trade.wallet,
      pool: trade.pool,
      ...(signature === undefined ? {} : { signature }),
      ...(denial === undefined ? {} : { denial: denial.code }),
      ...(outcome === undefined ? {} : { slot: outcome.slot, slotDelta: outcome.slotDelta }),
    }));
  }

  onKillSwitch({ history }: KillSwitchStatus): void {
    const event = history.at(-1);
    if (event === undefined) return;
    this.#add(() => ({
      type: 'killSwitch',
      action: event.action,
      grade: event.grade ?? 'off',
      reason: event.reason,
      source: event.source,
      atMs: event.happenedAtMs ?? event.atMs,
      knownAtMs: event.atMs,
    }));
  }

  /** Writes what waits, as far as Redis takes it at once. */
  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#writing;
    while (this.#waiting.length > 0 && (await this.#write()));
  }

  #add(fields: () => Fields): void {
    this.#seq += 1;
    this.#waiting.push({ seq: this.#seq, fields });
    this.#keepBound();
  }

  /** Several at once: taking single ones from the front of a long array costs its length. */
  #keepBound(): void {
    if (this.#waiting.length <= MAX_BUFFERED_EVENTS) return;
    const dropped = this.#waiting.splice(0, MAX_EVENTS_A_TURN);
    const [first, last] = [dropped[0]!.seq, dropped.at(-1)!.seq];
    this.#dropped += dropped.length;
    this.#gap = joined(this.#gap, { count: dropped.length, fromSeq: first, toSeq: last });
  }

  async #turn(): Promise<void> {
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    this.#writing = this.#write();
    const isWritten = await this.#writing;
    this.#writing = undefined;
    // A full turn leaves more: the next one follows when others have had theirs.
    if (isWritten && this.#waiting.length >= MAX_EVENTS_A_TURN) setImmediate(() => void this.#turn());
  }

  /** @returns whether Redis has them */
  async #write(): Promise<boolean> {
    const batch = this.#waiting.splice(0, MAX_EVENTS_A_TURN);
    const gap = this.#gap;
    this.#gap = undefined;
    try {
      await this.#options.connection.pipeline((pipeline) => {
        if (gap !== undefined) pipeline.xadd(...this.#command(gap.toSeq, this.#gapNote(gap)));
        for (const { seq, fields } of batch) pipeline.xadd(...this.#command(seq, fields()));
      });
      return true;
    } catch {
      // They wait on; the breaker counts it and the connection logs it.
      this.#waiting = [...batch, ...this.#waiting];
      if (gap !== undefined) this.#gap = joined(gap, this.#gap ?? gap);
      this.#keepBound();
      return false;
    }
  }

  #gapNote({ count, fromSeq, toSeq }: Gap): Fields {
    return { type: 'gap', dropped: count, fromSeq, toSeq, knownAtMs: this.#options.clock.nowMs() };
  }

  #command(seq: number, fields: Fields): [key: string, ...args: (string | number)[]] {
    const { key, executor } = this.#options;
    const flat = Object.entries({ seq, executor, ...fields }).flat();
    return [key, 'MAXLEN', '~', STREAM_LENGTH, '*', ...flat];
  }
}

function joined(earlier: Gap | undefined, later: Gap): Gap {
  if (earlier === undefined || earlier === later) return later;
  return { count: earlier.count + later.count, fromSeq: earlier.fromSeq, toSeq: later.toSeq };
}
