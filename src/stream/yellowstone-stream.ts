/** One Yellowstone endpoint, followed for good: connects, watches, cuts what is stale, and connects again. */
import type { Address, Slot } from '../model/brands.js';
import type { Clock, TimerHandle } from '../time/clock.js';
import type { Random } from '../time/random.js';
import { GRPC_STATUS, type GrpcEnd } from './grpc-status.js';
import { pingRequest, subscribeRequest } from './request.js';
import { SessionReader } from './session-reader.js';
import { createTransport, type Transport, type TransportSession } from './transport.js';
import type { StreamGap, StreamSink, StreamStatus, StreamSubscription } from './types.js';

/** Times in milliseconds. */
export interface StreamLimits {
  /** A stream that has brought nothing this long after it was opened counts as unreachable. */
  readonly connectTimeoutMs: number;
  readonly pingPeriodMs: number;
  /** Without a pong for longer it is cut where nothing else comes either. */
  readonly pongStaleMs: number;
  /** Without a pong for longer it is cut, whatever else comes. */
  readonly pongLostMs: number;
  /** Without any slot's news for longer it is stale. */
  readonly slotStaleMs: number;
  /** How often the three above are looked at. */
  readonly watchPeriodMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMostMs: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connectTimeoutMs: 1_500,
  pingPeriodMs: 500,
  pongStaleMs: 1_200,
  pongLostMs: 5_000,
  slotStaleMs: 1_800,
  watchPeriodMs: 100,
  backoffFirstMs: 100,
  backoffMostMs: 2_000,
};

/** Pongs after which a replaced subscription is taken to be in force: a server may apply it behind the first. */
const PONGS_TO_COVER = 2;
/** With these a server says no to `from_slot`: too old, or not kept at all. */
const REPLAY_REFUSALS: ReadonlySet<number> = new Set([
  GRPC_STATUS.outOfRange,
  GRPC_STATUS.invalidArgument,
  GRPC_STATUS.internal,
  GRPC_STATUS.unimplemented,
]);
/** A look that is late by more of its periods means that this process slept, a pong that much that it is behind. */
const SLEPT_PERIODS = 2;
/** Pings whose time is remembered until their pong; one without an answer for so long has long been cut. */
const MAX_PINGS_OUT = 64;
/** Replays asked for within a session, for slots of which not everything came. */
const MAX_REPLAYS_A_SESSION = 8;
/** Ping ids are int32 on the wire. */
const MAX_PING_ID = 2 ** 31 - 1;

/** Hears of raw messages before they are decoded; see recorder.ts. */
export interface RawListener {
  onSession(reason: StreamGap['reason'], fromSlot: Slot | undefined, receivedUs: number): void;
  onMessage(bytes: Uint8Array, receivedUs: number): void;
}

export interface YellowstoneStreamOptions {
  readonly endpoint: string;
  readonly xToken?: string;
  /** Names the endpoint in evidence (`stream:<name>`) and status details. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<StreamLimits>;
  /** Asked before each connection; false (an open circuit breaker) waits and asks again. Default: always. */
  readonly mayConnect?: () => boolean;
  readonly recorder?: RawListener;
  /** Instead of gRPC to `endpoint`; for tests and the simulation. */
  readonly transport?: Transport;
}

interface Session {
  readonly number: number;
  readonly fromSlot: Slot | undefined;
  transport: TransportSession | undefined;
  live: boolean;
  slotSeen: boolean;
  lastPongUs: number;
  lastMessageUs: number;
  lastSlotUs: number;
  lastWatchUs: number;
  /** When this process was last seen awake: at a look, or at the message that found that it had slept. */
  lastAwakeUs: number;
  /** While what is read may have lain in buffers: the first ping whose pong can show that it no longer does. */
  freshFromPingId: number | undefined;
  nextPingId: number;
  /** When each ping was sent that has no pong yet, the oldest first. */
  readonly pingsOut: Map<number, number>;
  replaysAsked: number;
  readonly timers: TimerHandle[];
}

/** Accounts of a replaced subscription that wait for proof that it is in force. */
interface Covering {
  readonly accounts: Address[];
  readonly afterPingId: number;
}

