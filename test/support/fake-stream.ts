/** A Yellowstone server in a few lines of script: encodes with the package's codecs, on a transport without a network. */
import { SlotStatus as Status, SubscribeRequest, SubscribeUpdate } from '@triton-one/yellowstone-grpc';
import type { Transport, TransportHandlers } from '../../src/stream/transport.js';
import type { SlotStatus, StreamGap, StreamSink, StreamStatus } from '../../src/stream/types.js';

const STATUS: { readonly [Name in SlotStatus]: Status } = {
  processed: Status.SLOT_PROCESSED,
  confirmed: Status.SLOT_CONFIRMED,
  finalized: Status.SLOT_FINALIZED,
  firstShred: Status.SLOT_FIRST_SHRED_RECEIVED,
  completed: Status.SLOT_COMPLETED,
  createdBank: Status.SLOT_CREATED_BANK,
  dead: Status.SLOT_DEAD,
};

export function encodeUpdate(fields: Partial<SubscribeUpdate>, atMs = 1_000): Uint8Array {
  return SubscribeUpdate.encode({ filters: ['hotslot'], createdAt: new Date(atMs), ...fields }).finish();
}

export class FakeSession {
  readonly requests: SubscribeRequest[] = [];
  cancelled = false;
  /** Whether pings are answered. */
  ponging = true;
  readonly #handlers: TransportHandlers;

  constructor(handlers: TransportHandlers) {
    this.#handlers = handlers;
  }

  receive(bytes: Uint8Array): void {
    const request = SubscribeRequest.decode(bytes);
    this.requests.push(request);
    if (request.ping !== undefined && this.ponging) this.send({ pong: { id: request.ping.id } });
  }

  get subscriptions(): SubscribeRequest[] {
    return this.requests.filter((request) => request.ping === undefined);
  }

  send(fields: Partial<SubscribeUpdate>, atMs?: number): void {
    this.sendBytes(encodeUpdate(fields, atMs));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.cancelled) this.#handlers.onMessage(bytes);
  }

  ping(atMs: number): void {
    this.send({ ping: {} }, atMs);
  }

  status(slot: number, status: SlotStatus, parent = slot - 1, atMs?: number): void {
    this.send({ slot: { slot: String(slot), parent: String(parent), status: STATUS[status] } }, atMs);
  }

  meta(slot: number, parent = slot - 1, atMs?: number, height = slot): void {
    const blockMeta = {
      slot: String(slot),
      blockhash: `hash-${slot}`,
      rewards: undefined,
      blockTime: { timestamp: '1700000000' },
      blockHeight: { blockHeight: String(height) },
      parentSlot: String(parent),
      parentBlockhash: `hash-${parent}`,
      executedTransactionCount: '0',
      entriesCount: '1',
    };
    this.send({ blockMeta }, atMs);
  }

  /** A slot from its start to PROCESSED. */
  whole(slot: number, parent = slot - 1, atMs?: number): void {
    this.status(slot, 'createdBank', parent, atMs);
    this.meta(slot, parent, atMs);
    this.status(slot, 'processed', parent, atMs);
  }

  end(code: number, detail: string): void {
    if (!this.cancelled) this.#handlers.onEnd({ code, detail });
  }
}

export class FakeServer {
  readonly sessions: FakeSession[] = [];
  /** Whether new sessions answer pings. */
  ponging = true;

  readonly transport: Transport = (handlers) => {
    const session = new FakeSession(handlers);
    session.ponging = this.ponging;
    this.sessions.push(session);
    return {
      send: (request) => session.receive(request),
      cancel: () => {
        session.cancelled = true;
      },
    };
  };

  get last(): FakeSession {
    return this.sessions.at(-1)!;
  }
}

/** Remembers what it was told, in order, in a few words. */
export class WordSink implements StreamSink {
  readonly words: string[] = [];
  readonly gaps: StreamGap[] = [];
  readonly statuses: [StreamStatus, string][] = [];
  readonly activitiesUs: number[] = [];
  get activities(): number {
    return this.activitiesUs.length;
  }
  onSlot({ slot, status }: { slot: number; status: string }): void {
    this.words.push(`${status} ${slot}`);
  }
  onBlockMeta({ slot }: { slot: number }): void {
    this.words.push(`meta ${slot}`);
  }
  onAccount({ address, slot, writeVersion }: { address: string; slot: number; writeVersion: bigint }): void {
    this.words.push(`account ${address} ${slot} ${writeVersion}`);
  }
  onTransaction({ signature, slot }: { signature: string; slot: number }): void {
    this.words.push(`transaction ${signature} ${slot}`);
  }
  onGap(gap: StreamGap): void {
    this.gaps.push(gap);
    this.words.push(`gap ${gap.reason} ${gap.open ? 'open' : `repair ${gap.repairFrom}`}`);
  }
  onStatus(status: StreamStatus, detail: string): void {
    this.statuses.push([status, detail]);
  }
  onActivity(receivedUs: number): void {
    this.activitiesUs.push(receivedUs);
  }
  /** What was told since the last call. */
  take(): string[] {
    return this.words.splice(0);
  }
}
