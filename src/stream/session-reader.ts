/** Raw messages in, sink calls out: what a live stream and a replayed recording have in common. */
import type { Address, Slot } from '../model/brands.js';
import { ContinuityTracker } from './continuity.js';
import { UpdateDecoder, type UpdateHandler, type UpdateKind } from './decoder.js';
import type {
  AccountUpdate,
  BlockMetaUpdate,
  SlotUpdate,
  StreamGap,
  StreamSink,
  TransactionUpdate,
} from './types.js';

export class SessionReader implements UpdateHandler {
  readonly #sink: StreamSink;
  readonly #decoder = new UpdateDecoder();
  readonly #continuity: ContinuityTracker;
  /** Id of the last pong. */
  lastPongId = 0;

  /** @param onPartial a slot is frozen of which not everything came; a replay from it on would bring it */
  constructor(sink: StreamSink, onPartial: (slot: Slot) => void = () => undefined) {
    this.#sink = sink;
    this.#continuity = new ContinuityTracker((gap) => sink.onGap(gap), onPartial);
  }

  /** Where a new session should resume; undefined to start fresh. */
  get resumeFrom(): Slot | undefined {
    return this.#continuity.resumeFrom;
  }

  /** Call before the first message of each session: it reports the gap. */
  beginSession(reason: StreamGap['reason'], fromSlot: Slot | undefined): void {
    this.lastPongId = 0;
    this.#continuity.beginSession(reason, fromSlot);
  }

  /** Accounts joined the subscription: nothing is known of them until `accountsCovered` and a fetch. */
  accountsAdded(accounts: readonly Address[]): void {
    this.#tellAdded(accounts, true);
  }

  /** The new subscription is known to be in force: only the slots seen so far may have been missed. */
  accountsCovered(accounts: readonly Address[]): void {
    this.#tellAdded(accounts, false);
  }

  /**
   * Handles one message.
   * @param isFresh false for one that may have lain in a buffer of ours: it is read, and says nothing of the
   *   stream's age
   * @throws HotslotError STREAM_FAILED where it is malformed
   */
  read(bytes: Uint8Array, receivedUs: number, isFresh = true): UpdateKind {
    if (isFresh) this.#sink.onActivity(receivedUs);
    return this.#decoder.decode(bytes, receivedUs, this);
  }

  onAccount(update: AccountUpdate): void {
    this.#sink.onAccount(update);
  }

  onTransaction(update: TransactionUpdate): void {
    this.#sink.onTransaction(update);
  }

  onSlot(update: SlotUpdate, createdAtMs: number | undefined): void {
    this.#continuity.onSlot(update, createdAtMs);
    this.#sink.onSlot(update);
  }

  onBlockMeta(update: BlockMetaUpdate, createdAtMs: number | undefined): void {
    this.#continuity.onBlockMeta(update, createdAtMs);
    this.#sink.onBlockMeta(update);
  }

  onPing(createdAtMs: number | undefined): void {
    this.#continuity.onPing(createdAtMs);
  }

  onPong(id: number): void {
    this.lastPongId = id;
    this.#continuity.onPong();
  }

  #tellAdded(accounts: readonly Address[], open: boolean): void {
    const seen = this.#continuity.highestSeen;
    this.#sink.onGap({
      completeThrough: 0 as Slot,
      resumedAt: (seen + 1) as Slot,
      reason: 'resubscribe',
      repairFrom: seen,
      open,
      accounts,
    });
  }
}