export class YellowstoneStream {
  readonly name: string;
  readonly #options: YellowstoneStreamOptions;
  readonly #limits: StreamLimits;
  readonly #transport: Transport;
  /** Of two looks that lie further apart we slept in between; what took longer from the server lay in buffers. */
  readonly #lateUs: number;
  #sink: StreamSink | undefined;
  #reader: SessionReader | undefined;
  #subscription: StreamSubscription = { accounts: [], wallets: [] };
  #session: Session | undefined;
  #sessions = 0;
  #retry: TimerHandle | undefined;
  #failures = 0;
  #replayRefused = false;
  #startFrom: Slot | undefined;
  #gapReason: StreamGap['reason'] = 'start';
  #covering: Covering | undefined;
  #status: StreamStatus = 'down';
  #closed = false;

  /** @throws HotslotError CONFIG_INVALID for an endpoint of an unknown form */
  constructor(options: YellowstoneStreamOptions) {
    this.name = options.name;
    this.#options = options;
    this.#limits = { ...DEFAULT_STREAM_LIMITS, ...options.limits };
    this.#lateUs = this.#limits.watchPeriodMs * (1 + SLEPT_PERIODS) * 1_000;
    this.#transport = options.transport ?? createTransport(options);
  }

  get status(): StreamStatus {
    return this.#status;
  }

