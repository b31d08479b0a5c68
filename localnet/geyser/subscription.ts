import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { AccountUpdate } from './account-update.js';
import { type BlockContent, encodeBlock, encodeBlockMeta } from './block-update.js';
import { type CompiledFilter, compileFilter, EMPTY_FILTER } from './compiled-filter.js';
import { encodePing, encodePong } from './control-update.js';
import { FilterError } from './filter-error.js';
import type { FilterLimits } from './filter-limits.js';
import { type NameSet, NO_NAMES } from './filter-names.js';
import type { Frame } from './message-batch.js';
import { Outbox, type OutboxCall, type OutboxOptions, type StreamEnd } from './outbox.js';
import type { SubscribeRequestMessage } from './request-types.js';
import type { SlotUpdate } from './slot-update.js';
import type { TransactionUpdate } from './transaction-update.js';

/** What a subscription asks of the hub that feeds it. */
export interface SubscriptionHost {
  /** The subscription's filter is another now; it may want another commitment. */
  readonly onFilter: (subscription: Subscription) => void;
  /** Replays to it from a slot on. Resolves when it is back on the live feed. */
  readonly onReplay: (subscription: Subscription, fromSlot: bigint) => Promise<void>;
  readonly onClose: (subscription: Subscription) => void;
}

export interface SubscriptionOptions extends Omit<OutboxOptions, 'onEnd'> {
  readonly limits: FilterLimits;
  readonly pingIntervalMs: number;
}

export type SubscribeCall = ServerDuplexStream<SubscribeRequestMessage, readonly Frame[]>;

/** One `Subscribe` stream: its filter, and what it sends of the updates it is offered. */
export class Subscription {
  readonly #call: SubscribeCall;
  readonly #options: SubscriptionOptions;
  readonly #host: SubscriptionHost;
  readonly #outbox: Outbox;
  readonly #pingTimer: NodeJS.Timeout;
  #filter: CompiledFilter = EMPTY_FILTER;
  /** While a replay runs: live updates that come after it. */
  #held: Frame[] | undefined;
  /** While a replay runs: the newest request, which will replace the filter. */
  #waiting: SubscribeRequestMessage | undefined;
  #closed = false;

  constructor(call: SubscribeCall, options: SubscriptionOptions, host: SubscriptionHost) {
    this.#call = call;
    this.#options = options;
    this.#host = host;
    this.#outbox = new Outbox(call as OutboxCall, {
      ...options,
      onEnd: () => this.#close(),
    });
    // Clients wait for the metadata before they hand out the stream.
    call.sendMetadata(new Metadata());
    call.on('data', (request: SubscribeRequestMessage) => this.#receive(request));
    call.on('cancelled', () => this.#close());
    this.#pingTimer = setInterval(() => this.#ping(), options.pingIntervalMs);
    this.#ping();
    this.chaosChanged();
  }

  get filter(): CompiledFilter {
    return this.#filter;
  }

  /** Updates that wait for the client. */
  get backlog(): number {
    return this.#outbox.backlog;
  }

  get closed(): boolean {
    return this.#closed;
  }

  end(reason: StreamEnd): void {
    this.#outbox.end(reason);
  }

  /** Chaos was set or lifted. */
  chaosChanged(): void {
    if (this.#closed) return;
    if (this.#options.chaos?.frozen === true) this.#call.pause();
    else this.#call.resume();
    this.#outbox.release();
  }

  account(update: AccountUpdate): void {
    const names = this.#filter.accounts?.match(update);
    if (names !== undefined) this.#send(names, update.body(this.#filter.slices));
  }

  transaction(update: TransactionUpdate): void {
    const names = this.#filter.transactions?.match(update);
    if (names !== undefined) this.#send(names, update.body());
    const statusNames = this.#filter.transactionsStatus?.match(update);
    if (statusNames !== undefined) this.#send(statusNames, update.statusBody());
  }

  /** @param encode makes the update's body, when it is wanted. */
  entry(encode: () => Buffer): void {
    if (this.#filter.entries !== undefined) this.#send(this.#filter.entries, encode());
  }

  block(content: BlockContent): void {
    for (const filter of this.#filter.blocks) {
      this.#send(filter.names, encodeBlock(content, filter, this.#filter.slices));
    }
    if (this.#filter.blocksMeta === undefined) return;
    this.#send(this.#filter.blocksMeta, encodeBlockMeta(content.info, content.createdAtMs));
  }

  slot(update: SlotUpdate): void {
    const names = this.#filter.slots?.match(update.event.status);
    if (names !== undefined) this.#send(names, update.body());
  }

  /** Live updates are held back from now on, so that replayed ones come first. */
  beginReplay(): void {
    this.#held = [];
  }

  /** A replayed update goes round the queue of live ones. @param offer offers updates to this subscription. */
  replay(offer: () => void): void {
    const held = this.#held;
    this.#held = undefined;
    offer();
    this.#held = held;
  }

  endReplay(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const frame of held) this.#outbox.update(frame);
  }

  #send(names: NameSet, body: Buffer): void {
    const frame = { prefix: names.prefix, body };
    if (this.#held === undefined) this.#outbox.update(frame);
    else if (this.#held.length < this.#options.queueLimit) this.#held.push(frame);
    else this.end({ code: status.INTERNAL, details: 'lagged to receive geyser messages' });
  }

  #control(body: Buffer): void {
    this.#outbox.control({ prefix: NO_NAMES.prefix, body });
  }

  #ping(): void {
    this.#control(encodePing(this.#options.nowMs()));
  }

  #receive(request: SubscribeRequestMessage): void {
    if (this.#closed) return;
    let filter: CompiledFilter;
    try {
      filter = compileFilter(request, this.#options.limits);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      this.end({
        code: status.INVALID_ARGUMENT,
        details: `failed to create filter: ${error.message}`,
      });
      return;
    }
    if (request.pingId !== undefined) {
      this.#control(encodePong(request.pingId, this.#options.nowMs()));
    } else if (this.#held !== undefined) {
      this.#waiting = request;
    } else {
      this.#apply(filter, request.fromSlot);
    }
  }

  #apply(filter: CompiledFilter, fromSlot: bigint | undefined): void {
    this.#filter = filter;
    this.#host.onFilter(this);
    if (fromSlot === undefined) return;
    void this.#host.onReplay(this, fromSlot).then(() => {
      const next = this.#waiting;
      this.#waiting = undefined;
      if (next !== undefined) this.#receive(next);
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#pingTimer);
    this.#outbox.dispose();
    this.#held = undefined;
    this.#host.onClose(this);
  }
}
