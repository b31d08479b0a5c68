/** A member of a stream set whose every word a test says. */
import { type Address, asSlot, type Signature, type Slot } from '../../src/model/brands.js';
import type { MemberStream } from '../../src/stream/stream-set.js';
import type { SlotStatus, StreamGap, StreamSink, StreamSubscription } from '../../src/stream/types.js';
import { blockMeta, gap, slotUpdate, write } from './stream-updates.js';

export class ScriptedStream implements MemberStream {
  readonly name: string;
  readonly subscriptions: StreamSubscription[] = [];
  readonly cuts: string[] = [];
  startedFrom: Slot | undefined;
  closed = false;
  #sink: StreamSink | undefined;
  #writes: number;

  /** @param firstWriteVersion where this node's count stands */
  constructor(name: string, firstWriteVersion = 0) {
    this.name = name;
    this.#writes = firstWriteVersion;
  }

  start(sink: StreamSink, subscription: StreamSubscription, fromSlot?: Slot): void {
    this.startedFrom = fromSlot;
    this.#sink = sink;
    this.subscriptions.push(subscription);
  }

  resubscribe(subscription: StreamSubscription): void {
    this.subscriptions.push(subscription);
  }

  cut(detail: string): void {
    this.cuts.push(detail);
    this.down(detail);
  }

  close(): void {
    this.closed = true;
  }

  /** Connects; everything from `wholeFrom` on will be whole. Undefined leaves its gap open. */
  live(wholeFrom: number | undefined, reason: StreamGap['reason'] = 'start'): void {
    this.#sink!.onStatus('connecting', this.name);
    this.#sink!.onGap(gap(0, { open: true, reason }));
    this.#sink!.onStatus('live', this.name);
    if (wholeFrom !== undefined) this.gap(wholeFrom - 1, { reason });
  }

  down(detail = 'gone'): void {
    this.#sink!.onStatus('down', `${this.name}: ${detail}`);
  }

  gap(repairFrom: number, fields: Partial<StreamGap> = {}): void {
    this.#sink!.onGap(gap(repairFrom, fields));
  }

  activity(receivedUs: number): void {
    this.#sink!.onActivity(receivedUs);
  }

  status(slot: number, status: SlotStatus, parent = slot - 1, receivedUs = 0): void {
    this.#sink!.onSlot({ ...slotUpdate(slot, status, parent), receivedUs });
  }

  meta(slot: number, parent = slot - 1, version = ''): void {
    const update = blockMeta(slot, parent);
    this.#sink!.onBlockMeta({ ...update, blockhash: `${update.blockhash}${version}` as never });
  }

  write(address: string, slot: number, value: number): void {
    this.#writes++;
    this.#sink!.onAccount(write(address, slot, this.#writes, value));
  }

  transaction(signature: string, slot: number): void {
    this.#sink!.onTransaction({
      signature: signature as Signature,
      slot: asSlot(slot),
      index: 0,
      error: undefined,
      feeLamports: 5_000n,
      computeUnitsConsumed: undefined,
      accountKeys: ['wallet' as Address],
      preBalances: [],
      postBalances: [],
      preTokenBalances: [],
      postTokenBalances: [],
      logMessages: [],
      receivedUs: 0,
    });
  }

  begin(slot: number, parent = slot - 1): void {
    this.status(slot, 'createdBank', parent);
  }

  freeze(slot: number, parent = slot - 1, receivedUs = 0): void {
    this.meta(slot, parent);
    this.status(slot, 'processed', parent, receivedUs);
  }

  /** A slot from its start to PROCESSED; `writes` name an address and a value. */
  whole(
    slot: number,
    parent = slot - 1,
    writes: readonly (readonly [string, number])[] = [],
    receivedUs = 0,
  ): void {
    this.begin(slot, parent);
    for (const [address, value] of writes) this.write(address, slot, value);
    this.freeze(slot, parent, receivedUs);
  }
}