  /**
   * Connects, and keeps connected until `close`. Call once.
   * @param fromSlot the first session asks for a replay from there on; a server that has none is asked without
   */
  start(sink: StreamSink, subscription: StreamSubscription, fromSlot?: Slot): void {
    if (this.#sink !== undefined) throw new Error(`stream ${this.name} was started twice`);
    this.#sink = sink;
    this.#startFrom = fromSlot;
    this.#reader = new SessionReader(sink, (slot) => this.#askReplay(slot));
    this.#subscription = subscription;
    this.#connect();
  }

  /** Replaces what is subscribed to. Accounts that are new are reported as a gap of their own. */
  resubscribe(subscription: StreamSubscription): void {
    const before = new Set(this.#subscription.accounts);
    const added = subscription.accounts.filter((address) => !before.has(address));
    this.#subscription = subscription;
    const session = this.#session;
    // A session that has not begun reports a gap for all accounts when it does.
    if (session?.transport === undefined) return;
    session.transport.send(subscribeRequest(subscription));
    if (!session.live || added.length === 0) return;
    this.#covering = {
      accounts: [...(this.#covering?.accounts ?? []), ...added],
      afterPingId: session.nextPingId + PONGS_TO_COVER - 1,
    };
    this.#reader!.accountsAdded(added);
    this.#ping(session);
  }

  /** Ends the session that there is, if any; the stream connects again after its usual pause. */
  cut(detail: string): void {
    if (this.#session !== undefined) this.#down(detail);
  }

  /** Ends the stream for good; the sink hears nothing more. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#endSession();
    this.#status = 'down';
  }

  #connect(): void {
    if (this.#closed) return;
    if (this.#options.mayConnect?.() === false) {
      this.#retry = this.#options.clock.after(this.#limits.backoffMostMs, () => this.#connect());
      return;
    }
    const fromSlot = this.#replayRefused ? undefined : (this.#reader!.resumeFrom ?? this.#startFrom);
    const { clock } = this.#options;
    const nowUs = clock.monotonicUs();
    const session: Session = {
      number: ++this.#sessions,
      fromSlot,
      transport: undefined,
      live: false,
      slotSeen: false,
      lastPongUs: nowUs,
      lastMessageUs: nowUs,
      lastSlotUs: nowUs,
      lastWatchUs: nowUs,
      lastAwakeUs: nowUs,
      freshFromPingId: undefined,
      nextPingId: 1,
      pingsOut: new Map(),
      replaysAsked: 0,
      timers: [],
    };
    this.#session = session;
    this.#setStatus('connecting', fromSlot === undefined ? 'fresh' : `from slot ${fromSlot}`);
    session.timers.push(
      clock.after(this.#limits.connectTimeoutMs, () => {
        if (!session.live) this.#cut(session, `nothing came within ${this.#limits.connectTimeoutMs} ms`);
      }),
    );
    const transport = this.#transport({
      onMessage: (bytes) => this.#onMessage(session, bytes),
      onBehind: (isBehind) => this.#sink!.onBehind?.(isBehind),
      onEnd: (end) => this.#onEnd(session, end),
    });
    if (session !== this.#session) return;
    session.transport = transport;
    transport.send(subscribeRequest(this.#subscription, fromSlot));
    this.#ping(session);
  }

  #onMessage(session: Session, bytes: Uint8Array): void {
    if (session !== this.#session) return;
    const receivedUs = this.#options.clock.monotonicUs();
    if (!session.live) this.#goLive(session, receivedUs);
    this.#noteSleep(session, receivedUs);
    session.lastMessageUs = receivedUs;
    this.#options.recorder?.onMessage(bytes, receivedUs);
    try {
      const kind = this.#reader!.read(bytes, receivedUs, session.freshFromPingId === undefined);
      if (kind === 'pong') this.#onPong(session, receivedUs);
      else if (kind === 'slot' || kind === 'blockMeta') {
        session.lastSlotUs = receivedUs;
        session.slotSeen = true;
        // It was for the first session: by the next one that slot may be long gone.
        this.#startFrom = undefined;
        // Slots flow: the endpoint is well, and the next failure starts from the shortest pause.
        this.#failures = 0;
        this.#replayRefused = false;
      }
    } catch (error) {
      if (!isMalformed(error)) throw error;
      this.#cut(session, error.message);
    }
  }

  #goLive(session: Session, receivedUs: number): void {
    session.live = true;
    session.lastPongUs = receivedUs;
    session.lastSlotUs = receivedUs;
    session.lastWatchUs = receivedUs;
    session.lastAwakeUs = receivedUs;
    this.#options.recorder?.onSession(this.#gapReason, session.fromSlot, receivedUs);
    this.#reader!.beginSession(this.#gapReason, session.fromSlot);
    this.#gapReason = 'reconnect';
    const { clock } = this.#options;
    session.timers.push(
      clock.every(this.#limits.pingPeriodMs, () => this.#ping(session)),
      clock.every(this.#limits.watchPeriodMs, () => this.#watch(session)),
    );
    this.#setStatus('live', session.fromSlot === undefined ? 'fresh' : `from slot ${session.fromSlot}`);
  }

  #onPong(session: Session, receivedUs: number): void {
    session.lastPongUs = receivedUs;
    this.#noteBacklog(session, receivedUs);
    const covering = this.#covering;
    if (covering === undefined || this.#reader!.lastPongId < covering.afterPingId) return;
    this.#covering = undefined;
    this.#reader!.accountsCovered(covering.accounts);
  }

  /**
   * A pong comes behind everything that the server had sent when the ping came: what is read from now on is younger than
   * the ping. Where it took long, the messages before it lay in buffers, because we read more slowly than they come, and
   * the next ones do too: the stream is only as fresh as the pings that are answered then, whatever comes in between (L5).
   */
  #noteBacklog(session: Session, receivedUs: number): void {
    const id = this.#reader!.lastPongId;
    const sentUs = session.pingsOut.get(id);
    for (const out of session.pingsOut.keys()) if (out <= id) session.pingsOut.delete(out);
    if (sentUs === undefined) return;
    const isBehind = receivedUs - sentUs > this.#lateUs;
    if (session.freshFromPingId === undefined) {
      if (isBehind) this.#distrust(session);
    } else if (id >= session.freshFromPingId) {
      if (!isBehind) session.freshFromPingId = undefined;
      this.#sink!.onActivity(isBehind ? sentUs : receivedUs);
    }
  }

  /** What is read says nothing of the stream's age, until the pong of a ping that is sent now. */
  #distrust(session: Session): void {
    session.freshFromPingId = session.nextPingId;
    this.#ping(session);
  }

  /** The subscription anew, as it is, with a replay: what comes live meanwhile waits behind it at the server. */
  #askReplay(fromSlot: Slot): void {
    const session = this.#session;
    if (session?.transport === undefined || session.replaysAsked >= MAX_REPLAYS_A_SESSION) return;
    session.replaysAsked++;
    session.transport.send(subscribeRequest(this.#subscription, fromSlot));
  }

  #ping(session: Session): void {
    if (session !== this.#session) return;
    const id = session.nextPingId;
    session.pingsOut.set(id, this.#options.clock.monotonicUs());
    if (session.pingsOut.size > MAX_PINGS_OUT) session.pingsOut.delete(session.pingsOut.keys().next().value!);
    session.transport?.send(pingRequest(id));
    if (id < MAX_PING_ID) session.nextPingId = id + 1;
  }

  /**
   * A stopped process or a long turn of the event loop: what came meanwhile lies in buffers, and reading it does not
   * make it new. Only the answer to a ping that is sent now comes after everything that is old (L5).
   */
  #noteSleep(session: Session, nowUs: number): void {
    if (nowUs - session.lastAwakeUs <= this.#lateUs) return;
    session.lastAwakeUs = nowUs;
    this.#distrust(session);
  }

  #watch(session: Session): void {
    if (session !== this.#session) return;
    const { slotStaleMs } = this.#limits;
    const nowUs = this.#options.clock.monotonicUs();
    this.#noteSleep(session, nowUs);
    session.lastAwakeUs = nowUs;
    const isLate = nowUs - session.lastWatchUs > this.#lateUs;
    session.lastWatchUs = nowUs;
    // We slept ourselves: what came meanwhile has not been read yet. The next look decides.
    if (isLate) return;
    const slotAgeMs = (nowUs - session.lastSlotUs) / 1_000;
    if (slotAgeMs > slotStaleMs) this.#cut(session, `no slot for ${Math.round(slotAgeMs)} ms`);
    else this.#watchPongs(session, nowUs);
  }

  /**
   * Where other messages come, a pong that is missing lies behind them, because we read more slowly than they come: what
   * is read is taken for old then. A new session would bring it all once more, and be further behind.
   */
  #watchPongs(session: Session, nowUs: number): void {
    const { pongStaleMs, pongLostMs } = this.#limits;
    const [oldestPingUs] = session.pingsOut.values();
    const isOverdue = oldestPingUs !== undefined && nowUs - oldestPingUs > this.#lateUs;
    if (isOverdue && session.freshFromPingId === undefined) this.#distrust(session);
    const pongAgeMs = (nowUs - session.lastPongUs) / 1_000;
    const isSilent = nowUs - session.lastMessageUs > this.#lateUs;
    if (pongAgeMs > (isSilent ? pongStaleMs : pongLostMs))
      this.#cut(session, `no pong for ${Math.round(pongAgeMs)} ms`);
  }

  #onEnd(session: Session, end: GrpcEnd): void {
    if (session !== this.#session) return;
    if (session.fromSlot !== undefined && !session.slotSeen && REPLAY_REFUSALS.has(end.code)) {
      this.#replayRefused = true;
    }
    if (end.code === GRPC_STATUS.internal && /lagged/.test(end.detail)) this.#gapReason = 'lagged';
    this.#down(
      end.code === GRPC_STATUS.ok ? 'the server ended the stream' : `gRPC status ${end.code}: ${end.detail}`,
    );
  }

  #cut(session: Session, detail: string): void {
    if (session !== this.#session) return;
    this.#down(detail);
  }

  #down(detail: string): void {
    this.#endSession();
    this.#setStatus('down', detail);
    if (this.#closed) return;
    const { backoffFirstMs, backoffMostMs } = this.#limits;
    const ceilingMs = Math.min(backoffMostMs, backoffFirstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    // Half of it is random, so that many executors do not come back at one moment.
    const delayMs = ceilingMs * (0.5 + this.#options.random.next() / 2);
    this.#retry = this.#options.clock.after(delayMs, () => this.#connect());
  }

  #endSession(): void {
    const session = this.#session;
    this.#session = undefined;
    this.#covering = undefined;
    if (session === undefined) return;
    for (const timer of session.timers) timer.cancel();
    session.transport?.cancel();
  }

  #setStatus(next: StreamStatus, detail: string): void {
    this.#status = next;
    this.#sink?.onStatus(next, `${this.name}: ${detail}`);
  }
}

function isMalformed(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'STREAM_FAILED';
}
